// SPDX-License-Identifier: MIT
// Walks a reply that is a tree of lists, maps and scalars, in linear time. Pure.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "resp/message.hpp"

namespace drover::cluster {

[[nodiscard]] inline bool is_list(resp::view value) noexcept {
  return value.kind() == resp::type::array || value.kind() == resp::type::set;
}

/// Names and values: a map in RESP3, a list of names and values in RESP2.
[[nodiscard]] inline bool is_fields(resp::view value) noexcept {
  return value.kind() == resp::type::map || (is_list(value) && value.size() % 2 == 0);
}

/// Calls `visit` with each child until it returns false. True if it never does. Linear, unlike a
/// loop over `operator[]`.
template <class Visit>
[[nodiscard]] bool all_children(resp::view parent, Visit visit) {
  const std::size_t size = parent.size();
  if (size == 0) return true;
  resp::view child = parent[0];
  for (std::size_t i = 0;; child = child.next()) {
    if (!visit(child)) return false;
    if (++i == size) return true;
  }
}

/// The same with each name and value of what `is_fields`. False if a name is no string.
template <class Visit>
[[nodiscard]] bool all_fields(resp::view fields, Visit visit) {
  std::optional<resp::view> name;
  return all_children(fields, [&](resp::view child) {
    if (!name) {
      name = child;
      return name->is_string();
    }
    const resp::view named = *std::exchange(name, std::nullopt);
    return visit(named.text(), child);
  });
}

/// An integer, or a string of digits.
[[nodiscard]] inline std::optional<std::int64_t> number_in(resp::view value) {
  if (value.kind() == resp::type::integer) return value.integer();
  if (!value.is_string()) return std::nullopt;
  std::int64_t number = 0;
  const std::string_view text = value.text();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace drover::cluster
