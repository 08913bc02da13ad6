// SPDX-License-Identifier: MIT
// The origin that --origin names.
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

struct origin_making {
  std::filesystem::path folder;               ///< for a file of the simulation
  std::string name;                           ///< of the schema in a user's database
  unsigned connections = 1;                   ///< of all processes together, at once
  std::optional<std::string> postgresql_bin;  ///< the folder of its programs; nullopt: search
};

/// What such an origin needs and is missing here, with the remedy; empty if nothing is missing.
[[nodiscard]] std::string lacking_for(const origin_choice& which, const origin_making& plan);

/// The database allows fewer connections than `origin_making::connections`. The text names the
/// server's settings.
class too_few_connections : public std::runtime_error {
 public:
  too_few_connections(const std::string& text, unsigned room)
      : std::runtime_error{text}, room_{room} {}

  /// How many more it allows.
  [[nodiscard]] unsigned room() const noexcept { return room_; }

 private:
  unsigned room_;
};

/// Throws `too_few_connections` for a user's server, other std::runtime_errors, and `interrupted`
/// while a server starts.
[[nodiscard]] std::unique_ptr<origin_owner> make_origin(const origin_choice& which,
                                                        const origin_making& plan,
                                                        const process::signal_watch& signals);

}  // namespace drover::simulate
