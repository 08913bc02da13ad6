// SPDX-License-Identifier: MIT
// A world of two processes with callers and flights, one small server, one origin whose value is a
// version number, and somebody who changes it and invalidates. Every step that could come next is a
// choice.
//
// What it checks: nobody who began after a completed invalidation gets an older version (R1-R3);
// nothing older is stored; everybody is answered; every flight ends; no lease is left behind; and
// there is no more than one load for each cold start, invalidation, ended lease and thing gone
// wrong.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fetch/choices_for_test.hpp"
#include "fetch/server_for_test.hpp"
#include "fetch/stage_for_test.hpp"

namespace drover::fetch::testing {

struct world_settings {
  std::array<std::size_t, 2> callers{1, 1};
  std::array<std::size_t, 2> late_callers{};  ///< begin once an invalidation is complete
  bool starts_stale = false;                  ///< a stale entry that can be served, else nothing
  int invalidations = 0;
  bool by_process_0 = false;  ///< the invalidations; else somebody else's
  int connections_lost = 0;
  int crashes = 0;  ///< of process 1
  int callers_leave = 0;
  int early_ticks = 0;  ///< time passes although there is something to do
  bool loads_may_fail = false;
  bool may_not_store = false;
  bool wire_last = false;  ///< usually people act before anything is sent, executed or told
};

class world {
 public:
  world(const world_settings& with, choices& chosen) : with_{with}, choices_{chosen} {
    for (std::size_t p = 0; p < 2; ++p) {
      for (std::size_t i = 0; i < with.callers[p]; ++i) callers_.push_back({.process = p});
      for (std::size_t i = 0; i < with.late_callers[p]; ++i) {
        callers_.push_back({.process = p, .is_late = true});
      }
    }
    if (with.starts_stale) {
      server_.held = small_server::stored{entry::kind::value, numbered(200), 0,
                                          server_.now + std::chrono::seconds{60}, true};
      servable_until_ = server_.held->until;
    }
  }
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  /// What is wrong, or nothing.
  [[nodiscard]] std::string run() {
    for (int i = 0; i < 400; ++i) {
      const std::vector<step> next = steps();
      if (next.empty()) return at_the_end();
      perform(next[choices_.pick(next.size())]);
      if (!wrong_.empty()) return wrong_ + told();
    }
    return "goes on for ever" + told();
  }

 private:
  struct live {
    live(flight_settings with, std::size_t in) : machine{std::move(with)}, process{in} {}
    flight machine;
    std::size_t process;
    bool is_offered = false;
    bool is_loading = false;
    bool is_led_by_caller = false;
    bool in_background = false;
    std::size_t waiters = 0;
    std::uint64_t let_go_from = UINT64_MAX;
    int loaded_version = -1;
    int read_version = -1;
  };
  using live_ptr = std::shared_ptr<live>;

  struct caller {
    std::size_t process = 0;
    bool is_late = false;
    enum class state { idle, got, aboard, leading, gone } now_in = state::idle;
    bool began = false;
    int floor = 0;  ///< the last invalidation completed before it began
    std::optional<small_server::stored> got{};
    live_ptr on{};
    std::uint64_t stamp = 0;
  };

  struct request {
    live_ptr of{};  ///< none: an invalidation
    action what{};
    bool is_done = false;
    lease::lease_reply lease{};
    int version = -1;
    bool applied = false;
    lease::fill_reply::how filled = lease::fill_reply::how::refused;
  };

  enum class move {
    execute,
    deliver,
    push,
    wake,
    lead,
    load_ends,
    act,
    begin,
    change,
    invalidate,
    tick,
    load_fails,
    not_stored,
    lose_connection,
    lose_unsent,
    crash,
    holder_gone,
    leave,
  };
  struct step {
    move what;
    std::size_t which;
  };

