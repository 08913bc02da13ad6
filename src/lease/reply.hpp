// SPDX-License-Identifier: MIT
// What the scripts answer, as types. Parsing is in lease/commands; the layers above never see RESP.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.hpp"
#include "entry/envelope.hpp"

namespace drover::lease {

enum class lease_outcome : std::uint8_t {
  lead,    ///< granted: the caller loads
  wait,    ///< another holder loads; `entry_bytes` is its 64-byte envelope
  failed,  ///< the last load failed and its pause still runs; `entry_bytes` is the FAILED entry
  hit,     ///< `entry_bytes` is a VALUE or ABSENT entry that may still be served
  uncacheable,  ///< the key has a marker: load without a lease, store nothing
  newer,        ///< a format that this library does not know: bypass, touch nothing
};

/// The answer of LEASE (acquire or read).
struct lease_reply {
  lease_outcome outcome = lease_outcome::wait;
  server_time now{};
  std::uint32_t attempts = 0;  ///< lead: failed loads before this one
  milliseconds left{};         ///< until the lease, the pause or the marker ends
  std::string entry_bytes;
};

enum class fill_outcome : std::uint8_t {
  stored,
  duplicate,  ///< an earlier copy of this very command stored it
  refused,    ///< the token is no longer in the entry: taken over, invalidated or evicted
};

/// The answer of PUT (fill).
struct fill_reply {
  fill_outcome outcome = fill_outcome::refused;
  server_time now{};
};

/// The answer of RENEW, PROMOTE, FAIL, RELEASE, UNCACHEABLE and the mark's scripts: did it apply?
struct step_reply {
  bool applied = false;
};

/// The answer of `SET L NX` + `GETRANGE V 0 63`, sent as one request.
struct refresh_mark_reply {
  bool won = false;
  std::string head_bytes;  ///< the first 64 bytes of V; empty when it is missing
};

}  // namespace drover::lease
