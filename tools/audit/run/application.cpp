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

constexpr auto tick_interval = 100ms;
/// The time between SIGTERM and SIGKILL for a command that exceeds its time limit.
constexpr auto grace_after_term = 10s;

class time_limit {
 public:
  explicit time_limit(std::optional<std::chrono::milliseconds> at_most) {
    if (at_most) end_ = steady::now() + *at_most;
  }
  [[nodiscard]] bool is_over() const { return end_ && steady::now() >= *end_; }

 private:
  std::optional<steady::time_point> end_;
};

/// Throws a usage error that names the program as it was typed.
[[noreturn]] void refuse(const std::string& program, const std::system_error& error) {
  throw text::usage_error{"'" + program + "': " + error.code().message() +
                          "; put the command to audit after --"};
}

}  // namespace

std::optional<int> run_until_end(const process::foreground_process::plan& command,
                                 const wait_conditions& conditions) {
  std::optional<process::foreground_process> process;
  try {
    process.emplace(command);
  } catch (const std::system_error& error) {
    refuse(command.command.front(), error);
  }
  const time_limit limit{conditions.at_most};
  std::optional<steady::time_point> kill_at;
  while (true) {
    if (const auto status = process->status()) {
      if (kill_at) return std::nullopt;
      return process::shell_code(*status);
    }
    if (!kill_at && limit.is_over()) {
      process->send_to_all(SIGTERM);
      kill_at = steady::now() + grace_after_term;
    }
    if (kill_at && steady::now() >= *kill_at) process->send_to_all(SIGKILL);
    try {
      conditions.signals.pause(tick_interval);
    } catch (const process::interrupted& interruption) {
      if (!interruption.is_for_all) process->send(interruption.signal);
    }
    conditions.tick();
  }
}

void wait_without_command(const wait_conditions& conditions) {
  const time_limit limit{conditions.at_most};
  while (!limit.is_over()) {
    try {
      conditions.signals.pause(tick_interval);
    } catch (const process::interrupted&) {
      return;
    }
    conditions.tick();
  }
}

}  // namespace drover::audit
