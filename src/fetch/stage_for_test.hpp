// SPDX-License-Identifier: MIT
// A stage for one flight: it plays shell and server, keeps account of every request, grant, mark
// and turn, and complains when the machine breaks a promise:
//   it ends exactly once; what was granted is settled (filled, failed, released or lost); a turn
//   goes back as often as it was asked for; a result that the loader brought in time is what the
//   flight ends with; and while it has not ended there is always something that will move it on.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fetch/flight.hpp"

namespace drover::fetch::testing {

inline entry::token numbered(unsigned number) {
  entry::token made;
  made.bytes.back() = static_cast<char>(number);
  return made;
}

inline std::string text_of(const entry::token& token) {
  return "#" + std::to_string(static_cast<unsigned char>(token.bytes.back()));
}

inline std::string text_of(const action& one) {
  constexpr const char* names[] = {"lease",       "renew",       "fill",         "failure",
                                   "release",     "uncacheable", "release_late", "mark",
                                   "mark_extend", "mark_pause",  "mark_release", "promote",
                                   "want_turn",   "return_turn", "offer_lead",   "lease_lost",
                                   "stop_load",   "let_go",      "finish"};
  std::string out = names[static_cast<std::size_t>(one.what)];
  if (one.what < action_kind::want_turn) out += " " + text_of(one.attempt);
  if (!one.other.is_none()) out += " over " + text_of(one.other);
  if (one.what == action_kind::let_go) out += " from " + std::to_string(one.from_stamp);
  if (one.what == action_kind::send_failure) out += " x" + std::to_string(one.attempts);
  return out;
}

inline std::string text_of(const actions& many) {
  std::string out;
  for (const action& one : many) out += (out.empty() ? "" : ", ") + text_of(one);
  return out;
}

inline std::string text_of(const ending& end) {
  constexpr const char* names[] = {"read",      "loaded",    "failed here", "failed elsewhere",
                                   "timed out", "dissolved", "not begun",   "saturated"};
  std::string out = names[static_cast<std::size_t>(end.what)];
  if (end.without_redis) out += " without redis";
  out += " for ";
  return out + (end.stamp_limit == UINT64_MAX ? "everyone"
                                              : "those before " + std::to_string(end.stamp_limit));
}

inline lease::lease_reply answered(lease::lease_reply::how what) {
  lease::lease_reply reply;
  reply.what = what;
  return reply;
}

/// How a request goes wrong.
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
  std::vector<std::string> complaints;
  bool is_offered = false;
  bool is_loading = false;
  bool is_turn_wanted = false;