  // --- what may come next, the usual first
  std::vector<step> steps() {
    std::vector<step> out;
    for (std::size_t i = 0; i < callers_.size(); ++i) {
      if (callers_[i].is_late) caller_steps(i, out);
    }
    for (std::size_t p = 0; p < 2; ++p) {
      if (!is_alive_[p]) continue;
      if (!pipe_[p].empty() && !pipe_[p].back().is_done) out.push_back({move::execute, p});
      if (!pipe_[p].empty() && pipe_[p].front().is_done) out.push_back({move::deliver, p});
      if (server_.has_push[p]) out.push_back({move::push, p});
    }
    for (std::size_t i = 0; i < callers_.size(); ++i) {
      if (!callers_[i].is_late) caller_steps(i, out);
    }
    for (std::size_t i = 0; i < flights_.size(); ++i) flight_steps(i, out);
    if (changes_ < with_.invalidations && changes_ == sent_) out.push_back({move::change, 0});
    if (sent_ < changes_) out.insert(out.begin(), {move::invalidate, 0});
    if (with_.wire_last) std::reverse(out.begin(), out.end());
    const bool is_busy = !out.empty();
    if (ended() && !is_busy) return out;
    if (next_due() && (!is_busy || ticks_ < with_.early_ticks))
      out.push_back({move::tick, is_busy});
    if (is_busy) {
      for (std::size_t p = 0; p < 2; ++p) {
        if (!is_alive_[p] || lost_ >= with_.connections_lost || pipe_[p].empty()) continue;
        out.push_back({move::lose_connection, p});
        out.push_back({move::lose_unsent, p});
      }
      if (crashed_ < with_.crashes) out.push_back({move::crash, 1});
    }
    return out;
  }

  void caller_steps(std::size_t i, std::vector<step>& out) {
    const caller& one = callers_[i];
    if (!is_alive_[one.process]) return;
    switch (one.now_in) {
      case caller::state::idle:
        if (!one.is_late || completed_ > 0) out.push_back({move::begin, i});
        return;
      case caller::state::got: out.push_back({move::act, i}); return;
      case caller::state::aboard: {
        const bool has_ended = one.on->machine.now_in() == flight::state::ended;
        if (has_ended || one.stamp >= one.on->let_go_from) {
          out.push_back({move::wake, i});
        } else if (one.on->is_offered && !one.on->in_background) {
          out.push_back({move::lead, i});
        }
        if (left_ < with_.callers_leave) out.push_back({move::leave, i});
        return;
      }
      case caller::state::leading:
      case caller::state::gone: return;
    }
  }

  void flight_steps(std::size_t i, std::vector<step>& out) {
    const live& one = *flights_[i];
    if (!is_alive_[one.process]) return;
    if (one.is_offered && one.in_background) out.push_back({move::lead, callers_.size() + i});
    if (one.is_loading) {
      out.push_back({move::load_ends, i});
      if (with_.loads_may_fail) out.push_back({move::load_fails, i});
      if (with_.may_not_store) out.push_back({move::not_stored, i});
    }
    if (one.machine.holder_client_id() != 0 && !is_alive_[1 - one.process]) {
      out.push_back({move::holder_gone, i});
    }
  }

  void perform(step what) {
    told_.push_back(what);
    const std::size_t i = what.which;
    switch (what.what) {
      case move::execute: return execute(i);
      case move::deliver: return deliver(i);
      case move::push: server_.has_push[i] = false; return wake_flights(i);
      case move::wake: return wake(callers_[i]);
      case move::lead: return lead(i);
      case move::load_ends:
      case move::load_fails:
      case move::not_stored: return load_ends(flights_[i], what.what);
      case move::act: return act(callers_[i]);
      case move::begin: return begin(callers_[i]);
      case move::change:
        ++changes_;
        ++origin_;
        return;
      case move::invalidate: return invalidate();
      case move::tick: return tick(i != 0);
      case move::lose_connection: return lose_connection(i, true);
      case move::lose_unsent: return lose_connection(i, false);
      case move::crash:
        ++crashed_;
        is_alive_[1] = false;
        return;
      case move::holder_gone:
        return on(flights_[i], [](flight& machine, actions& out) { machine.holder_gone(out); });
      case move::leave:
        ++left_;
        leave(callers_[i]);
        callers_[i].now_in = caller::state::gone;
        return;
    }
  }

  // --- the shell
  template <class Event>
  void on(const live_ptr& of, Event event) {
    actions asked;
    event(of->machine, asked);
    for (const action& one : asked) carry_out(of, one);
  }

