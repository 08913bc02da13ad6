// SPDX-License-Identifier: MIT
// Writes indented JSON. Pure.
//
// Text is UTF-8. A byte that is not part of a valid character is written as the character with the
// same number.
// Requires:  each `begin_...` has an `end_...`, and each value inside an object has a name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace drover::text {

class json_writer {
 public:
  json_writer& begin_object() { return open('{'); }
  json_writer& end_object() { return close('}'); }
  json_writer& begin_array() { return open('['); }
  json_writer& end_array() { return close(']'); }
  /// Begins an array that is written on one line, including nested values.
  json_writer& begin_row();
  json_writer& end_row();

  /// The name of the next value.
  json_writer& name(std::string_view text);
  json_writer& value(std::string_view text);
  json_writer& value(const char* text) { return value(std::string_view{text}); }
  json_writer& value(std::uint64_t number);
  json_writer& value(std::uint32_t number) { return value(std::uint64_t{number}); }
  /// Written with three decimals, which is microseconds for a number of milliseconds. A number that
  /// is not finite is written as null.
  json_writer& value(double number);
  json_writer& value(bool flag);

  template <class Value>
  json_writer& field(std::string_view field_name, const Value& field_value) {
    return name(field_name).value(field_value);
  }

  /// The whole text, with a line end.
  [[nodiscard]] std::string text() && { return std::move(text_) + '\n'; }

 private:
  json_writer& open(char bracket);
  json_writer& close(char bracket);
  void before_value();
  void break_line();
  void quote(std::string_view text);

  std::string text_;
  std::size_t depth_ = 0;
  std::size_t rows_ = 0;  // rows that have not ended
  bool is_first_ = true;
  bool is_named_ = false;
};

}  // namespace drover::text
