// SPDX-License-Identifier: MIT
// Finds the end of a line that may come in slices. Only a line that crosses the end of a slice is
// copied, and no byte is searched twice, so the work is linear even with slices of one byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace drover::resp {

/// Threads: one at a time.
class line_collector {
 public:
  enum class outcome : std::uint8_t { partial, complete, too_long };
  struct piece {
    outcome status = outcome::partial;
    std::size_t consumed = 0;
    std::string_view line;  ///< with its '\n'; valid until the next `take` and as long as the input
  };

  /// The largest valid `line_max`.
  static constexpr std::size_t line_max_max = std::string_view::npos - 2;

  /// Takes input up to and including the next '\n'. `line_max` counts neither that nor a '\r'
  /// before it. `too_long` depends on the bytes only, not on the slicing.
  [[nodiscard]] piece take(std::string_view input, std::size_t line_max) {
    if (line_was_returned_) {
      buffer_.clear();
      line_was_returned_ = false;
    }
    const std::string_view window = input.substr(0, line_max + 2 - buffer_.size());
    const std::size_t end = window.find('\n');
    if (end == std::string_view::npos) return keep(window, line_max);
    examined_ += end + 1;
    if (buffer_.empty()) return {outcome::complete, end + 1, window.substr(0, end + 1)};
    buffer_.append(window.data(), end + 1);
    line_was_returned_ = true;
    return {outcome::complete, end + 1, buffer_};
  }

  /// True when no part of an unfinished line is kept.
  [[nodiscard]] bool is_empty() const noexcept { return line_was_returned_ || buffer_.empty(); }
  /// The number of bytes searched so far, for tests that no byte is searched twice.
  [[nodiscard]] std::uint64_t examined() const noexcept { return examined_; }

 private:
  piece keep(std::string_view window, std::size_t line_max) {
    examined_ += window.size();
    if (buffer_.size() + window.size() >= line_max + 2) return {outcome::too_long, 0, {}};
    buffer_.append(window);
    return {outcome::partial, window.size(), {}};
  }

  std::string buffer_;
  std::uint64_t examined_ = 0;
  bool line_was_returned_ = false;
};

}  // namespace drover::resp
