// SPDX-License-Identifier: MIT
#pragma once

#include <drover/fault.hpp>
#include <drover/policy.hpp>

#include <cstdint>
#include <string_view>

namespace drover {

/// The kinds of events.
enum class event_kind : std::uint8_t {
  load_started,
  load_finished,
  load_failed,
  load_timed_out,
  refresh_started,
  refresh_dropped,
  lease_granted,
  lease_lost,
  lease_taken_over,
  fill_stored,
  fill_refused,
  fill_skipped,
  bypass_started,
  stale_served,
  entry_corrupt,
  invalidation_unknown,
  fault_seen,
  connection_up,
  connection_down,
  connection_refused,  ///< the server answers but refuses this client; once a minute at most
  /// The connection could not be authenticated again (`client_options::credentials_source`). It
  /// stays in use as long as the server keeps it. Once a minute at most.
  login_failed,
  connection_unverified,  ///< connected with TLS, but `tls_options::verify` is false
  invalidation_dropped,   ///< over `client_options::invalidations_max`: it is not sent again
  wake_by_push,           ///< from now on pushes wake waiters
  wake_by_channel,        ///< from now on messages on the wake channel wake waiters
  wake_by_polling,        ///< from now on waiters poll
  drain_waiting,
};

/// The name of a kind of event, as logs and statistics show it.
///
/// Throws:  nothing.
/// Threads: safe from any thread.
[[nodiscard]] std::string_view to_string(event_kind kind) noexcept;

/// One event.
///
/// Lifetime: the views are valid during the call of `on_event` only.
struct event {
  union {
    event_kind kind = event_kind::fault_seen;
    /// The former name of `kind`; removed in 0.2.0.
    [[deprecated("use kind")]] event_kind what;
  };
  std::string_view cache{};  ///< the cache's name; empty for events of the client
  std::string_view key{};    ///< the user's key, of any bytes; empty for events without one
  duration took{};           ///< load_finished, load_failed: how long the load ran
  /// fault_seen, connection_down, connection_refused, login_failed, entry_corrupt,
  /// invalidation_unknown, invalidation_dropped; lease_lost and fill_refused: `superseded`.
  /// Meaningless in other events.
  fault_code code = fault_code::unreachable;
  std::string_view text{};  ///< one line for people; may be empty
};

/// Receives events as they happen. Override `on_event`.
///
/// Throws:  `on_event` should not throw; if it does, the exception is counted and dropped.
/// Blocks:  `on_event` runs on the thread that does the work, sometimes one that reads replies for
///          all callers: return quickly, and do not call the cache from within.
/// Threads: called from any number of threads at once.
class observer {
 public:
  virtual ~observer() = default;

  /// Called once for each event.
  virtual void on_event(const event& reported);

  /// The former name of `on_event`, which calls it by default; removed in 0.2.0.
  [[deprecated("override on_event")]] virtual void seen(const event& reported);
};

}  // namespace drover
