// SPDX-License-Identifier: MIT
// The replies of the scripts as types. lease/commands parses them; the layers above do not use
// RESP.
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
  /// The key has a marker: load without a lease, and store nothing.
  uncacheable,
  newer,  ///< a format that this library does not know: bypass, touch nothing
};

/// The reply of LEASE (acquire or read).
struct lease_reply {
  lease_outcome outcome = lease_outcome::wait;
  server_time now{};
  std::uint32_t attempts = 0;  ///< lead: failed loads before this one
  milliseconds left{};         ///< until the lease, the pause or the marker ends
  std::string entry_bytes;
};

enum class fill_outcome : std::uint8_t {
  stored,
  duplicate,  ///< an earlier copy of the same command stored it
  /// The token is no longer in the entry (taken over, invalidated or evicted), or the request came
  /// so late that nothing of the value's time was left.
  refused,
};

/// The reply of FILL.
struct fill_reply {
  fill_outcome outcome = fill_outcome::refused;
  server_time now{};
};

/// The reply of RENEW, PROMOTE, FAIL, RELEASE, UNCACHEABLE and the scripts of the refresh mark.
struct step_reply {
  bool applied = false;
};

/// The reply of `SET L NX` and `GETRANGE V 0 63`, sent as one request.
struct refresh_mark_reply {
  bool won = false;
  std::string head_bytes;  ///< the first 64 bytes of V; empty when it is missing
};

}  // namespace drover::lease
