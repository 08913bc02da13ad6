// SPDX-License-Identifier: MIT
// The names of records and of the values of enumerations in the record format.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "audit/capture/record.hpp"

namespace drover::audit {

inline constexpr std::array<std::string_view, 7> shape_names{"empty", "integer", "json",  "pickle",
                                                             "php",   "text",    "binary"};
inline constexpr std::array<std::string_view, 8> known_names{
    "no", "object", "undefined", "null", "none", "not_a_number", "error", "error_page"};
inline constexpr std::array<std::string_view, 7> reply_names{
    "null", "status", "error", "integer", "text", "aggregate", "missing"};
inline constexpr std::array<std::string_view, 11> purpose_names{"unknown",
                                                                "compare_and_delete",
                                                                "compare_and_store",
                                                                "compare_and_expire",
                                                                "acquire",
                                                                "rate_limit",
                                                                "read",
                                                                "store",
                                                                "del",
                                                                "compare",
                                                                "change"};
inline constexpr std::array<std::string_view, 6> success_names{"unknown", "null", "not_null",
                                                               "one",     "ok",   "first_one"};
inline constexpr std::array<std::string_view, 2> act_names{"cold_event", "miss_barrier"};

inline constexpr std::array<std::string_view, outage_kind_count> outage_names{
    "slow", "errors", "full", "silent", "away"};

/// A span: g++ 12 takes arrays of different sizes for one and warns of their bounds.
using name_list = std::span<const std::string_view>;

template <class Enum>
[[nodiscard]] constexpr std::string_view name_in(name_list names, Enum value) noexcept {
  return names[static_cast<std::size_t>(value)];
}

template <class Enum>
[[nodiscard]] constexpr std::optional<Enum> value_in(name_list names,
                                                     std::string_view name) noexcept {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

/// The names of the kinds of records, in the order of the variant.
inline constexpr std::array<std::string_view, 15> record_names{
    "begin", "open",  "name",   "close", "script", "event",  "push", "origin",
    "tool",  "fault", "outage", "check", "lost",   "server", "end"};
static_assert(record_names.size() == std::variant_size_v<record>);

}  // namespace drover::audit
