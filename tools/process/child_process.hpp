// SPDX-License-Identifier: MIT
// A child process. It is killed when this object is destroyed, or when the thread that started it
// ends. It has its own process group, so that Ctrl-C at the terminal reaches only the coordinator.
//
// Threads: one at a time. The creating process must have no other threads.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "process/user.hpp"

namespace drover::process {

class child_process {
 public:
  struct plan {
    /// The path of the program.
    std::string program;
    /// The first argument is the name of the program.
    std::vector<std::string> arguments;
    /// A descriptor that the child gets as `descriptor_inside`. -1: none.
    int passed_descriptor = -1;
    /// The working directory. Empty: that of this process.
    std::string folder = {};
    /// A file to which standard output and standard error are appended.
    std::string output = {};
    /// nullopt: the user of this process.
    std::optional<user> runs_as = {};
    /// The signal that the child gets if this process is killed.
    int signal_of_death = SIGKILL;
  };
  static constexpr int descriptor_inside = 3;

  /// Standard input is /dev/null. Without `output`, standard output is /dev/null, and standard
  /// error is that of this process. Throws std::system_error.
  explicit child_process(const plan& spec);
  /// Kills the child if it still runs, and waits for its end.
  ~child_process();
  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&&) = delete;

  /// The status of waitpid(2); nullopt while the child runs. Does not block.
  [[nodiscard]] std::optional<int> status();
  /// Sends the signal and waits up to `at_most` for the end. Returns whether the child has ended.
  bool stop(int signal, std::chrono::milliseconds at_most);
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  pid_t pid_ = 0;
  std::optional<int> status_;
};

/// "ended by signal 11 (Segmentation fault)", "ended with exit code 1".
[[nodiscard]] std::string ending_in_words(int status);

}  // namespace drover::process
