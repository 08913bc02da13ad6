// SPDX-License-Identifier: MIT
// The state of the value key that a read found, which decides the next step of the read.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.hpp"
#include "entry/envelope.hpp"
#include "entry/freshness.hpp"

namespace drover::fetch {

enum class finding : std::uint8_t {
  fresh,        ///< serve it
  stale,        ///< serve it, and try to refresh
  pending,      ///< a load runs: join the flight
  uncacheable,  ///< a marker: load, and store nothing
  failed,       ///< the last load failed and its pause still runs
  missing,      ///< no entry, or one that may no longer be served
  /// An entry that is damaged or stored for another key: a miss, and the lease must overwrite it.
  damaged,
  newer,  ///< a format this library does not know: bypass, touch nothing
};

struct judgement {
  finding state = finding::missing;
  bool is_foreign = false;  ///< missing because of a string that the library did not write: counted
  /// The parameter `now`. Set only when the age of the entry was judged: fresh, stale, failed and
  /// other states that depend on it.
  server_time judged_at{};
  entry::decoded read{};  ///< the decoded entry; points into the judged bytes
};

/// `bytes` is the reply of GET, nullopt when the key does not exist. `digest` is that of the
/// requested key. `now` is empty while the server's clock is unknown: every undamaged entry of the
/// library then counts as missing, so that LEASE decides. The `until` of a failed entry is cut to
/// the longest pause that `failure_pause_max` allows, and a failed entry from the future counts as
/// missing.
[[nodiscard]] judgement judge(
    std::optional<std::string_view> bytes, std::uint64_t digest, std::optional<server_time> now,
    const entry::trust& trusted = {},
    milliseconds failure_pause_max = entry::default_failure_pause_max) noexcept;

}  // namespace drover::fetch
