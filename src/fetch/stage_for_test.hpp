// SPDX-License-Identifier: MIT
// A stage for one flight. It plays the shell and the server, keeps accounts of all requests,
// grants, marks and turns, and complains when the machine breaks one of these promises:
//   - a flight ends exactly once;
//   - every grant is settled: filled, failed, released or lost;
//   - a turn is given back as often as it was requested;
//   - a flight whose loader returned in time ends with that result;
//   - while a flight has not ended, a reply or a timer that moves it on is due.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "fetch/accounts_for_test.hpp"
#include "fetch/flight.hpp"
#include "fetch/texts_for_test.hpp"

namespace drover::fetch::testing {

inline lease::lease_reply answered(lease::lease_outcome outcome) {
  lease::lease_reply reply;
  reply.outcome = outcome;
  return reply;
}

/// The way in which a request fails.
struct mishap {
  const char* name;
  fault_code code;
  bool is_available;
};
inline constexpr mishap mishaps[] = {
    {"reply lost", fault_code::unreachable, true}, {"redis away", fault_code::unreachable, false},
    {"overloaded", fault_code::overloaded, true},  {"unsupported", fault_code::unsupported, true},
    {"corrupt", fault_code::corrupt, true},
};

enum class load_outcome : std::uint8_t { value, not_stored, threw };

class stage {
 public:
  static constexpr milliseconds lease_ttl{900};
  static constexpr milliseconds load_max{30'000};

  stage() : machine{settings()} {}

  flight machine;
  steady_time now{microseconds{1'000'000}};
  actions fresh;  ///< since the last event
  accounts books;
  bool is_offered = false;
  bool is_loading = false;
  bool is_turn_wanted = false;

  // --- events: each answers the oldest request of its kind, or complains that there is none
  template <class Begin>
  void begin(Begin begin) {
    act(begin);
  }
  void lease(lease::lease_reply reply) {
    const auto request = books.take(action_kind::send_lease);
    if (!request) return;
    if (reply.outcome == lease::lease_outcome::lead) books.lease_granted(request->attempt);
    act([&](actions& out) { machine.lease_replied(request->attempt, reply, true, now, out); });
  }
  void renew(bool applied) {
    const auto request = books.take(action_kind::send_renew);
    if (!request) return;
    if (!applied) books.lease_over(request->attempt);
    act([&](actions& out) { machine.renew_replied(lease::step_reply{applied}, out); });
  }
  void fill(lease::fill_outcome outcome) {
    const auto request = books.take(action_kind::send_fill);
    if (!request) return;
    // The value is stored, so the entry is no longer a lease.
    if (outcome != lease::fill_outcome::refused) books.lease_over(request->attempt);
    act([&](actions& out) { machine.fill_replied(lease::fill_reply{outcome, {}}, true, out); });
  }
  void release(bool applied) {
    if (!books.take(action_kind::send_release)) return;
    act([&](actions& out) { machine.released(lease::step_reply{applied}, out); });
  }
  void mark(bool won, bool still_due = true) {
    const auto request = books.take(action_kind::send_refresh_mark);
    if (!request) return;
    if (won) books.mark_granted(request->attempt);
    act([&](actions& out) {
      machine.refresh_mark_replied(lease::refresh_mark_reply{won, {}}, still_due, now, out);
    });
  }
  void promote(bool applied) {
    const auto request = books.take(action_kind::send_promote);
    if (!request) return;
    if (applied) books.lease_granted(request->attempt);
    act([&](actions& out) { machine.promote_replied(lease::step_reply{applied}, out); });
  }
  void turn() {
    if (!std::exchange(is_turn_wanted, false)) books.complain("a turn that nobody wants");
    act([&](actions& out) { machine.turn_granted(now, out); });
  }
  void load_begins() {
    if (!std::exchange(is_offered, false)) books.complain("a lead that nobody offers");
    act([&](actions& out) { is_loading = machine.begin_load(now, out); });
  }
  void load_ends(load_outcome outcome) {
    if (!std::exchange(is_loading, false)) books.complain("no load runs");
    const bool in_time = machine.now_in() == flight::state::loading;
    act([&](actions& out) {
      if (outcome == load_outcome::threw) {
        machine.load_failed(entry::failure_class::threw, out);
      } else {
        machine.load_done(outcome == load_outcome::value, out);
      }
    });
    if (!in_time) return;
    books.ending_is(outcome == load_outcome::threw ? flight_outcome::failed_here
                                                   : flight_outcome::loaded);
  }
  void passes(milliseconds time) { time_is(now + time); }
  void time_is(steady_time at) {
    now = at;
    act([&](actions& out) { machine.on_time(now, out); });
    const auto due = machine.due();
    if (due && *due <= now) books.complain("a timer that has just run is due again");
  }
  void connection_lost() {
    act([&](actions& out) { machine.connection_lost(out); });
  }
  void invalidated() {
    act([&](actions& out) {
      machine.invalidated_here(out);
      machine.woken(out);
    });
  }
  void woken() {
    act([&](actions& out) { machine.woken(out); });
  }
  void holder_gone() {
    act([&](actions& out) { machine.holder_gone(out); });
  }
  /// Another server answers, or one that restarted from a snapshot: earlier grants are void.
  void server_replaced() {
    act([&](actions& out) { machine.server_replaced(out); });
    if (!machine.is_holder()) books.leases_void();
    books.marks_void();
  }
  void thread_missing() {
    act([&](actions& out) { machine.thread_missing(out); });
  }
  void turn_is_lent() {
    act([&](actions& out) { machine.turn_lent(now, out); });
    is_turn_wanted = is_turn_wanted && machine.now_in() == flight::state::queued;
  }
  void turn_is_refused() {
    if (!std::exchange(is_turn_wanted, false)) books.complain("a turn that nobody wants");
    books.turn_refused();
    act([&](actions& out) { machine.turn_refused(out); });
  }
  void turn_is_not_needed() {
    if (!std::exchange(is_turn_wanted, false)) books.complain("a turn that nobody wants");
    books.turn_refused();
    act([&](actions& out) { machine.turn_not_needed(out); });
  }
  void collapses() {
    act([&](actions& out) { machine.collapse(out); });
  }
  void drained() {
    act([&](actions& out) { machine.give_up_lease(out); });
  }
  void abandoned() {
    act([&](actions& out) { machine.abandoned(out); });
    if (machine.now_in() == flight::state::ended) is_offered = false;
  }

  [[nodiscard]] bool has_outstanding() const { return books.has_outstanding(); }

  /// The oldest request fails.
  void oldest_fails(const mishap& cause) {
    const action request = books.take_oldest();
    const fault why{cause.code, cause.name};
    const bool perhaps = cause.code == fault_code::unreachable && cause.is_available;
    act([&](actions& out) {
      switch (request.kind) {
        case action_kind::send_lease:
          if (perhaps) books.lease_granted(request.attempt);
          return machine.lease_replied(request.attempt, why, cause.is_available, now, out);
        case action_kind::send_renew: return machine.renew_replied(why, out);
        case action_kind::send_fill:
          if (request.other == request.attempt) books.lease_granted(request.attempt);
          return machine.fill_replied(why, cause.is_available, out);
        case action_kind::send_release:
          books.lease_granted(request.attempt);
          return machine.released(why, out);
        case action_kind::send_refresh_mark:
          books.mark_granted(request.attempt);
          return machine.refresh_mark_replied(why, false, now, out);
        case action_kind::send_promote:
          books.lease_granted(request.attempt);
          return machine.promote_replied(why, out);
        default: return;
      }
    });
  }

  /// From here on everything succeeds; or, with `always`, every request fails in that way.
  void runs_out(load_outcome load, const mishap* always) {
    for (int i = 0; i < 300; ++i) {
      if (has_outstanding()) {
        always != nullptr ? oldest_fails(*always) : oldest_succeeds();
      } else if (is_turn_wanted) {
        turn();
      } else if (is_offered) {
        load_begins();
      } else if (is_loading) {
        load_ends(load);
      } else if (machine.now_in() == flight::state::ended) {
        return check_accounts();
      } else if (const auto due = machine.due()) {
        time_is(std::max(now, *due));
      } else {
        return books.complain("waits for ever");
      }
    }
    books.complain("does not come to an end");
  }

  void check_accounts() { books.close(machine); }

 private:
  flight_settings settings() {
    return {.lease_ttl = lease_ttl, .load_max = load_max, .refused = {}, .new_token = [this] {
              return numbered(++last_token_);
            }};
  }

  template <class Event>
  void act(Event event) {
    fresh.clear();
    const bool was_ended = machine.now_in() == flight::state::ended;
    event(fresh);
    for (const action& requested : fresh) note(requested, was_ended);
    const bool is_ended = machine.now_in() == flight::state::ended;
    if (machine.now_in() != flight::state::offered) is_offered = false;
    if (!is_ended && !has_outstanding() && !is_turn_wanted && !is_offered && !is_loading &&
        !machine.due()) {
      books.complain("waits for ever after " + text_of(fresh));
    }
  }

  void note(const action& requested, bool was_ended) {
    books.add(requested, machine, was_ended);
    if (requested.kind == action_kind::want_turn) is_turn_wanted = true;
    if (requested.kind == action_kind::offer_lead) is_offered = true;
  }

  void oldest_succeeds() {
    switch (books.oldest()) {
      case action_kind::send_lease: return lease(answered(lease::lease_outcome::lead));
      case action_kind::send_renew: return renew(true);
      case action_kind::send_fill: return fill(lease::fill_outcome::stored);
      case action_kind::send_release: return release(true);
      case action_kind::send_refresh_mark: return mark(true);
      case action_kind::send_promote: return promote(true);
      default: return;
    }
  }

  unsigned last_token_ = 0;
};

}  // namespace drover::fetch::testing
