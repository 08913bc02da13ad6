// SPDX-License-Identifier: MIT
// The version that a server reports in its reply to HELLO, and the oldest one that is supported.
// Pure.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace drover::connection {

struct server_version {
  unsigned major_number = 0;
  unsigned minor_number = 0;
  unsigned patch_number = 0;

  friend auto operator<=>(const server_version&, const server_version&) = default;
};

/// The oldest Redis that is supported. In older versions, NOLOOP of CLIENT TRACKING does not cover
/// the writes of scripts. Every Valkey reports a newer version.
inline constexpr server_version oldest_redis{7, 0, 5};

/// Reads "7.0.15", "7.2" or "8.0.0-rc1". nullopt: the text does not begin with two numbers.
[[nodiscard]] std::optional<server_version> parse_version(std::string_view text) noexcept;

/// "7.0.5".
[[nodiscard]] std::string describe(const server_version& version);

/// "Redis 7.0.5 or newer, or Valkey, is required": the end of a message about an unsuitable server.
[[nodiscard]] std::string required_server();

}  // namespace drover::connection
