// SPDX-License-Identifier: MIT
// Finds the end of a line that may come in slices. Only a line cut by the end of a slice is copied,
// and no byte is searched twice, so that slices of one byte cost no more than linear work.
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
    std::string_view line;  ///< with its '\n'; valid until the next `take` or until the input goes
  };

  /// The longest line it can be asked to allow.
  static constexpr std::size_t line_max_max = std::string_view::npos - 2;

  /// Takes input up to and including the next '\n'. `line_max` counts neither that nor a '\r'
  /// before it. `too_long` depends on the bytes only, never on how they were sliced.
  [[nodiscard]] piece take(std::string_view input, std::size_t line_max) {
    if (given_) {
      buffer_.clear();
      given_ = false;
    }
    const std::string_view window = input.substr(0, line_max + 2 - buffer_.size());
    const std::size_t end = window.find('\n');
    if (end == std::string_view::npos) return keep(window, line_max);
    examined_ += end + 1;
    if (buffer_.empty()) return {outcome::complete, end + 1, window.substr(0, end + 1)};
    buffer_.append(window.data(), end + 1);
    given_ = true;
    return {outcome::complete, end + 1, buffer_};
  }

  /// Whether no part of an unfinished line is kept.
  [[nodiscard]] bool is_empty() const noexcept { return given_ || buffer_.empty(); }
  /// Bytes searched so far, for proving that none is searched again.
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
  bool given_ = false;
};

}  // namespace drover::resp
