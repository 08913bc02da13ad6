// SPDX-License-Identifier: MIT
// Reads any bytes as the reply to any request. Each reader must return a value that meets its
// guarantees, or a fault with a printable text.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "lease/commands.hpp"
#include "lease/plain_commands.hpp"
#include "resp/reader.hpp"

namespace {

using namespace drover;
using drover::resp::message;

void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", property);
  std::abort();
}

void check(const fault& why) {
  require(why.text.size() <= 200, "a fault's text is short");
  require(
      std::all_of(why.text.begin(), why.text.end(), [](char c) { return c >= ' ' && c <= '~'; }),
      "a fault's text is printable");
}

/// True when the result has a value to check.
template <class Result>
bool has_value(const Result& read) {
  if (!read) check(read.error());
  return read.has_value();
}

void check_lease(const message& reply) {
  using outcome = lease::lease_outcome;
  const auto read = lease::read_lease(message{reply});
  if (!has_value(read)) return;
  const std::size_t size = read->entry_bytes.size();
  require(read->now.time_since_epoch().count() >= 0, "the server's time is not before 1970");
  require(read->left.count() >= 0, "what is left is not negative");
  require(read->outcome != outcome::wait || size == entry::envelope_size,
          "waiting shows an envelope");
  require((read->outcome != outcome::hit && read->outcome != outcome::failed) ||
              size >= entry::envelope_size,
          "a hit or a failure shows an entry");
  require(read->outcome == outcome::lead || read->attempts == 0,
          "only a leader receives the number of attempts");
}

/// The replies to the commands that replace scripts.
void check_plain(const message& reply, const message& before) {
  std::array<message, 4> replies{before, reply, before, reply};
  for (const std::size_t count : {std::size_t{2}, std::size_t{4}}) {
    const auto granted = lease::read_plain_grant({replies.data(), count});
    if (has_value(granted)) {
      require(granted->stored.has_value() || replies[1].root().is_null(), "a null is a grant");
    }
  }
  const lease::watched_read read = lease::read_watched({replies.data(), 3});
  require(!has_value(read.stored) || read.is_open, "what was read can be decided about");
  replies = {before, reply, before, reply};
  const auto committed = lease::read_committed({replies.data(), 2});
  if (has_value(committed)) {
    require(*committed != reply.root().is_null(), "a null is a transaction that was not executed");
  }
  const auto compared = lease::read_compared(reply);
  if (has_value(compared)) require(*compared != reply.root().is_null(), "a null is no change");
  static_cast<void>(has_value(lease::read_comparison_probe(reply)));
}

void check_all(const message& reply, const message& before) {
  check_plain(reply, before);
  check_lease(reply);
  const auto got = lease::read_get(message{reply});
  if (has_value(got)) {
    require(got->has_value() != reply.root().is_null(), "a null is no value");
    require(!got->has_value() || **got == reply.text, "a value is the reply's text");
  }
  const auto time = lease::read_time(reply);
  if (has_value(time)) require(time->time_since_epoch().count() >= 0, "time is not negative");
  static_cast<void>(has_value(lease::read_fill(reply)));
  static_cast<void>(has_value(lease::read_step(reply)));
  static_cast<void>(has_value(lease::read_acknowledged(reply)));
  const auto mark = lease::read_refresh_mark(message{before}, message{reply});
  if (has_value(mark)) {
    require(mark->head_bytes.size() <= entry::envelope_size, "a head is at most an envelope");
  }
  const auto holders = lease::read_holders(reply);
  if (has_value(holders)) {
    require(std::is_sorted(holders->begin(), holders->end()), "holders are in order");
  }
  const lease::push_notice notice = lease::read_push(reply);
  require(notice.names.empty() || reply.root().kind() == resp::type::push, "only pushes name keys");
  require(!lease::is_noscript(reply) || reply.root().is_error(), "NOSCRIPT is an error");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  check(lease::fault_of(rest));
  static_cast<void>(lease::refuses_scripts(lease::fault_of(rest)));
  resp::reader reader{{.depth_max = 8, .elements_max = 1000, .bulk_max = 4096}};
  message before;
  for (;;) {
    message reply;
    const auto step = reader.read(rest, reply);
    if (step.status != resp::reader::status::complete) return 0;
    rest.remove_prefix(step.consumed);
    check_all(reply, before);
    before = std::move(reply);
  }
}
