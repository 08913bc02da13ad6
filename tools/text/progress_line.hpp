// SPDX-License-Identifier: MIT
// One line that is overwritten while something runs; where lines cannot be overwritten it is
// silent, and only `note` is printed. No escape codes: it writes over itself with blanks.
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
  explicit progress_line(int descriptor) : descriptor_{descriptor}, on_{terminal_of(descriptor)} {}
  ~progress_line() { clear(); }
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;

  /// Replaces the line, clipped to the width.
  void show(std::string_view text);
  /// Takes the line away.
  void clear();
  /// A line that stays, where there is no live one.
  void note(std::string_view text);

  [[nodiscard]] const terminal& shown_on() const noexcept { return on_; }

 private:
  void write(std::string_view bytes) const;

  int descriptor_;
  terminal on_;
  std::size_t shown_ = 0;  // columns in use
  std::string last_;
};

}  // namespace drover::text
