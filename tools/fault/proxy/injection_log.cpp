// SPDX-License-Identifier: MIT
#include "fault/proxy/injection_log.hpp"

#include <poll.h>
#include <unistd.h>

#include <string_view>
#include <utility>

#include "fault/plan/fault_kinds.hpp"
#include "text/json_writer.hpp"
#include "text/private_file.hpp"
#include "text/usage_error.hpp"

namespace drover::faults {
namespace {

constexpr int patience_ms = 1000;

double in_ms(microseconds time) { return static_cast<double>(time.count()) / 1000; }

}  // namespace

std::string log_line(const injection& event) {
  text::json_writer json;
  // A row is written on one line; its brackets are cut off below.
  json.begin_row().begin_object();
  json.field("at_ms", in_ms(event.at));
  json.field("fault", std::uint64_t{event.spec + 1});
  json.field("kind", name_of(event.kind));
  if (event.connection > 0) json.field("connection", event.connection);
  if (event.request > 0) {
    json.field("request", event.request).field("command", event.command);
    if (!event.key.empty()) json.field("key", event.key);
  }
  if (event.delay) json.field("delay_ms", in_ms(*event.delay));
  if (event.bytes) json.field("bytes", *event.bytes);
  if (event.is_executed) json.field("executed", *event.is_executed);
  if (!event.failure.empty()) json.field("not_injected", event.failure);
  json.end_object().end_row();
  const std::string row = std::move(json).text();
  return row.substr(1, row.size() - 3) + '\n';
}

injection_log::injection_log(const std::filesystem::path& to) {
  if (to == "-") {
    descriptor_ = STDOUT_FILENO;
    return;
  }
  text::opened_file opened = text::open_private_file(to);
  if (opened.descriptor < 0) {
    throw text::usage_error{"--log " + to.string() + ": " + opened.problem};
  }
  descriptor_ = opened.descriptor;
  is_ours_ = true;
}

injection_log::~injection_log() {
  if (is_ours_) ::close(descriptor_);
}

// A pipe that can be written to takes a line, which is shorter than PIPE_BUF, without blocking.
bool injection_log::can_write() {
  pollfd output{descriptor_, POLLOUT, 0};
  const bool can =
      ::poll(&output, 1, is_stuck_ ? 0 : patience_ms) == 1 && (output.revents & POLLOUT) != 0;
  is_stuck_ = !can;
  return can;
}

void injection_log::write(const injection& event) {
  const std::string line = log_line(event);
  const bool is_written = can_write() && ::write(descriptor_, line.data(), line.size()) ==
                                             static_cast<ssize_t>(line.size());
  if (!is_written) ++lost_;
}

}  // namespace drover::faults
