// SPDX-License-Identifier: MIT
// The operations on keys that commands and scripts share: with expiry at access, errors as
// `error_reply`, and pushes for what changes. Which reads are tracked is the caller's business.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "world/running.hpp"

namespace drover::world {

inline constexpr std::string_view not_an_integer = "ERR value is not an integer or out of range";
inline constexpr std::string_view syntax_error = "ERR syntax error";

/// As Redis reads integers: no space, no plus, no leading zero.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);
/// The same, or error_reply{error}.
[[nodiscard]] std::int64_t integer_in(std::string_view text,
                                      std::string_view error = not_an_integer);

/// nullptr: there is no such key. A key that has ended is removed first, except on a replica.
[[nodiscard]] stored_value* look_up(running& request, std::string_view key);

enum class set_condition : std::uint8_t { always, if_missing, if_present };
struct set_options {
  set_condition condition = set_condition::always;
  std::optional<std::string_view> ttl_ms;  ///< as it came
  std::optional<std::string_view> ttl_s;   ///< as it came
  bool keeps_ttl = false;
  bool returns_old = false;  ///< GET: the caller replies with the value of before
};

[[nodiscard]] std::optional<std::string> get(running& request, std::string_view key);
[[nodiscard]] std::string get_range(running& request, std::string_view key, std::int64_t from,
                                    std::int64_t to);
/// False: the condition does not hold.
bool set(running& request, std::string_view key, std::string_view value, const set_options& with);
/// Returns the new length.
std::int64_t set_range(running& request, std::string_view key, std::int64_t offset,
                       std::string_view value);
bool remove(running& request, std::string_view key);
bool set_ttl(running& request, std::string_view key, std::string_view ttl_ms);

}  // namespace drover::world