  void carry_out(const live_ptr& of, const action& one) {
    if (one.what < action_kind::want_turn) {
      pipe_[of->process].push_back({.of = of, .what = one});
      return;
    }
    switch (one.what) {
      case action_kind::want_turn:
        return on(of,
                  [&](flight& machine, actions& out) { machine.turn_granted(server_.now, out); });
      case action_kind::offer_lead:
        if (of->waiters == 0 && !of->in_background) {
          return on(of, [](flight& machine, actions& out) { machine.abandoned(out); });
        }
        of->is_offered = true;
        return;
      case action_kind::let_go: of->let_go_from = one.from_stamp; return;
      case action_kind::finish: return wake_flights(of->process);
      default: return;
    }
  }

  void wake_flights(std::size_t process) {
    for (const live_ptr& one : std::vector<live_ptr>{flights_}) {
      if (one->process != process) continue;
      on(one, [](flight& machine, actions& out) { machine.woken(out); });
    }
  }

  void key_was_invalidated(std::size_t process) {
    for (const live_ptr& one : std::vector<live_ptr>{flights_}) {
      if (one->process != process) continue;
      on(one, [](flight& machine, actions& out) {
        machine.invalidated_here(out);
        machine.woken(out);
      });
    }
  }

  void begin(caller& one) {
    if (!std::exchange(one.began, true)) one.floor = completed_;
    one.got = server_.held;
    one.now_in = caller::state::got;
  }

  void act(caller& one) {
    const bool is_live =
        one.got && one.got->what == entry::kind::value && one.got->until > server_.now;
    if (is_live) {
      if (one.got->is_stale && !open_flight(one.process)) {
        const live_ptr made = new_flight(one.process);
        made->in_background = true;
        on(made, [&](flight& machine, actions& out) {
          machine.start_refresh(one.got->token, servable_until_, out);
        });
      }
      return answer(one, one.got->version, "its own GET");
    }
    one.on = open_flight(one.process);
    const bool is_new = !one.on;
    if (is_new) one.on = new_flight(one.process);
    one.stamp = one.on->machine.stamp();
    ++one.on->waiters;
    one.now_in = caller::state::aboard;
    if (is_new) on(one.on, [](flight& machine, actions& out) { machine.start_cold(out); });
  }

  void wake(caller& one) {
    const live_ptr was = one.on;
    const ending& end = was->machine.end();
    leave(one);
    one.now_in = caller::state::idle;
    if (was->machine.now_in() != flight::state::ended || !end.is_for(one.stamp)) return;
    switch (end.what) {
      case ending::how::read: return answer(one, was->read_version, "a LEASE");
      case ending::how::loaded: return answer(one, was->loaded_version, "a load it joined");
      case ending::how::failed_here:
      case ending::how::failed_elsewhere:
      case ending::how::timed_out: one.now_in = caller::state::gone; return;
      case ending::how::dissolved:
      case ending::how::not_begun:
      case ending::how::saturated: return;
    }
  }

  void leave(caller& one) {
    const live_ptr was = std::exchange(one.on, nullptr);
    --was->waiters;
    if (was->waiters > 0 || was->in_background) return;
    on(was, [](flight& machine, actions& out) { machine.abandoned(out); });
    if (was->machine.now_in() == flight::state::ended) was->is_offered = false;
  }

  void lead(std::size_t who) {
    const bool is_caller = who < callers_.size();
    const live_ptr of = is_caller ? callers_[who].on : flights_[who - callers_.size()];
    of->is_offered = false;
    of->machine.lead_taken();
    of->is_loading = true;
    of->loaded_version = origin_;
    ++loads_;
    if (is_caller) callers_[who].now_in = caller::state::leading;
  }

  void load_ends(const live_ptr& of, move how) {
    of->is_loading = false;
    on(of, [&](flight& machine, actions& out) {
      if (how == move::load_fails) {
        ++gone_wrong_;
        machine.load_failed(entry::failure_class::threw, out);
      } else {
        if (how == move::not_stored) ++gone_wrong_;
        machine.load_done(how == move::load_ends, out);
      }
    });
    for (caller& one : callers_) {
      if (one.on != of || one.now_in != caller::state::leading) continue;
      leave(one);
      if (how == move::load_fails) {
        one.now_in = caller::state::gone;
      } else {
        answer(one, of->loaded_version, "its own load");
      }
    }
  }

