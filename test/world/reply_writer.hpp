// SPDX-License-Identifier: MIT
// The bytes of replies and pushes, as Redis writes them. Each function appends to `out`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace drover::world {

inline void write_line(std::string& out, char mark, std::string_view text) {
  out += mark;
  out += text;
  out += "\r\n";
}
/// The head of an aggregate: '*', '%' or '>', and how many values follow.
inline void write_head(std::string& out, char mark, std::size_t count) {
  write_line(out, mark, std::to_string(count));
}
inline void write_ok(std::string& out) { out += "+OK\r\n"; }
inline void write_error(std::string& out, std::string_view text) { write_line(out, '-', text); }
inline void write_integer(std::string& out, std::int64_t number) {
  write_line(out, ':', std::to_string(number));
}
inline void write_bulk(std::string& out, std::string_view bytes) {
  write_head(out, '$', bytes.size());
  out += bytes;
  out += "\r\n";
}
inline void write_null(std::string& out, bool is_resp3) { out += is_resp3 ? "_\r\n" : "$-1\r\n"; }
/// Text for people: INFO and CLIENT LIST.
inline void write_text(std::string& out, std::string_view text, bool is_resp3) {
  if (!is_resp3) return write_bulk(out, text);
  write_head(out, '=', text.size() + 4);
  out += "txt:";
  out += text;
  out += "\r\n";
}

}  // namespace drover::world
