// SPDX-License-Identifier: MIT
// What --origin may say. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drover::simulate {

struct origin_choice {
  enum class kind : std::uint8_t {
    sqlite,              ///< a file of ours
    postgresql_private,  ///< a server of ours
    postgresql,          ///< a server of somebody's, by URL
  };
  kind which = kind::sqlite;
  std::string url;  ///< of `postgresql`
};

/// "sqlite", "postgresql", "postgresql://..." or "postgres://...". nullopt for anything else.
[[nodiscard]] std::optional<origin_choice> parse_origin(std::string_view text);

/// For people and reports: without a password.
[[nodiscard]] std::string without_password(std::string_view url);

}  // namespace drover::simulate
