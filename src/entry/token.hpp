// SPDX-License-Identifier: MIT
// A token: 128 bits that identify one lease or one refresh attempt, and the entry that it stored.
#pragma once

#include <array>
#include <compare>
#include <functional>
#include <string_view>

namespace drover::entry {

struct token {
  static constexpr std::size_t size = 16;

  std::array<char, size> bytes{};

  [[nodiscard]] std::string_view view() const noexcept { return {bytes.data(), size}; }
  /// True for the zero token, which means "no token". A source never returns it.
  [[nodiscard]] bool is_none() const noexcept { return *this == token{}; }
  /// Precondition: `text.size() == size`.
  [[nodiscard]] static token from(std::string_view text) noexcept {
    token out;
    text.copy(out.bytes.data(), size);
    return out;
  }

  friend auto operator<=>(const token&, const token&) = default;
};

/// Returns a new token at each call. Production code takes random bytes from the operating system;
/// tests count.
using token_source = std::function<token()>;

}  // namespace drover::entry
