// SPDX-License-Identifier: MIT
// The faults of a campaign: those that the driver causes itself, and those of the fault proxy.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fault/plan/fault_spec.hpp"
#include "history/checker.hpp"

namespace drover::campaign {

enum class fault : std::uint8_t {
  // These may end leases.
  server_kill,     ///< kill -9, and a restart without data
  server_restore,  ///< kill -9, and a restart from a snapshot
  server_stop,     ///< SIGSTOP
  client_kill,
  flush,
  eviction,     ///< allkeys-random with too little memory
  no_memory,    ///< noeviction with too little memory
  replica,      ///< the server becomes the replica of a server that is away
  worker_stop,  ///< SIGSTOP, longer than a lease: its repeated invalidations come late
  // These end no lease of a process that they do not concern.
  worker_kill,
  client_pause,
  script_flush,
  no_permission,  ///< on EVALSHA
};
inline constexpr std::uint8_t fault_count = 13;
inline constexpr std::uint8_t harsh_fault_count = 9;

/// The number of a fault in the records; the faults of the proxy follow those of the driver.
[[nodiscard]] constexpr std::uint8_t number_of(fault kind) noexcept {
  return static_cast<std::uint8_t>(kind);
}
[[nodiscard]] constexpr std::uint8_t number_of(faults::fault_kind kind) noexcept {
  return static_cast<std::uint8_t>(fault_count + static_cast<std::uint8_t>(kind));
}

[[nodiscard]] std::vector<history::fault_rules> rules_of_faults();

/// The script of the proxy. Its faults end after `seconds`.
[[nodiscard]] std::string proxy_script(unsigned seconds);

}  // namespace drover::campaign
