// SPDX-License-Identifier: MIT
// Runs a part of a test in a child process, so that a hang, an abort or an exit in it fails only
// this test. Start it before the test has threads: the child is a fork of the test, and shares only
// servers, files and a shared_origin with it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "support/sanitized.hpp"

namespace drover::test {

/// Only a hang takes this long.
inline constexpr std::chrono::seconds child_guard{is_sanitized ? 100 : 35};

/// How a child process ended.
struct child_end {
  bool hung = false;  ///< it did not end by itself and was killed
  int status = 0;     ///< its exit status, or 128 plus the signal that ended it

  [[nodiscard]] std::string text() const;
};

/// Runs `body` in a child and waits for its end. The return value of `body` is the exit status of
/// the child. The child is killed after `guard`.
[[nodiscard]] child_end run_in_child(const std::function<int()>& body,
                                     std::chrono::seconds guard = child_guard);

/// Waits for the end of a child that was started otherwise.
[[nodiscard]] child_end wait_for_child(pid_t child, std::chrono::seconds guard = child_guard);

/// Starts the program as a child that is killed when the calling thread ends. It gets only the
/// standard descriptors; with `wire`, that descriptor is its standard input and output. The caller
/// waits for it. Throws std::system_error. May be called while other threads run.
[[nodiscard]] pid_t start_program(const std::string& program,
                                  const std::vector<std::string>& arguments, int wire = -1);

/// Runs the program with the arguments and waits for its end. Its output goes to this test's.
[[nodiscard]] child_end run_program(const std::string& program,
                                    const std::vector<std::string>& arguments,
                                    std::chrono::seconds guard = child_guard);

}  // namespace drover::test
