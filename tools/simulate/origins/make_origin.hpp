// SPDX-License-Identifier: MIT
// Creates the origin that --origin names.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "process/signal_watch.hpp"
#include "simulate/origins/origin.hpp"
#include "simulate/origins/origin_address.hpp"

namespace drover::simulate {

struct origin_settings {
  std::filesystem::path folder;               ///< for the SQLite file
  std::string name;                           ///< of the schema in a PostgreSQL database
  unsigned connections = 1;                   ///< the most that all processes open at once
  std::optional<std::string> postgresql_bin;  ///< the folder of initdb; nullopt: search
};

/// Returns a message about a requirement of the origin that this program or machine lacks, with the
/// remedy. Empty if nothing is missing.
[[nodiscard]] std::string missing_requirement(const origin_choice& choice,
                                              const origin_settings& plan);

/// Thrown if the database allows fewer connections than `origin_settings::connections`. The text
/// names the server's settings.
class too_few_connections : public std::runtime_error {
 public:
  too_few_connections(const std::string& text, unsigned room)
      : std::runtime_error{text}, room_{room} {}

  /// The number of further connections that the database allows.
  [[nodiscard]] unsigned room() const noexcept { return room_; }

 private:
  unsigned room_;
};

/// Throws `too_few_connections` for a user's server, other std::runtime_errors, and `interrupted`
/// while a server starts.
[[nodiscard]] std::unique_ptr<origin_owner> make_origin(const origin_choice& choice,
                                                        const origin_settings& plan,
                                                        const process::signal_watch& signals);

}  // namespace drover::simulate
