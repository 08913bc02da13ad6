// SPDX-License-Identifier: MIT
#include "simulate/origins/row.hpp"

#include <charconv>
#include <system_error>

namespace drover::simulate {
namespace {

constexpr std::size_t body_length = 200;  // at least; the last sentence is always complete
constexpr std::string_view hex = "0123456789abcdef";

/// Escapes `text` for a JSON string in ASCII. Each byte that is not printable ASCII becomes an
/// escape of its own, so that different texts stay different in any encoding.
std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += byte;
    } else if (code < 0x20 || code >= 0x7F) {
      out += "\\u00";
      out += hex[code / 16U];
      out += hex[code % 16U];
    } else {
      out += byte;
    }
  }
  return out;
}

/// Removes `prefix` from the front of `text`. Returns false if `text` does not start with it.
bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return error == std::errc{};
}

}  // namespace

std::string body_of(std::string_view key, std::uint64_t version) {
  const std::string sentence =
      "Profile of " + escaped(key) + ", version " + std::to_string(version) + ". ";
  std::string body = sentence;
  while (body.size() < body_length) body += sentence;
  body.pop_back();
  return body;
}

std::string value_of(std::string_view key, std::string_view body, value_read read) {
  return "{\"version\":" + std::to_string(read.version) +
         ",\"read_at\":" + std::to_string(read.read_at) + ",\"name\":\"" + escaped(key) +
         "\",\"body\":\"" + escaped(body) + "\"}";
}

std::optional<value_read> read_value(std::string_view key, std::string_view value) {
  value_read parsed;
  std::string_view rest = value;
  if (!take(rest, "{\"version\":") || !take_number(rest, parsed.version) ||
      !take(rest, ",\"read_at\":") || !take_number(rest, parsed.read_at)) {
    return std::nullopt;
  }
  // This also rejects other forms of the same numbers, such as leading zeros.
  if (value != value_of(key, body_of(key, parsed.version), parsed)) return std::nullopt;
  return parsed;
}

}  // namespace drover::simulate
