// SPDX-License-Identifier: MIT
// The callers of two processes. Each caller reads the entry, joins or leads a flight, and gets an
// answer. It complains when the answer is older than an invalidation that was complete when the
// caller began.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fetch/processes_for_test.hpp"

namespace drover::fetch::testing {

struct caller {
  std::size_t process = 0;
  bool is_late = false;
  enum class state { idle, got, joined, leading, gone } now_in = state::idle;
  bool began = false;
  int floor = 0;  ///< the last invalidation that was complete when the caller began
  std::optional<small_server::stored> got{};
  live_ptr on{};
  std::uint64_t stamp = 0;
};

/// How a load ends.
enum class load_end { stored, not_stored, threw };

class callers {
 public:
  explicit callers(processes& world_processes) : processes_{world_processes} {}

  std::vector<caller> all;
  int origin = 0;  ///< the version that a load reads now
  int loads = 0;
  std::string wrong;
  steady_time servable_until{};

  void begin(caller& member) {
    if (!std::exchange(member.began, true)) member.floor = processes_.completed;
    member.got = processes_.server.held;
    member.now_in = caller::state::got;
  }

  void act(caller& member) {
    const bool is_live = member.got && member.got->kind == entry::kind::value &&
                         member.got->until > processes_.server.now;
    if (is_live) {
      if (member.got->is_stale && !processes_.open_flight(member.process)) {
        const live_ptr refresh = processes_.new_flight(member.process);
        refresh->in_background = true;
        processes_.on(refresh, [&](flight& machine, actions& out) {
          machine.start_refresh(member.got->token, servable_until, out);
        });
      }
      return answer(member, member.got->version, "its own GET");
    }
    member.on = processes_.open_flight(member.process);
    const bool is_new = !member.on;
    if (is_new) member.on = processes_.new_flight(member.process);
    member.stamp = member.on->machine.stamp(processes_.server.now);
    ++member.on->waiters;
    member.now_in = caller::state::joined;
    if (is_new)
      processes_.on(member.on, [](flight& machine, actions& out) { machine.start_cold(out); });
  }

  void wake(caller& member) {
    const live_ptr was = member.on;
    const ending& end = was->machine.end();
    leave(member);
    member.now_in = caller::state::idle;
    if (was->machine.now_in() != flight::state::ended || !end.is_for(member.stamp)) return;
    switch (end.outcome) {
      case flight_outcome::read: return answer(member, was->read_version, "a LEASE");
      case flight_outcome::loaded: return answer(member, was->loaded_version, "a load it joined");
      case flight_outcome::failed_here:
      case flight_outcome::failed_elsewhere:
      case flight_outcome::timed_out: member.now_in = caller::state::gone; return;
      case flight_outcome::dissolved:
      case flight_outcome::not_begun:
      case flight_outcome::runs_already:
      case flight_outcome::saturated: return;
    }
  }

  void leave(caller& member) {
    const live_ptr was = std::exchange(member.on, nullptr);
    --was->waiters;
    if (was->waiters > 0 || was->in_background) return;
    processes_.on(was, [](flight& machine, actions& out) { machine.abandoned(out); });
    if (was->machine.now_in() == flight::state::ended) was->is_offered = false;
  }

  void lead(std::size_t index) {
    const bool is_caller = index < all.size();
    const live_ptr target = is_caller ? all[index].on : processes_.flights[index - all.size()];
    target->is_offered = false;
    processes_.on(target, [&](flight& machine, actions& out) {
      target->is_loading = machine.begin_load(processes_.server.now, out);
    });
    if (!target->is_loading) return;
    target->loaded_version = origin;
    ++loads;
    if (is_caller) all[index].now_in = caller::state::leading;
  }

  void load_ends(const live_ptr& target, load_end load_result) {
    target->is_loading = false;
    processes_.on(target, [&](flight& machine, actions& out) {
      if (load_result == load_end::threw) {
        ++processes_.gone_wrong;
        machine.load_failed(entry::failure_class::threw, out);
      } else {
        if (load_result == load_end::not_stored) ++processes_.gone_wrong;
        machine.load_done(load_result == load_end::stored, out);
      }
    });
    for (caller& member : all) {
      if (member.on != target || member.now_in != caller::state::leading) continue;
      leave(member);
      if (load_result == load_end::threw) {
        member.now_in = caller::state::gone;
      } else {
        answer(member, target->loaded_version, "its own load");
      }
    }
  }

 private:
  void answer(caller& member, int version, const char* source) {
    member.now_in = caller::state::gone;
    if (version < member.floor) {
      wrong = "got version " + std::to_string(version) + " after invalidation " +
              std::to_string(member.floor) + ", by " + source;
    }
  }

  processes& processes_;
};

}  // namespace drover::fetch::testing
