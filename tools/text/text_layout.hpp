// SPDX-License-Identifier: MIT
// Lays out text in columns. Text is UTF-8, and each character counts as one column: wide and
// combining characters are not supported. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/terminal.hpp"

namespace drover::text {

[[nodiscard]] std::size_t columns_of(std::string_view text);

/// The first `width` columns of `text`.
[[nodiscard]] std::string clipped(std::string_view text, std::size_t width);

/// Breaks the text at blanks into lines of at most `width` columns. All lines but the first are
/// indented. A longer word gets a line of its own.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

enum class align { left, right };

struct cell {
  std::string text;
  style as = style::plain;
};

/// A table whose columns are as wide as their widest cell, with two blanks between columns.
class table {
 public:
  explicit table(std::vector<align> columns) : columns_{std::move(columns)} {}

  /// Adds a row. Missing cells are empty.
  void add(std::vector<cell> row) { rows_.push_back(std::move(row)); }
  /// The width of all columns before the last one, with the blanks after them.
  [[nodiscard]] std::size_t width_before_last() const;
  [[nodiscard]] std::string text(const terminal& output) const;

 private:
  [[nodiscard]] std::vector<std::size_t> widths() const;

  std::vector<align> columns_;
  std::vector<std::vector<cell>> rows_;
};

}  // namespace drover::text
