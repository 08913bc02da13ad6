// SPDX-License-Identifier: MIT
#include "text/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

namespace drover::text {
namespace {

constexpr std::size_t width_min = 20;
constexpr std::size_t width_max = 120;  // longer lines are hard to read

std::optional<std::size_t> whole_number(const std::optional<std::string>& text) {
  std::size_t number = 0;
  if (!text || text->empty()) return std::nullopt;
  const char* const end = text->data() + text->size();
  const auto [stopped, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc{} || stopped != end || number == 0) return std::nullopt;
  return number;
}

bool speaks_utf8(const variable_lookup& variable) {
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto locale = variable(name);
    if (!locale || locale->empty()) continue;
    for (const char* const mark : {"UTF-8", "utf-8", "UTF8", "utf8"}) {
      if (locale->find(mark) != std::string::npos) return true;
    }
    return false;
  }
  return true;
}

const char* code_of(style text_style) {
  switch (text_style) {
    case style::strong: return "\x1b[1m";
    case style::faint: return "\x1b[2m";
    case style::good: return "\x1b[32m";
    case style::bad: return "\x1b[31m";
    case style::plain: break;
  }
  return "";
}

}  // namespace

terminal describe_terminal(bool is_tty, std::optional<std::size_t> window_width,
                           const variable_lookup& variable) {
  terminal result;
  result.is_live = is_tty && variable("TERM").value_or("dumb") != "dumb";
  result.has_colour = result.is_live && variable("NO_COLOR").value_or("").empty();
  result.is_unicode = speaks_utf8(variable);
  if (!is_tty || !window_width || *window_width == 0)
    window_width = whole_number(variable("COLUMNS"));
  const std::size_t width = window_width.value_or(result.width);
  result.width = width < width_min ? width_min : width > width_max ? width_max : width;
  return result;
}

terminal terminal_of(int descriptor) {
  std::optional<std::size_t> width;
  winsize window{};
  if (::ioctl(descriptor, TIOCGWINSZ, &window) == 0) width = window.ws_col;
  return describe_terminal(::isatty(descriptor) == 1, width,
                           [](const char* name) -> std::optional<std::string> {
                             const char* const value = std::getenv(name);
                             if (value == nullptr) return std::nullopt;
                             return value;
                           });
}

std::string painted(std::string_view text, style text_style, const terminal& output) {
  if (!output.has_colour || text_style == style::plain || text.empty()) return std::string{text};
  return code_of(text_style) + std::string{text} + "\x1b[0m";
}

}  // namespace drover::text
