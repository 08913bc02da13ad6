// SPDX-License-Identifier: MIT
#include <drover/observer.hpp>

namespace drover {

std::string_view to_string(event_kind kind) noexcept {
  switch (kind) {
    case event_kind::load_started: return "load_started";
    case event_kind::load_finished: return "load_finished";
    case event_kind::load_failed: return "load_failed";
    case event_kind::load_timed_out: return "load_timed_out";
    case event_kind::refresh_started: return "refresh_started";
    case event_kind::refresh_dropped: return "refresh_dropped";
    case event_kind::lease_granted: return "lease_granted";
    case event_kind::lease_lost: return "lease_lost";
    case event_kind::lease_taken_over: return "lease_taken_over";
    case event_kind::fill_stored: return "fill_stored";
    case event_kind::fill_refused: return "fill_refused";
    case event_kind::fill_skipped: return "fill_skipped";
    case event_kind::bypass_started: return "bypass_started";
    case event_kind::stale_served: return "stale_served";
    case event_kind::entry_corrupt: return "entry_corrupt";
    case event_kind::invalidation_unknown: return "invalidation_unknown";
    case event_kind::fault_seen: return "fault_seen";
    case event_kind::connection_up: return "connection_up";
    case event_kind::connection_down: return "connection_down";
    case event_kind::connection_refused: return "connection_refused";
    case event_kind::login_failed: return "login_failed";
    case event_kind::connection_unverified: return "connection_unverified";
    case event_kind::invalidation_dropped: return "invalidation_dropped";
    case event_kind::wake_by_push: return "wake_by_push";
    case event_kind::wake_by_channel: return "wake_by_channel";
    case event_kind::wake_by_polling: return "wake_by_polling";
    case event_kind::drain_waiting: return "drain_waiting";
  }
  return "unknown";
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
void observer::on_event(const event& happened) { seen(happened); }
#pragma GCC diagnostic pop

void observer::seen(const event& /*happened*/) {}

}  // namespace drover
