// SPDX-License-Identifier: MIT
#include "origins/row.hpp"

#include <charconv>

namespace drover::simulate {
namespace {

constexpr std::size_t body_length = 200;

/// Printable ASCII stays; anything else becomes \xNN, so that a value is one line whatever the key.
std::string escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string made;
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    if (code >= 0x20 && code < 0x7f && byte != '"' && byte != '\\') {
      made += byte;
    } else {
      made += "\\u00";
      made += digits[code >> 4U];
      made += digits[code & 0xfU];
    }
  }
  return made;
}

std::string value_with(std::string_view key, std::uint64_t version, std::int64_t read_at,
                       std::string_view body) {
  return "{\"key\":\"" + escaped(key) + "\",\"version\":" + std::to_string(version) +
         ",\"read_at\":" + std::to_string(read_at) + ",\"body\":\"" + escaped(body) + "\"}";
}

template <class Number>
std::optional<Number> number_behind(std::string_view value, std::string_view name) {
  const std::size_t at = value.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  const char* const begin = value.data() + at + name.size();
  Number number{};
  if (std::from_chars(begin, value.data() + value.size(), number).ec != std::errc{}) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

std::string body_of(std::string_view key, std::uint64_t version) {
  const std::string unit = escaped(key) + " v" + std::to_string(version) + ' ';
  std::string body;
  while (body.size() < body_length) body += unit;
  return body;
}

std::string value_of(std::string_view key, std::string_view body, value_read of) {
  return value_with(key, of.version, of.read_at, body);
}

std::optional<value_read> read_value(std::string_view key, std::string_view value) {
  const std::string head = "{\"key\":\"" + escaped(key) + "\",";
  if (!value.starts_with(head)) return std::nullopt;
  const std::string_view rest = value.substr(head.size() - 1);
  const auto version = number_behind<std::uint64_t>(rest, ",\"version\":");
  const auto read_at = number_behind<std::int64_t>(rest, ",\"read_at\":");
  if (!version || !read_at) return std::nullopt;
  if (value != value_with(key, *version, *read_at, body_of(key, *version))) return std::nullopt;
  return value_read{*version, *read_at};
}

}  // namespace drover::simulate