  // --- events: each answers the oldest request of its kind, or complains that there is none
  template <class Begin>
  void begin(Begin how) {
    act(how);
  }
  void lease(lease::lease_reply reply) {
    const auto asked = take(action_kind::send_lease);
    if (!asked) return;
    if (reply.what == lease::lease_reply::how::lead) owed_leases_.insert(asked->attempt);
    act([&](actions& out) { machine.lease_replied(asked->attempt, reply, true, now, out); });
  }
  void renew(bool applied) {
    const auto asked = take(action_kind::send_renew);
    if (!asked) return;
    if (!applied) owed_leases_.erase(asked->attempt);
    act([&](actions& out) { machine.renew_replied(lease::step_reply{applied}, out); });
  }
  void fill(lease::fill_reply::how what) {
    const auto asked = take(action_kind::send_fill);
    if (!asked) return;
    // Stored: the entry is no lease any more, whatever it was.
    if (what != lease::fill_reply::how::refused) owed_leases_.erase(asked->attempt);
    act([&](actions& out) { machine.fill_replied(lease::fill_reply{what, {}}, true, out); });
  }
  void release(bool applied) {
    if (!take(action_kind::send_release)) return;
    act([&](actions& out) { machine.released(lease::step_reply{applied}, out); });
  }
  void mark(bool won, bool still_due = true) {
    const auto asked = take(action_kind::send_mark);
    if (!asked) return;
    if (won) owed_marks_.insert(asked->attempt);
    act([&](actions& out) {
      machine.mark_replied(lease::mark_reply{won, {}}, still_due, now, out);
    });
  }
  void promote(bool applied) {
    const auto asked = take(action_kind::send_promote);
    if (!asked) return;
    if (applied) owed_leases_.insert(asked->attempt);
    act([&](actions& out) { machine.promote_replied(lease::step_reply{applied}, out); });
  }
  void turn() {
    if (!std::exchange(is_turn_wanted, false)) complain("a turn that nobody wants");
    act([&](actions& out) { machine.turn_granted(now, out); });
  }
  void taken() {
    if (!std::exchange(is_offered, false)) complain("a lead that nobody offers");
    is_loading = true;
    machine.lead_taken();
  }
  void load_ends(load_outcome how) {
    if (!std::exchange(is_loading, false)) complain("no load runs");
    const bool in_time = machine.now_in() == flight::state::loading;
    act([&](actions& out) {
      if (how == load_outcome::threw) {
        machine.load_failed(entry::failure_class::threw, out);
      } else {
        machine.load_done(how == load_outcome::value, out);
      }
    });
    if (in_time)
      due_ending_ = how == load_outcome::threw ? ending::how::failed_here : ending::how::loaded;
  }
  void passes(milliseconds time) { time_is(now + time); }
  void time_is(steady_time at) {
    now = at;
    act([&](actions& out) { machine.on_time(now, out); });
    const auto due = machine.due();
    if (due && *due <= now) complain("a timer that has just run is due again");
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
  /// Another server, or a snapshot: of what was granted before nothing is owed.
  void server_replaced() {
    act([&](actions& out) { machine.server_replaced(out); });
    if (!machine.is_holder()) owed_leases_.clear();
    owed_marks_.clear();
  }
  void thread_missing() {
    act([&](actions& out) { machine.thread_missing(out); });
  }
  void turn_is_lent() {
    act([&](actions& out) { machine.turn_lent(now, out); });
    is_turn_wanted = is_turn_wanted && machine.now_in() == flight::state::queued;
  }
  void turn_is_refused() {
    if (!std::exchange(is_turn_wanted, false)) complain("a turn that nobody wants");
    ++turns_returned_;
    act([&](actions& out) { machine.turn_refused(out); });
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

  [[nodiscard]] bool has_outstanding() const { return !outstanding_.empty(); }

  /// The oldest request goes wrong.
  void oldest_fails(const mishap& how) {
    const action asked = outstanding_.front();
    outstanding_.pop_front();
    const fault why{how.code, how.name};
    const bool perhaps = how.code == fault_code::unreachable && how.is_available;
    act([&](actions& out) {
      switch (asked.what) {
        case action_kind::send_lease:
          if (perhaps) owed_leases_.insert(asked.attempt);
          return machine.lease_replied(asked.attempt, why, how.is_available, now, out);
        case action_kind::send_renew: return machine.renew_replied(why, out);
        case action_kind::send_fill:
          if (asked.other == asked.attempt) owed_leases_.insert(asked.attempt);
          return machine.fill_replied(why, how.is_available, out);
        case action_kind::send_release:
          owed_leases_.insert(asked.attempt);
          return machine.released(why, out);
        case action_kind::send_mark:
          owed_marks_.insert(asked.attempt);
          return machine.mark_replied(why, false, now, out);
        case action_kind::send_promote:
          owed_leases_.insert(asked.attempt);
          return machine.promote_replied(why, out);
        default: return;
      }
    });
  }

  /// Everything goes its usual way from here on; or, `always`, every request fails like that.
  void runs_out(load_outcome load, const mishap* always) {
    for (int i = 0; i < 300; ++i) {
      if (has_outstanding()) {
        always != nullptr ? oldest_fails(*always) : oldest_succeeds();
      } else if (is_turn_wanted) {
        turn();
      } else if (is_offered) {
        taken();
      } else if (is_loading) {
        load_ends(load);
      } else if (machine.now_in() == flight::state::ended) {
        return check_accounts();
      } else if (const auto due = machine.due()) {
        time_is(std::max(now, *due));
      } else {
        return complain("waits for ever");
      }
    }
    complain("does not come to an end");
  }

  void check_accounts() {
    if (finished_ != 1) complain("ended " + std::to_string(finished_) + " times");
    for (const auto& token : owed_leases_) complain("lease " + text_of(token) + " is left over");
    for (const auto& token : owed_marks_) complain("mark " + text_of(token) + " is left over");
    if (turns_wanted_ != turns_returned_) complain("turns wanted and returned differ");
    if (due_ending_ && machine.end().what != *due_ending_) {
      complain("the load's result is lost: " + text_of(machine.end()));
    }
    if (machine.due()) complain("an ended flight wants to be called");
  }

 private:
  flight_settings settings() {
    return {.lease_ttl = lease_ttl, .load_max = load_max, .refused = {}, .new_token = [this] {
              return numbered(++last_token_);
            }};
  }

  void complain(std::string what) { complaints.push_back(std::move(what)); }

  std::optional<action> take(action_kind what) {
    const auto at = std::find_if(outstanding_.begin(), outstanding_.end(),
                                 [&](const action& one) { return one.what == what; });
    if (at == outstanding_.end()) {
      complain("nothing was sent that this answers");
      return std::nullopt;
    }
    const action asked = *at;
    outstanding_.erase(at);
    return asked;
  }

  template <class Event>
  void act(Event event) {
    fresh.clear();
    const bool was_ended = machine.now_in() == flight::state::ended;
    event(fresh);
    for (const action& one : fresh) note(one, was_ended);
    const bool is_ended = machine.now_in() == flight::state::ended;
    if (machine.now_in() != flight::state::offered) is_offered = false;
    if (!is_ended && !has_outstanding() && !is_turn_wanted && !is_offered && !is_loading &&
        !machine.due()) {
      complain("waits for ever after " + text_of(fresh));
    }
  }

  void note(const action& one, bool was_ended) {
    switch (one.what) {
      case action_kind::send_lease: owed_leases_.erase(one.other); break;
      case action_kind::send_fill:
        if (one.other == one.attempt) owed_leases_.erase(one.attempt);
        break;
      case action_kind::send_failure:
      case action_kind::send_release:
      case action_kind::send_release_late: owed_leases_.erase(one.attempt); break;
      case action_kind::send_mark_pause:
      case action_kind::send_mark_release: owed_marks_.erase(one.attempt); break;
      case action_kind::lease_lost: owed_leases_.erase(machine.held()); break;
      case action_kind::want_turn:
        is_turn_wanted = true;
        ++turns_wanted_;
        break;
      case action_kind::return_turn: ++turns_returned_; break;
      case action_kind::offer_lead: is_offered = true; break;
      case action_kind::finish: ++finished_; break;
      default: break;
    }
    const bool has_reply =
        one.what == action_kind::send_lease || one.what == action_kind::send_renew ||
        one.what == action_kind::send_fill || one.what == action_kind::send_release ||
        one.what == action_kind::send_mark || one.what == action_kind::send_promote;
    if (has_reply) outstanding_.push_back(one);
    const bool is_late =
        one.what == action_kind::send_release_late || one.what == action_kind::send_mark_release;
    if (was_ended && !is_late) complain("after its end: " + text_of(one));
  }

  void oldest_succeeds() {
    switch (outstanding_.front().what) {
      case action_kind::send_lease: return lease(answered(lease::lease_reply::how::lead));
      case action_kind::send_renew: return renew(true);
      case action_kind::send_fill: return fill(lease::fill_reply::how::stored);
      case action_kind::send_release: return release(true);
      case action_kind::send_mark: return mark(true);
      case action_kind::send_promote: return promote(true);
      default: return;
    }
  }

  unsigned last_token_ = 0;
  std::deque<action> outstanding_;
  std::set<entry::token> owed_leases_;
  std::set<entry::token> owed_marks_;
  int turns_wanted_ = 0;
  int turns_returned_ = 0;
  int finished_ = 0;
  std::optional<ending::how> due_ending_;
};

}  // namespace drover::fetch::testing
