// SPDX-License-Identifier: MIT
// A program started by this one. It ends with this object; or with the thread that made it, should
// that be killed. It is in a process group of its own, so that Ctrl-C at the terminal reaches the
// coordinator alone.
//
// Threads: one at a time. Made by a process without other threads.
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
    std::string program;                 ///< path
    std::vector<std::string> arguments;  ///< the first is the name it is called by
    int handed_over = -1;                ///< a descriptor that it finds as `descriptor_inside`
    std::string folder = {};             ///< it works in; empty: in ours
    std::string output = {};             ///< a file that all it says is added to
    std::optional<user> runs_as = {};    ///< empty: we
    int signal_of_death = SIGKILL;       ///< what it gets should we be killed
  };
  static constexpr int descriptor_inside = 3;

  /// Standard input is /dev/null; so is standard output, and standard error is ours, unless there
  /// is a file for both. Throws std::system_error.
  explicit child_process(const plan& of);
  /// Kills it if it still runs, and waits until it is gone.
  ~child_process();
  child_process(child_process&& from) noexcept;
  child_process& operator=(child_process&&) = delete;

  /// Answers at once: how it ended, as waitpid(2) says it; nullopt while it runs.
  [[nodiscard]] std::optional<int> status();
  /// Sends the signal and waits for the end, at most so long. Answers whether it has ended.
  bool stop(int signal, std::chrono::milliseconds at_most);
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  pid_t pid_ = 0;
  std::optional<int> status_;
};

/// "ended by signal 11 (Segmentation fault)", "ended with exit code 1".
[[nodiscard]] std::string ending_in_words(int status);

}  // namespace drover::process
