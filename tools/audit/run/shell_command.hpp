// SPDX-License-Identifier: MIT
// Runs a command of the user in a shell, for a limited time.
#pragma once

#include <chrono>
#include <string>

namespace drover::audit {

struct shell_result {
  bool is_started = false;
  /// It was killed because it did not end in time.
  bool is_late = false;
  /// As of waitpid(2).
  int status = 0;
  /// The first 4 KiB of its standard output.
  std::string printed;

  /// It ended in time with exit code 0.
  [[nodiscard]] bool is_good() const { return is_started && !is_late && status == 0; }
};

/// Runs `/bin/sh -c command` in a process group of its own, without input. Blocks: for
/// `at_most`. Threads: any.
[[nodiscard]] shell_result run_shell(const std::string& command, std::chrono::milliseconds at_most);

}  // namespace drover::audit
