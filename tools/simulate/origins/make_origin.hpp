// SPDX-License-Identifier: MIT
// The origin that --origin names.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
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

/// Throws std::runtime_error, and `interrupted` while a server starts.
[[nodiscard]] std::unique_ptr<origin_owner> make_origin(const origin_choice& which,
                                                        const origin_making& how,
                                                        const process::signal_watch& signals);

}  // namespace drover::simulate