  void answer(caller& one, int version, const char* by) {
    one.now_in = caller::state::gone;
    if (version < one.floor) {
      wrong_ = "got version " + std::to_string(version) + " after invalidation " +
               std::to_string(one.floor) + ", by " + by;
    }
  }

  void invalidate() {
    ++sent_;
    if (!with_.by_process_0) {
      server_.invalidate(changes_, 2);
      completed_ = changes_;
      return;
    }
    key_was_invalidated(0);
    pipe_[0].push_back({.of = nullptr, .what = {.what = action_kind::finish}, .version = changes_});
  }

  live_ptr open_flight(std::size_t process) {
    for (const live_ptr& one : flights_) {
      if (one->process == process && one->machine.is_open()) return one;
    }
    return nullptr;
  }

  live_ptr new_flight(std::size_t process) {
    flights_.push_back(std::make_shared<live>(
        flight_settings{.lease_ttl = small_server::lease_ttl,
                        .load_max = std::chrono::seconds{30},
                        .refused = {},
                        .new_token = [this] { return numbered(++last_token_); }},
        process));
    return flights_.back();
  }

  // --- the wire
  void execute(std::size_t p) {
    for (request& one : pipe_[p]) {
      if (!one.is_done) return execute(one, p);
    }
  }

  void execute(request& one, std::size_t p) {
    one.is_done = true;
    if (!one.of) {
      server_.invalidate(one.version, p);
      return;
    }
    switch (one.what.what) {
      case action_kind::send_lease: one.lease = server_.lease(one.what, p, one.version); return;
      case action_kind::send_renew: one.applied = server_.renew(one.what, p); return;
      case action_kind::send_fill:
        one.filled = server_.fill(one.what, one.of->loaded_version, p);
        if (server_.stored_below_floor) wrong_ = "stored a version older than an invalidation";
        return;
      case action_kind::send_failure: server_.fail(one.what, p); return;
      case action_kind::send_release:
      case action_kind::send_release_late: one.applied = server_.release(one.what, p); return;
      case action_kind::send_mark: {
        one.applied = server_.take_mark(one.what);
        const auto& held = server_.held;
        one.version = held && held->what == entry::kind::value && held->token == numbered(200);
        return;
      }
      case action_kind::send_mark_pause:
      case action_kind::send_mark_release: server_.release_mark(one.what); return;
      case action_kind::send_promote: one.applied = server_.promote(one.what, p); return;
      default: return;
    }
  }

  void deliver(std::size_t p) {
    const request one = std::move(pipe_[p].front());
    pipe_[p].pop_front();
    tell(one, p, std::nullopt);
  }

  void tell(const request& one, std::size_t p, const std::optional<fault>& why) {
    if (!one.of) {
      if (why) {  // kept in the journal, and sent again
        pipe_[p].push_back({.of = nullptr, .what = one.what, .version = one.version});
        return;
      }
      key_was_invalidated(p);
      completed_ = one.version;
      return;
    }
    using lease::step_reply;
    const auto applied = [&]() -> result<step_reply> {
      if (why) return *why;
      return step_reply{one.applied};
    };
    on(one.of, [&](flight& machine, actions& out) {
      switch (one.what.what) {
        case action_kind::send_lease:
          if (machine.now_in() == flight::state::asking) one.of->read_version = one.version;
          return machine.lease_replied(one.what.attempt,
                                       why ? result<lease::lease_reply>{*why} : one.lease, true,
                                       server_.now, out);
        case action_kind::send_renew: return machine.renew_replied(applied(), out);
        case action_kind::send_fill:
          return machine.fill_replied(
              why ? result<lease::fill_reply>{*why} : lease::fill_reply{one.filled, {}}, true, out);
        case action_kind::send_release: return machine.released(applied(), out);
        case action_kind::send_mark:
          return machine.mark_replied(
              why ? result<lease::mark_reply>{*why} : lease::mark_reply{one.applied, {}},
              one.version != 0, server_.now, out);
        case action_kind::send_promote: return machine.promote_replied(applied(), out);
        default: return;
      }
    });
    if (one.what.what == action_kind::send_release_late ||
        one.what.what == action_kind::send_promote) {
      wake_flights(p);
    }
  }

