// SPDX-License-Identifier: MIT
// Parses the values of --origin. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drover::simulate {

struct origin_choice {
  enum class kind : std::uint8_t {
    sqlite,              ///< a file that the simulation creates
    postgresql_private,  ///< a private server
    postgresql,          ///< a server of the user
  };
  kind which = kind::sqlite;
  std::string url;  ///< for `postgresql` only
};

/// Accepts "sqlite", "postgresql", "postgresql://..." and "postgres://...". Returns nullopt for
/// anything else.
[[nodiscard]] std::optional<origin_choice> parse_origin(std::string_view text);

/// Returns `url` without a password, for messages and reports.
[[nodiscard]] std::string without_password(std::string_view url);

}  // namespace drover::simulate
