// SPDX-License-Identifier: MIT
#include "audit/capture/key_share.hpp"

#include <algorithm>
#include <array>

#include "audit/capture/key_pattern.hpp"
#include "audit/capture/value_digest.hpp"

namespace drover::audit {
namespace {

bool is_decimal(char c) { return c >= '0' && c <= '9'; }
char in_lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Digits that are part of an id. A version such as "v2" is the same for all keys.
bool has_id(std::string_view word) {
  const bool is_version = word.size() >= 2 && word.size() <= 3 && in_lower_case(word[0]) == 'v' &&
                          std::all_of(word.begin() + 1, word.end(), is_decimal);
  return !is_version && std::any_of(word.begin(), word.end(), is_decimal);
}

/// Words that tell the lock or the metadata of a key from the key.
bool is_attribute(std::string_view word) {
  static constexpr std::array<std::string_view, 24> attributes{
      "at",   "created", "data", "etag", "exp",  "expire", "expires",   "expiry",
      "flag", "fresh",   "hash", "info", "lock", "meta",   "metadata",  "owner",
      "soft", "stale",   "tag",  "time", "ts",   "ttl",    "timestamp", "updated"};
  std::string letters{word};
  std::transform(letters.begin(), letters.end(), letters.begin(), in_lower_case);
  return std::find(attributes.begin(), attributes.end(), letters) != attributes.end() ||
         looks_like_lock(word);
}

/// The text between the first { and the next }, if it contains an id; otherwise the name.
std::string_view tag_or_name(std::string_view name) {
  const std::size_t open = name.find('{');
  if (open == std::string_view::npos) return name;
  const std::string_view rest = name.substr(open + 1);
  const std::string_view tag = rest.substr(0, std::min(rest.find('}'), rest.size()));
  if (tag.size() == rest.size()) return name;
  const auto words = words_of(tag);
  return std::any_of(words.begin(), words.end(), has_id) ? tag : name;
}

/// "user42" and "42" are the same id, "9f86d081" and "86081" are not.
void append_id(std::string_view word, std::string& into) {
  const auto first = std::find_if(word.begin(), word.end(), is_decimal);
  const bool is_number_at_end = std::all_of(first, word.end(), is_decimal);
  const std::size_t from =
      is_number_at_end ? static_cast<std::size_t>(first - word.begin()) : std::size_t{0};
  for (const char c : word.substr(from)) into += in_lower_case(c);
  into += ' ';
}

/// The number that the hexadecimal digits from `from` on begin with.
std::uint32_t leading_hex(std::string_view digits) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(digits.size(), 8); ++i) {
    const char c = digits[i];
    number =
        number << 4U | static_cast<std::uint32_t>(is_decimal(c) ? c - '0' : (c - 'a' + 10) & 15);
  }
  return number;
}

}  // namespace

void set_common_part(std::string_view name, std::string& into) {
  into.clear();
  const auto words = words_of(tag_or_name(name));
  for (const std::string_view word : words) {
    if (has_id(word)) append_id(word, into);
  }
  if (!into.empty()) return;
  for (const std::string_view word : words) {
    if (is_attribute(word)) continue;
    for (const char c : word) into += in_lower_case(c);
    into += ' ';
  }
  if (into.empty()) into = name;
}

std::uint32_t place_of(std::string_view name, bool is_hidden) {
  // The hash of a hidden name begins with the hash of its common part.
  if (is_hidden) return leading_hex(name.substr(name.find(':') + 1));
  thread_local std::string common;
  set_common_part(name, common);
  return static_cast<std::uint32_t>(digest_of(hash_key{}, common).hash >> 32U);
}

}  // namespace drover::audit
