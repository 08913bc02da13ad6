// SPDX-License-Identifier: MIT
#include "text/json_writer.hpp"

#include <cmath>
#include <cstdio>

#include "text/utf8.hpp"

namespace drover::text {

json_writer& json_writer::name(std::string_view text) {
  before_value();
  quote(text);
  text_ += ": ";
  is_named_ = true;
  return *this;
}

json_writer& json_writer::value(std::string_view text) {
  before_value();
  quote(text);
  return *this;
}

json_writer& json_writer::value(std::uint64_t number) {
  before_value();
  text_ += std::to_string(number);
  return *this;
}

json_writer& json_writer::value(double number) {
  before_value();
  if (!std::isfinite(number)) {
    text_ += "null";
    return *this;
  }
  char digits[64];
  const int length = std::snprintf(digits, sizeof digits, "%.3f", number);
  text_.append(digits, static_cast<std::size_t>(length));
  return *this;
}

json_writer& json_writer::value(bool flag) {
  before_value();
  text_ += flag ? "true" : "false";
  return *this;
}

json_writer& json_writer::begin_row() {
  open('[');
  ++rows_;
  return *this;
}

json_writer& json_writer::end_row() {
  close(']');
  --rows_;
  return *this;
}

json_writer& json_writer::open(char bracket) {
  before_value();
  text_ += bracket;
  ++depth_;
  is_first_ = true;
  return *this;
}

json_writer& json_writer::close(char bracket) {
  --depth_;
  if (!is_first_) break_line();
  text_ += bracket;
  is_first_ = false;
  return *this;
}

void json_writer::before_value() {
  if (is_named_) {
    is_named_ = false;
    return;
  }
  if (!is_first_) text_ += ',';
  if (depth_ > 0) break_line();
  is_first_ = false;
}

void json_writer::break_line() {
  if (rows_ > 0) return;
  text_ += '\n';
  text_.append(2 * depth_, ' ');
}

void json_writer::quote(std::string_view text) {
  text_ += '"';
  while (!text.empty()) {
    const auto code = static_cast<unsigned char>(text[0]);
    const std::size_t length = utf8_length(text);
    if (code == '"' || code == '\\') {
      text_ += '\\';
      text_ += text[0];
    } else if (length == 0 || code < 0x20 || code == 0x7F) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(code));
      text_ += escaped;
    } else {
      text_ += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  text_ += '"';
}

}  // namespace drover::text
