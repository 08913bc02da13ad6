// SPDX-License-Identifier: MIT
// A world of two processes with callers and flights, one small server, and one origin. The value of
// the origin is a version number; each change is followed by an invalidation. Every possible next
// step is a choice.
//
// It checks that no caller gets a version older than an invalidation that was complete when the
// caller began (R1-R3); that nothing older is stored; that every caller gets an answer; that every
// flight ends; that no lease is left behind; and that there is at most one load for each cold
// start, invalidation, ended lease and mishap.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "fetch/callers_for_test.hpp"
#include "fetch/choices_for_test.hpp"
#include "fetch/processes_for_test.hpp"

namespace drover::fetch::testing {

struct world_settings {
  std::array<std::size_t, 2> callers{1, 1};
  /// Callers that begin once an invalidation is complete.
  std::array<std::size_t, 2> late_callers{};
  /// The run begins with a servable stale entry; otherwise with no entry.
  bool starts_stale = false;
  int invalidations = 0;
  bool by_process_0 = false;  ///< process 0 sends the invalidations; otherwise another process does
  int connections_lost = 0;
  int crashes = 0;  ///< crashes of process 1
  int callers_leave = 0;
  int early_ticks = 0;  ///< ticks of the clock while other steps are possible
  bool loads_may_fail = false;
  bool may_not_store = false;
  bool wire_last = false;  ///< messages move last; by default callers act before messages move
};

class world {
 public:
  world(const world_settings& settings, choices& chosen) : settings_{settings}, choices_{chosen} {
    for (std::size_t p = 0; p < 2; ++p) {
      for (std::size_t i = 0; i < settings.callers[p]; ++i) callers_.all.push_back({.process = p});
      for (std::size_t i = 0; i < settings.late_callers[p]; ++i) {
        callers_.all.push_back({.process = p, .is_late = true});
      }
    }
    if (settings.starts_stale) {
      processes_.server.held =
          small_server::stored{entry::kind::value, numbered(200), 0,
                               processes_.server.now + std::chrono::seconds{60}, true};
      callers_.servable_until = processes_.server.held->until;
    }
  }
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  /// Runs the world. Returns what is wrong, or an empty text.
  [[nodiscard]] std::string run() {
    for (int i = 0; i < 400; ++i) {
      const std::vector<step> next = steps();
      if (next.empty()) return at_the_end();
      perform(next[choices_.pick(next.size())]);
      if (!callers_.wrong.empty()) return callers_.wrong + story();
      if (processes_.server.stored_below_floor) {
        return "stored a version older than an invalidation" + story();
      }
    }
    return "goes on for ever" + story();
  }

 private:
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
    move kind;
    std::size_t which;
  };

  // --- the possible next steps, the usual one first
  std::vector<step> steps() {
    std::vector<step> out;
    for (std::size_t i = 0; i < callers_.all.size(); ++i) {
      if (callers_.all[i].is_late) caller_steps(i, out);
    }
    for (std::size_t p = 0; p < 2; ++p) {
      if (!processes_.is_alive[p]) continue;
      if (!processes_.pipe[p].empty() && !processes_.pipe[p].back().is_done)
        out.push_back({move::execute, p});
      if (!processes_.pipe[p].empty() && processes_.pipe[p].front().is_done)
        out.push_back({move::deliver, p});
      if (processes_.server.has_push[p]) out.push_back({move::push, p});
    }
    for (std::size_t i = 0; i < callers_.all.size(); ++i) {
      if (!callers_.all[i].is_late) caller_steps(i, out);
    }
    for (std::size_t i = 0; i < processes_.flights.size(); ++i) flight_steps(i, out);
    if (changes_ < settings_.invalidations && changes_ == sent_) out.push_back({move::change, 0});
    if (sent_ < changes_) out.insert(out.begin(), {move::invalidate, 0});
    if (settings_.wire_last) std::reverse(out.begin(), out.end());
    const bool is_busy = !out.empty();
    if (ended() && !is_busy) return out;
    if (processes_.next_due() && (!is_busy || ticks_ < settings_.early_ticks))
      out.push_back({move::tick, is_busy});
    if (is_busy) {
      for (std::size_t p = 0; p < 2; ++p) {
        if (!processes_.is_alive[p] || lost_ >= settings_.connections_lost ||
            processes_.pipe[p].empty())
          continue;
        out.push_back({move::lose_connection, p});
        out.push_back({move::lose_unsent, p});
      }
      if (crashed_ < settings_.crashes) out.push_back({move::crash, 1});
    }
    return out;
  }

  void caller_steps(std::size_t i, std::vector<step>& out) {
    const caller& waiter = callers_.all[i];
    if (!processes_.is_alive[waiter.process]) return;
    switch (waiter.now_in) {
      case caller::state::idle:
        if (!waiter.is_late || processes_.completed > 0) out.push_back({move::begin, i});
        return;
      case caller::state::got: out.push_back({move::act, i}); return;
      case caller::state::joined: {
        const bool has_ended = waiter.on->machine.now_in() == flight::state::ended;
        if (has_ended || waiter.stamp >= waiter.on->let_go_from) {
          out.push_back({move::wake, i});
        } else if (waiter.on->is_offered && !waiter.on->in_background) {
          out.push_back({move::lead, i});
        }
        if (left_ < settings_.callers_leave) out.push_back({move::leave, i});
        return;
      }
      case caller::state::leading:
      case caller::state::gone: return;
    }
  }

