// SPDX-License-Identifier: MIT
// The errors by which a node of a cluster says that a request belongs elsewhere, or cannot be
// executed now. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/host_port.hpp"

namespace drover::cluster {

enum class redirect_kind : std::uint8_t {
  moved,         ///< another node owns the slot: ask it, and this is news for the slot map
  ask,           ///< the slot is on its way: send ASKING and the request to `to`, this time only
  try_again,     ///< only some keys of the request are there yet
  cluster_down,  ///< the cluster does not serve the slot
  cross_slot,    ///< the keys of the request are in different slots: a mistake of the sender
};

struct redirect {
  redirect_kind kind = redirect_kind::moved;
  std::uint16_t slot = 0;  ///< of moved and ask
  /// Of moved and ask. An empty host is that of the node that sent the error.
  base::host_port to{};

  friend bool operator==(const redirect&, const redirect&) = default;
};

/// Reads the text of an error reply, without its "-". Nullopt: another error, or garbage.
[[nodiscard]] std::optional<redirect> read_redirect(std::string_view error);

/// Where a redirect leads that `asked` sent.
[[nodiscard]] base::host_port target_of(const redirect& read, const base::host_port& asked);

}  // namespace drover::cluster
