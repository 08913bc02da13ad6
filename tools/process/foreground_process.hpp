// SPDX-License-Identifier: MIT
// A command of the user, run as a shell runs it: found in $PATH, with the standard input and the
// terminal of this process, and in the same process group, so that it gets Ctrl-C from the
// terminal.
//
// Threads: one at a time.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace drover::process {

class foreground_process {
 public:
  struct plan {
    /// The program and its arguments. Not empty.
    std::vector<std::string> command;
    /// NAME=VALUE.
    std::vector<std::string> environment;
    /// Whether the standard output of the command goes to the standard error of this process.
    bool speaks_to_errors = false;
  };

  /// No signal is blocked in the child, and SIGPIPE has its default action, even if this process
  /// blocks signals or ignores SIGPIPE.
  /// Throws std::system_error if there is no such program.
  explicit foreground_process(const plan& spec);
  /// Kills the child and its descendants if it still runs, and waits for its end.
  ~foreground_process();
  foreground_process(const foreground_process&) = delete;
  foreground_process& operator=(const foreground_process&) = delete;

  /// The status of waitpid(2); nullopt while the child runs. Does not block.
  [[nodiscard]] std::optional<int> status();
  void send(int signal);
  /// Sends the signal to the child and its descendants, because a shell does not forward it.
  void send_to_all(int signal);
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  pid_t pid_ = 0;
  std::optional<int> status_;
};

/// The exit code as a shell reports it: 128 + the number of the signal if a signal ended the
/// process.
[[nodiscard]] int shell_code(int status);

}  // namespace drover::process
