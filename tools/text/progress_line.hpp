// SPDX-License-Identifier: MIT
// A progress line that is overwritten with each update. If the output is not a live terminal, only
// `note` prints. The line is erased with blanks, without escape codes.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "text/terminal.hpp"

namespace drover::text {

class progress_line {
 public:
  explicit progress_line(int descriptor)
      : descriptor_{descriptor}, terminal_{terminal_of(descriptor)} {}
  ~progress_line() { clear(); }
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;

  /// Replaces the line. The text is clipped to the width.
  void show(std::string_view text);
  /// Erases the line.
  void clear();
  /// Prints a line if the output is not a live terminal.
  void note(std::string_view text);

  [[nodiscard]] const terminal& shown_on() const noexcept { return terminal_; }

 private:
  void write(std::string_view bytes) const;

  int descriptor_;
  terminal terminal_;
  std::size_t shown_ = 0;  // columns in use
  std::string last_;
};

}  // namespace drover::text
