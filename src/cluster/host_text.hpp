// SPDX-License-Identifier: MIT
// Whether a text from a server can be a host: a name or an address. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace drover::cluster {

inline constexpr std::size_t host_text_max = 255;

/// Letters, digits, and the marks of names and addresses; also "_", which private names contain,
/// and "%" for the zone of an IPv6 address.
[[nodiscard]] constexpr bool is_host_text(std::string_view text) noexcept {
  return !text.empty() && text.size() <= host_text_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view{"-._:%"}.find(c) != std::string_view::npos;
         });
}

}  // namespace drover::cluster
