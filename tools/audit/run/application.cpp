// SPDX-License-Identifier: MIT
#include "audit/run/application.hpp"

#include <csignal>
#include <string>
#include <system_error>

#include "text/usage_error.hpp"

namespace drover::audit {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr auto between_ticks = 100ms;
/// What a command gets to end by itself once its time is over.
constexpr auto farewell = 10s;

class time_limit {
 public:
  explicit time_limit(std::optional<std::chrono::milliseconds> at_most) {
    if (at_most) end_ = steady::now() + *at_most;
  }
  [[nodiscard]] bool is_over() const { return end_ && steady::now() >= *end_; }

 private:
  std::optional<steady::time_point> end_;
};

/// Only so that the message can name what was typed.
[[noreturn]] void refuse(const std::string& program, const std::system_error& error) {
  throw text::usage_error{"'" + program + "': " + error.code().message() +
                          "; behind -- stands the command to audit, as a shell would find it"};
}

}  // namespace

std::optional<int> run_to_its_end(const process::foreground_process::plan& command,
                                  const waiting& how) {
  std::optional<process::foreground_process> process;
  try {
    process.emplace(command);
  } catch (const std::system_error& error) {
    refuse(command.command.front(), error);
  }
  const time_limit limit{how.at_most};
  std::optional<steady::time_point> kill_at;
  while (true) {
    if (const auto status = process->status()) {
      if (kill_at) return std::nullopt;
      return process::shell_code(*status);
    }
    if (!kill_at && limit.is_over()) {
      process->send_to_all(SIGTERM);
      kill_at = steady::now() + farewell;
    }
    if (kill_at && steady::now() >= *kill_at) process->send_to_all(SIGKILL);
    try {
      how.signals.pause(between_ticks);
    } catch (const process::interrupted& by) {
      if (!by.is_for_all) process->send(by.signal);
    }
    how.tick();
  }
}

void wait_without_command(const waiting& how) {
  const time_limit limit{how.at_most};
  while (!limit.is_over()) {
    try {
      how.signals.pause(between_ticks);
    } catch (const process::interrupted&) {
      return;
    }
    how.tick();
  }
}

}  // namespace drover::audit