  // All that was sent may have been executed, or nothing; the replies are lost in any case.
  void lose_connection(std::size_t p, bool was_executed) {
    ++lost_;
    ++gone_wrong_;
    std::deque<request> old;
    for (request& one : pipe_[p]) {
      if (was_executed && !one.is_done) execute(one, p);
    }
    old.swap(pipe_[p]);
    const fault why{fault_code::unreachable, "lost"};
    for (const request& one : old) tell(one, p, why);
    server_.is_armed[p] = server_.has_push[p] = false;
    for (const live_ptr& one : std::vector<live_ptr>{flights_}) {
      if (one->process != p) continue;
      on(one, [](flight& machine, actions& out) { machine.connection_lost(out); });
    }
    for (const live_ptr& one : flights_) {  // leases first: they name a connection that is gone
      if (one->process != p || !one->machine.is_holder()) continue;
      pipe_[p].push_front(
          {.of = one, .what = {.what = action_kind::send_renew, .attempt = one->machine.held()}});
    }
  }

  // --- time
  std::optional<steady_time> next_due() const {
    std::optional<steady_time> first;
    for (const live_ptr& one : flights_) {
      const auto due = is_alive_[one->process] ? one->machine.due() : std::nullopt;
      if (due && (!first || *due < *first)) first = due;
    }
    return first;
  }

  void tick(bool is_early) {
    if (is_early) ++ticks_;
    ++gone_wrong_;  // a lease may end by it
    server_.now = std::max(server_.now, *next_due());
    for (const live_ptr& one : std::vector<live_ptr>{flights_}) {
      const auto due = is_alive_[one->process] ? one->machine.due() : std::nullopt;
      if (!due || *due > server_.now) continue;
      on(one, [&](flight& machine, actions& out) { machine.on_time(server_.now, out); });
    }
  }

  // --- the account
  bool ended() const {
    for (const live_ptr& one : flights_) {
      if (is_alive_[one->process] && one->machine.now_in() != flight::state::ended) return false;
    }
    for (const caller& one : callers_) {
      if (is_alive_[one.process] && one.now_in != caller::state::gone) return false;
    }
    return true;
  }

  std::string at_the_end() const {
    if (!ended()) return "somebody waits for ever" + told();
    const bool is_pending = server_.held && server_.held->what == entry::kind::pending;
    if (is_pending && crashed_ == 0 && lost_ == 0) return "a lease is left behind" + told();
    if (server_.mark && crashed_ == 0 && lost_ == 0) return "a mark is left behind" + told();
    const int allowed = 1 + changes_ + gone_wrong_ + crashed_ + left_;
    if (loads_ > allowed) return std::to_string(loads_) + " loads" + told();
    return {};
  }

  std::string told() const {
    constexpr const char* names[] = {
        "execute",    "deliver",         "push",        "wake",       "lead",        "load ends",
        "act",        "begin",           "change",      "invalidate", "tick",        "load fails",
        "not stored", "lose connection", "lose unsent", "crash",      "holder gone", "leave"};
    std::string out = ":";
    for (const step& one : told_) {
      out += std::string{" "} + names[static_cast<std::size_t>(one.what)] + " " +
             std::to_string(one.which) + ";";
    }
    return out;
  }

  const world_settings with_;
  choices& choices_;
  small_server server_;
  steady_time servable_until_{};
  std::array<std::deque<request>, 2> pipe_;
  std::array<bool, 2> is_alive_{true, true};
  std::vector<live_ptr> flights_;
  std::vector<caller> callers_;
  int origin_ = 0;
  int changes_ = 0;
  int sent_ = 0;
  int completed_ = 0;
  int loads_ = 0;
  int lost_ = 0;
  int crashed_ = 0;
  int left_ = 0;
  int ticks_ = 0;
  int gone_wrong_ = 0;
  unsigned last_token_ = 0;
  std::string wrong_;
  std::vector<step> told_;
};

}  // namespace drover::fetch::testing
