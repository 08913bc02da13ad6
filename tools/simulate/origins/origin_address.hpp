// SPDX-License-Identifier: MIT
// The values of --origin. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drover::simulate {

struct origin_choice {
  enum class kind : std::uint8_t {
    sqlite,              ///< a file of the simulation
    postgresql_private,  ///< a private server
    postgresql,          ///< a user's server, by URL
  };
  kind which = kind::sqlite;
  std::string url;  ///< of `postgresql`
};

/// "sqlite", "postgresql", "postgresql://..." or "postgres://...". nullopt for anything else.
[[nodiscard]] std::optional<origin_choice> parse_origin(std::string_view text);

/// The URL without a password, for messages and reports.
[[nodiscard]] std::string without_password(std::string_view url);

}  // namespace drover::simulate
