// SPDX-License-Identifier: MIT
#include "cache/event_reporter.hpp"

#include "cache/live_flight.hpp"
#include "store/redis_store.hpp"

namespace drover::detail {

void event_reporter::tell(const event& happened, counters* on) noexcept {
  if (!receiver_) return;
  try {
    receiver_->on_event(happened);
  } catch (...) {
    if (on != nullptr) counters::add(on->observer_faults);
  }
}

void event_reporter::tell(event_kind kind, const live_flight& flight, duration took,
                          std::string_view text) noexcept {
  const bool superseded = kind == event_kind::lease_lost || kind == event_kind::fill_refused;
  tell({.kind = kind,
        .cache = flight.part->keys.name(),
        .key = flight.names.key,
        .took = took,
        .code = superseded ? fault_code::superseded : fault_code::unreachable,
        .text = text},
       &flight.part->counted);
}

void event_reporter::tell_fault(const fault& why, cache_part* part, std::string_view key) noexcept {
  if (part != nullptr) part->counted.add_fault(why.code);
  if (why.code == fault_code::unsupported && !unsupported_told_.is_due(store::now())) return;
  tell({.kind = event_kind::fault_seen,
        .cache = part != nullptr ? std::string_view{part->keys.name()} : std::string_view{},
        .key = key,
        .code = why.code,
        .text = why.text},
       part != nullptr ? &part->counted : nullptr);
}

void event_reporter::tell_refused(const fault& why) noexcept {
  if (why.code != fault_code::unsupported || !refused_told_.is_due(store::now())) return;
  tell({.kind = event_kind::connection_refused, .code = why.code, .text = why.text}, nullptr);
}

void event_reporter::tell_login_failed(const fault& why) noexcept {
  if (!login_failed_told_.is_due(store::now())) return;
  tell({.kind = event_kind::login_failed, .code = why.code, .text = why.text}, nullptr);
}

}  // namespace drover::detail
