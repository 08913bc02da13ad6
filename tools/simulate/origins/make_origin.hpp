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
  std::filesystem::path folder;               ///< where a file of ours may live
  std::string name;                           ///< of what we make in somebody's database
  unsigned connections = 1;                   ///< that may be open at once, of all processes
  std::optional<std::string> postgresql_bin;  ///< the folder with its programs; nullopt: find it
};

/// What is missing here for such an origin, in words and with the remedy; empty if nothing is.
[[nodiscard]] std::string lacking_for(const origin_choice& which, const origin_making& how);

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
                                                        const origin_making& how,
                                                        const process::signal_watch& signals);

}  // namespace drover::simulate
