// SPDX-License-Identifier: MIT
#include "lease/plain_commands.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/assert.hpp"
#include "resp/writer.hpp"

namespace drover::lease {
namespace {

using resp::begin_command;
using resp::type;
using resp::view;
using resp::write_argument;
using resp::write_command;

/// How long an empty string stays that stands for a missing key.
constexpr std::int64_t removed_ms = 1;

fault misshapen_plain(std::string_view request) {
  return {fault_code::corrupt, "malformed reply to " + std::string{request}};
}

bool is_text(const resp::message& reply, std::string_view text) {
  return !reply.empty() && reply.root().kind() == type::simple_string &&
         reply.root().text() == text;
}

/// Appends how long the key lives. Its ttl begins when the command is executed.
void write_ttl(std::string& out, const key_change& change) {
  if (change.does == key_change::kind::replace) return write_argument(out, "KEEPTTL");
  write_argument(out, "PX");
  write_argument(out, std::int64_t{change.key_ttl.count()});
}

std::optional<fault> fault_in_plain(const resp::message& reply, std::string_view request) {
  if (reply.empty()) return misshapen_plain(request);
  if (reply.root().is_error()) return fault_of(reply.root().text());
  return std::nullopt;
}

/// "OK" and null, as SET answers.
result<bool> read_conditional_set(const resp::message& reply) {
  if (auto why = fault_in_plain(reply, "SET")) return *std::move(why);
  if (is_text(reply, "OK")) return true;
  if (reply.root().is_null()) return false;
  return misshapen_plain("SET");
}

std::string lowered_text(std::string_view text) {
  std::string low{text};
  for (char& c : low) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return low;
}

}  // namespace

void write_plain_grant(std::string& out, std::string_view key, const key_change& stub,
                       bool tracked) {
  write_time(out);
  begin_command(out, 7);
  write_argument(out, "SET");
  write_argument(out, key);
  write_argument(out, stub.bytes);
  write_argument(out, "NX");
  write_argument(out, "GET");
  write_ttl(out, stub);
  if (!tracked) return;
  write_command(out, {"CLIENT", "CACHING", "YES"});
  write_command(out, {"GETRANGE", key, "0", "63"});
}

void write_compared(std::string& out, std::string_view key, std::string_view expected,
                    const key_change& change) {
  const bool removes = change.does == key_change::kind::remove;
  const bool keeps_ttl = change.does == key_change::kind::replace;
  begin_command(out, keeps_ttl ? 6 : 7);
  write_argument(out, "SET");
  write_argument(out, key);
  write_argument(out, removes ? std::string_view{} : std::string_view{change.bytes});
  write_argument(out, "IFEQ");
  write_argument(out, expected);
  if (!removes) return write_ttl(out, change);
  write_argument(out, "PX");
  write_argument(out, removed_ms);
}

void write_comparison_probe(std::string& out, std::string_view key, const entry::token& random) {
  DROVER_ASSERT(!random.is_none());
  write_compared(out, key, random.view(), {.does = key_change::kind::remove});
}

void write_watched_read(std::string& out, std::string_view key) {
  write_command(out, {"WATCH", key});
  write_get(out, key);
  write_command(out, {"MULTI"});
}

void write_commit(std::string& out, std::string_view key, const key_change& change) {
  if (change.does == key_change::kind::remove) {
    write_command(out, {"DEL", key});
  } else {
    begin_command(out, change.does == key_change::kind::replace ? 4 : 5);
    write_argument(out, "SET");
    write_argument(out, key);
    write_argument(out, change.bytes);
    write_ttl(out, change);
  }
  write_command(out, {"EXEC"});
}

void write_discard(std::string& out) { write_command(out, {"DISCARD"}); }

void write_publish(std::string& out, std::string_view wake_channel) {
  write_command(out, {"PUBLISH", wake_channel, "fill"});
}

result<plain_grant> read_plain_grant(std::span<resp::message> replies) {
  DROVER_ASSERT(replies.size() == plain_grant_replies(replies.size() == 4));
  result<server_time> now = read_time(replies[0]);
  if (!now) return now.error();
  plain_grant read{.now = *now};
  if (auto why = fault_in_plain(replies[1], "SET")) return *std::move(why);
  const view set = replies[1].root();
  if (set.is_null()) return read;
  if (set.kind() != type::bulk_string) return misshapen_plain("SET");
  read.stored = std::string{set.text()};
  if (replies.size() < 4) return read;
  // A refused CACHING is noticed by the waker's canary.
  if (auto why = fault_in_plain(replies[3], "GETRANGE")) return *std::move(why);
  const view head = replies[3].root();
  if (head.kind() != type::bulk_string) return misshapen_plain("GETRANGE");
  read.is_watched = head.text() == std::string_view{*read.stored}.substr(0, entry::envelope_size);
  return read;
}

result<bool> read_compared(const resp::message& reply) { return read_conditional_set(reply); }

result<bool> read_comparison_probe(const resp::message& reply) {
  if (reply.empty()) return misshapen_plain("SET");
  if (!reply.root().is_error()) return true;
  const std::string_view text = reply.root().text();
  // A key of another type is compared first, and an unknown option is found before the key.
  if (text.starts_with("WRONGTYPE")) return true;
  if (lowered_text(text).find("syntax") != std::string::npos) return false;
  return fault_of(text);
}

watched_read read_watched(std::span<resp::message> replies) {
  DROVER_ASSERT(replies.size() == 3);
  watched_read read;
  read.is_open = is_text(replies[2], "OK");
  if (auto why = fault_in_plain(replies[0], "WATCH")) {
    read.stored = *std::move(why);
  } else if (auto refused = fault_in_plain(replies[2], "MULTI")) {
    read.stored = *std::move(refused);
  } else if (!is_text(replies[0], "OK") || !read.is_open) {
    read.stored = misshapen_plain("WATCH");
  } else {
    read.stored = read_get(std::move(replies[1]));
  }
  return read;
}

result<bool> read_committed(std::span<const resp::message> replies) {
  DROVER_ASSERT(replies.size() == 2);
  // The error of a command that is not queued says more than EXECABORT.
  if (auto why = fault_in_plain(replies[0], "a queued command")) return *std::move(why);
  if (auto why = fault_in_plain(replies[1], "EXEC")) return *std::move(why);
  if (!is_text(replies[0], "QUEUED")) return misshapen_plain("a queued command");
  const view ran = replies[1].root();
  if (ran.is_null()) return false;
  if (ran.kind() != type::array || ran.size() != 1) return misshapen_plain("EXEC");
  if (ran[0].is_error()) return fault_of(ran[0].text());
  return true;
}

bool refuses_scripts(const fault& why) {
  if (why.code != fault_code::unsupported) return false;
  const std::string low = lowered_text(why.text);
  if (low.find("user_script") != std::string::npos) return false;
  return low.find("evalsha") != std::string::npos || low.find("script|load") != std::string::npos ||
         low.find("'script'") != std::string::npos;
}

}  // namespace drover::lease
