// SPDX-License-Identifier: MIT
// What a read found under the value key, and so what the read does next.
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
  damaged,      ///< ours, but another key's or damaged: a miss that the lease must overwrite
  newer,        ///< a format this library does not know: bypass, touch nothing
};

struct judgement {
  finding state = finding::missing;
  bool is_foreign = false;  ///< missing because of a string that is not ours: counted
  server_time
      judged_at{};        ///< `now`; set when its age was judged: fresh, stale, failed and the like
  entry::decoded read{};  ///< points into the judged bytes
};

/// `bytes`: what GET answered; nullopt when there is no such key. `digest`: of the key asked for.
/// `now` is empty while the server's clock is unknown: every undamaged entry of ours then counts as
/// missing, so that LEASE is asked. No pause after a failure is longer than `failure_pause_max`
/// allows, and none begins in the future: the `until` of a failed entry is cut.
[[nodiscard]] judgement judge(
    std::optional<std::string_view> bytes, std::uint64_t digest, std::optional<server_time> now,
    const entry::trust& trusted = {},
    milliseconds failure_pause_max = entry::default_failure_pause_max) noexcept;

}  // namespace drover::fetch
