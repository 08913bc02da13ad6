// SPDX-License-Identifier: MIT
#include "entry/keys.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "base/assert.hpp"
#include "base/sha256.hpp"
#include "entry/envelope.hpp"

namespace drover::entry {
namespace {

constexpr std::size_t longest_name = 64;
constexpr std::size_t digest_bytes_used = 16;

bool is_name_character(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

// Appends base64url as in RFC 4648, section 5, without padding.
void append_base64url(std::string& to, std::string_view bytes) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::uint32_t held = 0;
  unsigned held_bits = 0;
  for (const char c : bytes) {
    held = (held << 8U) | static_cast<unsigned char>(c);
    held_bits += 8;
    for (; held_bits >= 6; held_bits -= 6) to += alphabet[(held >> (held_bits - 6U)) & 0x3FU];
  }
  if (held_bits > 0) to += alphabet[(held << (6U - held_bits)) & 0x3FU];
}

// Users may choose keys freely, so they must not be able to find two long keys with the same name.
void append_long_key(std::string& to, std::string_view key) {
  const auto sum = base::sha256_of(key);
  append_base64url(to, {sum.data(), digest_bytes_used});
}

}  // namespace

key_space::key_space(std::string name, std::uint32_t schema)
    : name_{std::move(name)}, schema_{schema} {
  DROVER_ASSERT(is_valid_name(name_));
}

bool key_space::is_valid_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= longest_name &&
         std::all_of(name.begin(), name.end(), is_name_character);
}

std::string key_space::canary_key(std::string_view id) const {
  std::string out = name_;
  out.append(":1.").append(std::to_string(schema_)).append(":c:").append(id);
  return out;
}

std::uint64_t key_space::digest(std::string_view key) const {
  return digest_of(name_, schema_, key);
}

std::string key_space::key_of(char kind, std::string_view key) const {
  std::string out;
  out.reserve(name_.size() + std::min(key.size(), long_key_size) + 20);
  out.append(name_).append(":1.").append(std::to_string(schema_));
  out.append({':', kind, ':', '{'});
  if (key.size() > long_key_size) {
    out += '#';
    append_long_key(out, key);
  } else {
    out.append("=").append(key);
  }
  out += '}';
  return out;
}

std::optional<key_parts> parts_of(std::string_view redis_key) noexcept {
  constexpr std::string_view format = ":1.";
  constexpr std::size_t kind_size = 3;  // ":v:"
  const std::size_t name_end = redis_key.find(':');
  if (name_end == std::string_view::npos) return std::nullopt;
  key_parts parts;
  parts.name = redis_key.substr(0, name_end);
  std::string_view rest = redis_key.substr(name_end);
  if (!key_space::is_valid_name(parts.name) || !rest.starts_with(format)) return std::nullopt;
  rest.remove_prefix(format.size());
  const char* const end = rest.data() + rest.size();
  const auto read = std::from_chars(rest.data(), end, parts.schema);
  if (read.ec != std::errc{} || (rest[0] == '0' && read.ptr != rest.data() + 1))
    return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(read.ptr - rest.data()));
  if (rest.size() < kind_size || rest[0] != ':' || rest[2] != ':') return std::nullopt;
  parts.kind = rest[1];
  rest.remove_prefix(kind_size);
  parts.key = rest;
  if (parts.kind == 'c') return parts;
  const bool is_ours = std::string_view{"vlw"}.find(parts.kind) != std::string_view::npos;
  if (!is_ours || rest.size() < 3 || rest.front() != '{' || rest.back() != '}') {
    return std::nullopt;
  }
  if (rest[1] != '=' && rest[1] != '#') return std::nullopt;
  parts.key = rest.substr(rest[1] == '=' ? 2 : 1, rest.size() - (rest[1] == '=' ? 3 : 2));
  return parts;
}

std::string value_key_of_wake_channel(std::string wake_channel) {
  // <name>:1.<schema>:w:{...}: neither name nor schema holds a colon.
  const std::size_t name_end = wake_channel.find(':');
  if (name_end == std::string::npos) return wake_channel;
  const std::size_t schema_end = wake_channel.find(':', name_end + 1);
  if (schema_end == std::string::npos || schema_end + 1 >= wake_channel.size()) return wake_channel;
  if (wake_channel[schema_end + 1] == 'w') wake_channel[schema_end + 1] = 'v';
  return wake_channel;
}

}  // namespace drover::entry
