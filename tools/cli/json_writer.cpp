// SPDX-License-Identifier: MIT
#include "cli/json_writer.hpp"

#include <cmath>
#include <cstdio>

namespace drover::cli {

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
  text_ += '\n';
  text_.append(2 * depth_, ' ');
}

void json_writer::quote(std::string_view text) {
  text_ += '"';
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    if (byte == '"' || byte == '\\') {
      text_ += '\\';
      text_ += byte;
    } else if (code < 0x20 || code >= 0x7F) {
      // One escape per byte: what is not ASCII here is an error's text, which may be of any
      // encoding.
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(code));
      text_ += escaped;
    } else {
      text_ += byte;
    }
  }
  text_ += '"';
}

}  // namespace drover::cli