  void flight_steps(std::size_t i, std::vector<step>& out) {
    const live& shell_flight = *processes_.flights[i];
    if (!processes_.is_alive[shell_flight.process]) return;
    if (shell_flight.is_offered && shell_flight.in_background)
      out.push_back({move::lead, callers_.all.size() + i});
    if (shell_flight.is_loading) {
      out.push_back({move::load_ends, i});
      if (settings_.loads_may_fail) out.push_back({move::load_fails, i});
      if (settings_.may_not_store) out.push_back({move::not_stored, i});
    }
    if (shell_flight.machine.holder_client_id() != 0 &&
        !processes_.is_alive[1 - shell_flight.process]) {
      out.push_back({move::holder_gone, i});
    }
  }

  void perform(step next) {
    steps_taken_.push_back(next);
    const std::size_t i = next.which;
    switch (next.kind) {
      case move::execute: return processes_.execute(i);
      case move::deliver: return processes_.deliver(i);
      case move::push: processes_.server.has_push[i] = false; return processes_.wake_flights(i);
      case move::wake: return callers_.wake(callers_.all[i]);
      case move::lead: return callers_.lead(i);
      case move::load_ends: return callers_.load_ends(processes_.flights[i], load_end::stored);
      case move::load_fails: return callers_.load_ends(processes_.flights[i], load_end::threw);
      case move::not_stored: return callers_.load_ends(processes_.flights[i], load_end::not_stored);
      case move::act: return callers_.act(callers_.all[i]);
      case move::begin: return callers_.begin(callers_.all[i]);
      case move::change:
        ++changes_;
        ++callers_.origin;
        return;
      case move::invalidate: return invalidate();
      case move::tick: return tick(i != 0);
      case move::lose_connection:
      case move::lose_unsent:
        ++lost_;
        return processes_.lose_connection(i, next.kind == move::lose_connection);
      case move::crash:
        ++crashed_;
        processes_.is_alive[1] = false;
        return;
      case move::holder_gone:
        return processes_.on(processes_.flights[i],
                             [](flight& machine, actions& out) { machine.holder_gone(out); });
      case move::leave:
        ++left_;
        callers_.leave(callers_.all[i]);
        callers_.all[i].now_in = caller::state::gone;
        return;
    }
  }

  void invalidate() {
    ++sent_;
    if (!settings_.by_process_0) {
      processes_.server.invalidate(changes_, 2);
      processes_.completed = changes_;
      return;
    }
    processes_.key_was_invalidated(0);
    processes_.pipe[0].push_back(
        {.target = nullptr, .todo = {.kind = action_kind::finish}, .version = changes_});
  }

  // --- time
  void tick(bool is_early) {
    if (is_early) ++ticks_;
    ++processes_.gone_wrong;  // a lease may end because of it
    processes_.timers_run();
  }

  // --- the account
  bool ended() const {
    for (const live_ptr& target : processes_.flights) {
      if (processes_.is_alive[target->process] && target->machine.now_in() != flight::state::ended)
        return false;
    }
    for (const caller& waiter : callers_.all) {
      if (processes_.is_alive[waiter.process] && waiter.now_in != caller::state::gone) return false;
    }
    return true;
  }

  std::string at_the_end() const {
    if (!ended()) return "somebody waits for ever" + story();
    const bool is_pending =
        processes_.server.held && processes_.server.held->kind == entry::kind::pending;
    if (is_pending && crashed_ == 0 && lost_ == 0) return "a lease is left behind" + story();
    if (processes_.server.mark && crashed_ == 0 && lost_ == 0)
      return "a mark is left behind" + story();
    const int allowed = 1 + changes_ + processes_.gone_wrong + crashed_ + left_;
    if (callers_.loads > allowed) return std::to_string(callers_.loads) + " loads" + story();
    return {};
  }

  std::string story() const {
    constexpr const char* names[] = {
        "execute",    "deliver",         "push",        "wake",       "lead",        "load ends",
        "act",        "begin",           "change",      "invalidate", "tick",        "load fails",
        "not stored", "lose connection", "lose unsent", "crash",      "holder gone", "leave"};
    std::string out = ":";
    for (const step& taken_step : steps_taken_) {
      out += std::string{" "} + names[static_cast<std::size_t>(taken_step.kind)] + " " +
             std::to_string(taken_step.which) + ";";
    }
    return out;
  }

  const world_settings settings_;
  choices& choices_;
  processes processes_;
  callers callers_{processes_};
  int changes_ = 0;
  int sent_ = 0;
  int lost_ = 0;
  int crashed_ = 0;
  int left_ = 0;
  int ticks_ = 0;
  std::vector<step> steps_taken_;
};

}  // namespace drover::fetch::testing
