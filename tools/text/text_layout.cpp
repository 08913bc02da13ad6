// SPDX-License-Identifier: MIT
#include "text/text_layout.hpp"

#include <algorithm>
#include <utility>

namespace drover::text {
namespace {

constexpr std::size_t gap = 2;

std::string_view without_end_blanks(std::string_view text) {
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

}  // namespace

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string clipped(std::string_view text, std::size_t width) {
  std::size_t characters = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    if (begins_character(text[end]) && characters++ == width) break;
    ++end;
  }
  return std::string{text.substr(0, end)};
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string lines;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    const std::size_t length = columns_of(word);
    if (column != 0 && column + 1 + length > width) {
      lines += '\n';
      lines.append(indent, ' ');
      column = indent;
    } else if (column != 0) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += length;
  }
  return lines;
}

std::vector<std::size_t> table::widths() const {
  std::vector<std::size_t> widths(columns_.size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < std::min(row.size(), widths.size()); ++i) {
      widths[i] = std::max(widths[i], columns_of(row[i].text));
    }
  }
  return widths;
}

std::size_t table::width_before_last() const {
  const auto column_widths = widths();
  std::size_t sum = 0;
  for (std::size_t i = 0; i + 1 < column_widths.size(); ++i) sum += column_widths[i] + gap;
  return sum;
}

std::string table::text(const terminal& output) const {
  const auto column_widths = widths();
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    std::size_t owed = 0;  // pending blanks, which are written only if more text follows
    for (std::size_t i = 0; i < std::min(row.size(), column_widths.size()); ++i) {
      const std::size_t room = column_widths[i] - columns_of(row[i].text);
      if (columns_[i] == align::right) owed += room;
      const std::string_view visible_text = without_end_blanks(row[i].text);
      if (!visible_text.empty()) {
        line.append(std::exchange(owed, 0), ' ');
        line += painted(visible_text, row[i].as, output);
      }
      owed += row[i].text.size() - visible_text.size();
      if (columns_[i] == align::left) owed += room;
      owed += gap;
    }
    text += line + '\n';
  }
  return text;
}

}  // namespace drover::text
