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
  explicit callers(processes& in) : in_{in} {}

  std::vector<caller> all;
  int origin = 0;  ///< the version that a load reads now
  int loads = 0;
  std::string wrong;
  steady_time servable_until{};

  void begin(caller& one) {
    if (!std::exchange(one.began, true)) one.floor = in_.completed;
    one.got = in_.server.held;
    one.now_in = caller::state::got;
  }

  void act(caller& one) {
    const bool is_live =
        one.got && one.got->kind == entry::kind::value && one.got->until > in_.server.now;
    if (is_live) {
      if (one.got->is_stale && !in_.open_flight(one.process)) {
        const live_ptr refresh = in_.new_flight(one.process);
        refresh->in_background = true;
        in_.on(refresh, [&](flight& machine, actions& out) {
          machine.start_refresh(one.got->token, servable_until, out);
        });
      }
      return answer(one, one.got->version, "its own GET");
    }
    one.on = in_.open_flight(one.process);
    const bool is_new = !one.on;
    if (is_new) one.on = in_.new_flight(one.process);
    one.stamp = one.on->machine.stamp(in_.server.now);
    ++one.on->waiters;
    one.now_in = caller::state::joined;
    if (is_new) in_.on(one.on, [](flight& machine, actions& out) { machine.start_cold(out); });
  }

  void wake(caller& one) {
    const live_ptr was = one.on;
    const ending& end = was->machine.end();
    leave(one);
    one.now_in = caller::state::idle;
    if (was->machine.now_in() != flight::state::ended || !end.is_for(one.stamp)) return;
    switch (end.outcome) {
      case flight_outcome::read: return answer(one, was->read_version, "a LEASE");
      case flight_outcome::loaded: return answer(one, was->loaded_version, "a load it joined");
      case flight_outcome::failed_here:
      case flight_outcome::failed_elsewhere:
      case flight_outcome::timed_out: one.now_in = caller::state::gone; return;
      case flight_outcome::dissolved:
      case flight_outcome::not_begun:
      case flight_outcome::saturated: return;
    }
  }

  void leave(caller& one) {
    const live_ptr was = std::exchange(one.on, nullptr);
    --was->waiters;
    if (was->waiters > 0 || was->in_background) return;
    in_.on(was, [](flight& machine, actions& out) { machine.abandoned(out); });
    if (was->machine.now_in() == flight::state::ended) was->is_offered = false;
  }

  void lead(std::size_t who) {
    const bool is_caller = who < all.size();
    const live_ptr of = is_caller ? all[who].on : in_.flights[who - all.size()];
    of->is_offered = false;
    in_.on(of, [&](flight& machine, actions& out) {
      of->is_loading = machine.begin_load(in_.server.now, out);
    });
    if (!of->is_loading) return;
    of->loaded_version = origin;
    ++loads;
    if (is_caller) all[who].now_in = caller::state::leading;
  }

  void load_ends(const live_ptr& of, load_end load_result) {
    of->is_loading = false;
    in_.on(of, [&](flight& machine, actions& out) {
      if (load_result == load_end::threw) {
        ++in_.gone_wrong;
        machine.load_failed(entry::failure_class::threw, out);
      } else {
        if (load_result == load_end::not_stored) ++in_.gone_wrong;
        machine.load_done(load_result == load_end::stored, out);
      }
    });
    for (caller& one : all) {
      if (one.on != of || one.now_in != caller::state::leading) continue;
      leave(one);
      if (load_result == load_end::threw) {
        one.now_in = caller::state::gone;
      } else {
        answer(one, of->loaded_version, "its own load");
      }
    }
  }

 private:
  void answer(caller& one, int version, const char* by) {
    one.now_in = caller::state::gone;
    if (version < one.floor) {
      wrong = "got version " + std::to_string(version) + " after invalidation " +
              std::to_string(one.floor) + ", by " + by;
    }
  }

  processes& in_;
};

}  // namespace drover::fetch::testing
