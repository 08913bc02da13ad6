// SPDX-License-Identifier: MIT
// A command of the user's, run as a shell would run it: found in $PATH, with our standard input and
// our terminal, in our process group, so that Ctrl-C reaches it without our help.
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
    std::vector<std::string> command;      ///< the program and its arguments; not empty
    std::vector<std::string> environment;  ///< NAME=VALUE
    bool speaks_to_errors = false;         ///< its standard output goes to our standard error
  };

  /// With the signals' usual meanings, whatever is blocked or ignored here. Throws
  /// std::system_error when there is no such program.
  explicit foreground_process(const plan& of);
  /// Kills it and what it has started, if it still runs, and waits until it is gone.
  ~foreground_process();
  foreground_process(const foreground_process&) = delete;
  foreground_process& operator=(const foreground_process&) = delete;

  /// Answers at once: how it ended, as waitpid(2) says it; nullopt while it runs.
  [[nodiscard]] std::optional<int> status();
  void send(int signal);
  /// To what it has started as well: a shell that is ended ends nobody else.
  void send_to_all(int signal);
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  pid_t pid_ = 0;
  std::optional<int> status_;
};

/// What a shell would say: the exit code, or 128 + the signal that ended it.
[[nodiscard]] int shell_code(int status);

}  // namespace drover::process
