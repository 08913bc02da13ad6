// SPDX-License-Identifier: MIT
// The events of a flight on a stage, by the names that the scripts use.
#pragma once

#include <cstdint>
#include <functional>

#include "fetch/stage_for_test.hpp"

namespace drover::fetch::testing {

using event = std::function<void(stage&)>;

// --- beginnings
inline event cold() {
  return [](stage& on) { on.begin([&](actions& out) { on.machine.start_cold(out); }); };
}
inline event bypass() {
  return [](stage& on) { on.begin([&](actions& out) { on.machine.start_bypass(out); }); };
}
inline event bypass_alone() {
  return [](stage& on) { on.begin([&](actions& out) { on.machine.start_bypass_alone(out); }); };
}
inline event unstored() {
  return [](stage& on) { on.begin([&](actions& out) { on.machine.start_unstored(on.now, out); }); };
}
/// Refreshes entry #200, which can be served for `servable`.
inline event refresh(milliseconds servable = milliseconds{60'000}) {
  return [servable](stage& on) {
    on.begin(
        [&](actions& out) { on.machine.start_refresh(numbered(200), on.now + servable, out); });
  };
}

// --- replies
inline event lead(std::uint32_t attempts = 0) {
  return [attempts](stage& on) {
    lease::lease_reply reply = answered(lease::lease_outcome::lead);
    reply.attempts = attempts;
    on.lease(reply);
  };
}
/// Holder `token` with client id 7 has a lease until `until`, with `left` to go.
inline event wait(unsigned token, int until = 900, milliseconds left = stage::lease_ttl) {
  return [=](stage& on) {
    entry::envelope head;
    head.kind = entry::kind::pending;
    head.produced_by = numbered(token);
    head.until = server_time{milliseconds{until}};
    head.holder_client_id = 7;
    lease::lease_reply reply = answered(lease::lease_outcome::wait);
    reply.left = left;
    reply.entry_bytes = entry::encode(head, {});
    on.lease(reply);
  };
}
inline event hit() {
  return [](stage& on) { on.lease(answered(lease::lease_outcome::hit)); };
}
inline event failed_elsewhere() {
  return [](stage& on) { on.lease(answered(lease::lease_outcome::failed)); };
}
inline event newer() {
  return [](stage& on) { on.lease(answered(lease::lease_outcome::newer)); };
}
inline event uncacheable() {
  return [](stage& on) { on.lease(answered(lease::lease_outcome::uncacheable)); };
}
inline event stored() {
  return [](stage& on) { on.fill(lease::fill_outcome::stored); };
}
inline event duplicate() {
  return [](stage& on) { on.fill(lease::fill_outcome::duplicate); };
}
inline event refused() {
  return [](stage& on) { on.fill(lease::fill_outcome::refused); };
}
inline event renewed(bool applied = true) {
  return [applied](stage& on) { on.renew(applied); };
}
inline event released(bool applied = true) {
  return [applied](stage& on) { on.release(applied); };
}
inline event marked(bool won = true, bool still_due = true) {
  return [=](stage& on) { on.mark(won, still_due); };
}
inline event promoted(bool applied = true) {
  return [applied](stage& on) { on.promote(applied); };
}
inline event fails(const mishap& cause) {
  return [cause](stage& on) { on.oldest_fails(cause); };
}
inline const mishap& reply_lost = mishaps[0];
inline const mishap& redis_away = mishaps[1];

// --- everything else
inline event turn() {
  return [](stage& on) { on.turn(); };
}
inline event load_begins() {
  return [](stage& on) {
    on.fresh.clear();
    on.load_begins();
  };
}
inline event loaded() {
  return [](stage& on) { on.load_ends(load_outcome::value); };
}
inline event not_stored() {
  return [](stage& on) { on.load_ends(load_outcome::not_stored); };
}
inline event threw() {
  return [](stage& on) { on.load_ends(load_outcome::threw); };
}
inline event passes(milliseconds time) {
  return [time](stage& on) { on.passes(time); };
}
inline event connection_lost() {
  return [](stage& on) { on.connection_lost(); };
}
inline event invalidated() {
  return [](stage& on) { on.invalidated(); };
}
inline event woken() {
  return [](stage& on) { on.woken(); };
}
inline event holder_gone() {
  return [](stage& on) { on.holder_gone(); };
}
inline event server_replaced() {
  return [](stage& on) { on.server_replaced(); };
}
inline event thread_missing() {
  return [](stage& on) { on.thread_missing(); };
}
inline event turn_is_lent() {
  return [](stage& on) { on.turn_is_lent(); };
}
inline event turn_is_refused() {
  return [](stage& on) { on.turn_is_refused(); };
}
inline event turn_is_not_needed() {
  return [](stage& on) { on.turn_is_not_needed(); };
}
inline event collapses() {
  return [](stage& on) { on.collapses(); };
}
inline event drained() {
  return [](stage& on) { on.drained(); };
}
inline event abandoned() {
  return [](stage& on) { on.abandoned(); };
}

}  // namespace drover::fetch::testing
