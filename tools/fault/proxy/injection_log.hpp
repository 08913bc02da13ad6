// SPDX-License-Identifier: MIT
// The log of injected faults: one line of JSON for each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "fault/flow/injection.hpp"

namespace drover::faults {

/// One line, with its end. Pure.
[[nodiscard]] std::string log_line(const injection& event);

/// Threads: one at a time.
class injection_log {
 public:
  /// "-" is standard output. An existing file is replaced. Throws text::usage_error.
  explicit injection_log(const std::filesystem::path& to);
  ~injection_log();
  injection_log(const injection_log&) = delete;
  injection_log& operator=(const injection_log&) = delete;

  /// Writes the line at once. It is lost if nobody reads a pipe for a second or the disk is full.
  void write(const injection& event);
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

 private:
  [[nodiscard]] bool can_write();

  int descriptor_ = -1;
  bool is_ours_ = false;
  bool is_stuck_ = false;
  std::uint64_t lost_ = 0;
};

}  // namespace drover::faults
