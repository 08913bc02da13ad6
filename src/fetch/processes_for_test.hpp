// SPDX-License-Identifier: MIT
// The flights of two processes, and their connections to one small server. Actions of the machines
// are carried out at once, or become messages: the world decides when a request is executed and
// when its reply is delivered.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fetch/server_for_test.hpp"
#include "fetch/texts_for_test.hpp"

namespace drover::fetch::testing {

/// A flight and the state that the shell keeps for it.
struct live {
  live(flight_settings with, std::size_t in) : machine{std::move(with)}, process{in} {}
  flight machine;
  std::size_t process;
  bool is_offered = false;
  bool is_loading = false;
  bool in_background = false;
  std::size_t waiters = 0;
  std::uint64_t let_go_from = UINT64_MAX;
  int loaded_version = -1;
  int read_version = -1;
};
using live_ptr = std::shared_ptr<live>;

class processes {
 public:
  struct request {
    live_ptr target{};  ///< empty: the request is an invalidation
    action todo{};
    bool is_done = false;
    lease::lease_reply lease{};
    int version = -1;
    bool applied = false;
    lease::fill_outcome filled = lease::fill_outcome::refused;
  };

  small_server server;
  std::array<std::deque<request>, 2> pipe;
  std::array<bool, 2> is_alive{true, true};
  std::vector<live_ptr> flights;
  int completed = 0;   ///< the newest acknowledged invalidation
  int gone_wrong = 0;  ///< mishaps so far; each may cost a load

  /// Passes an event to the machine, and carries out its actions.
  template <class Event>
  void on(const live_ptr& target, Event passed) {
    actions todo;
    passed(target->machine, todo);
    for (const action& requested : todo) carry_out(target, requested);
  }

  void carry_out(const live_ptr& target, const action& requested) {
    if (requested.kind < action_kind::want_turn) {
      pipe[target->process].push_back({.target = target, .todo = requested});
      return;
    }
    switch (requested.kind) {
      case action_kind::want_turn:
        return on(target,
                  [&](flight& machine, actions& out) { machine.turn_granted(server.now, out); });
      case action_kind::offer_lead:
        if (target->waiters == 0 && !target->in_background) {
          return on(target, [](flight& machine, actions& out) { machine.abandoned(out); });
        }
        target->is_offered = true;
        return;
      case action_kind::let_go: target->let_go_from = requested.from_stamp; return;
      case action_kind::finish: return wake_flights(target->process);
      default: return;
    }
  }

  void wake_flights(std::size_t process) {
    for (const live_ptr& target : std::vector<live_ptr>{flights}) {
      if (target->process != process) continue;
      on(target, [](flight& machine, actions& out) { machine.woken(out); });
    }
  }

  void key_was_invalidated(std::size_t process) {
    for (const live_ptr& target : std::vector<live_ptr>{flights}) {
      if (target->process != process) continue;
      on(target, [](flight& machine, actions& out) {
        machine.invalidated_here(out);
        machine.woken(out);
      });
    }
  }

  live_ptr open_flight(std::size_t process) {
    for (const live_ptr& target : flights) {
      if (target->process == process && target->machine.is_open()) return target;
    }
    return nullptr;
  }

  live_ptr new_flight(std::size_t process) {
    flights.push_back(std::make_shared<live>(
        flight_settings{.lease_ttl = small_server::lease_ttl,
                        .load_max = std::chrono::seconds{30},
                        .refused = {},
                        .new_token = [this] { return numbered(++last_token_); }},
        process));
    return flights.back();
  }

  // --- the wire
  void execute(std::size_t p) {
    for (request& message : pipe[p]) {
      if (!message.is_done) return execute(message, p);
    }
  }

  void execute(request& message, std::size_t p) {
    message.is_done = true;
    if (!message.target) {
      server.invalidate(message.version, p);
      return;
    }
    switch (message.todo.kind) {
      case action_kind::send_lease:
        message.lease = server.lease(message.todo, p, message.version);
        return;
      case action_kind::send_renew: message.applied = server.renew(message.todo, p); return;
      case action_kind::send_fill:
        message.filled = server.fill(message.todo, message.target->loaded_version, p);
        return;
      case action_kind::send_failure: server.fail(message.todo, p); return;
      case action_kind::send_release:
      case action_kind::send_release_late:
        message.applied = server.release(message.todo, p);
        return;
      case action_kind::send_refresh_mark: {
        message.applied = server.take_refresh_mark(message.todo);
        const auto& held = server.held;
        message.version = held && held->kind == entry::kind::value && held->token == numbered(200);
        return;
      }
      case action_kind::send_refresh_mark_pause:
      case action_kind::send_refresh_mark_release:
        server.release_refresh_mark(message.todo);
        return;
      case action_kind::send_promote: message.applied = server.promote(message.todo, p); return;
      default: return;
    }
  }

  void deliver(std::size_t p) {
    const request message = std::move(pipe[p].front());
    pipe[p].pop_front();
    tell(message, p, std::nullopt);
  }

  void tell(const request& message, std::size_t p, const std::optional<fault>& why) {
    if (!message.target) {
      if (why) {  // kept in the journal, and sent again
        pipe[p].push_back({.target = nullptr, .todo = message.todo, .version = message.version});
        return;
      }
      key_was_invalidated(p);
      completed = message.version;
      return;
    }
    using lease::step_reply;
    const auto applied = [&]() -> result<step_reply> {
      if (why) return *why;
      return step_reply{message.applied};
    };
    on(message.target, [&](flight& machine, actions& out) {
      switch (message.todo.kind) {
        case action_kind::send_lease:
          if (machine.now_in() == flight::state::asking)
            message.target->read_version = message.version;
          return machine.lease_replied(message.todo.attempt,
                                       why ? result<lease::lease_reply>{*why} : message.lease, true,
                                       server.now, out);
        case action_kind::send_renew: return machine.renew_replied(applied(), out);
        case action_kind::send_fill:
          return machine.fill_replied(
              why ? result<lease::fill_reply>{*why} : lease::fill_reply{message.filled, {}}, true,
              out);
        case action_kind::send_release: return machine.released(applied(), out);
        case action_kind::send_refresh_mark:
          return machine.refresh_mark_replied(why ? result<lease::refresh_mark_reply>{*why}
                                                  : lease::refresh_mark_reply{message.applied, {}},
                                              message.version != 0, server.now, out);
        case action_kind::send_promote: return machine.promote_replied(applied(), out);
        default: return;
      }
    });
    if (message.todo.kind == action_kind::send_release_late ||
        message.todo.kind == action_kind::send_promote) {
      wake_flights(p);
    }
  }

  // The replies are lost. Either all sent requests have been executed, or none.
  void lose_connection(std::size_t p, bool was_executed) {
    ++gone_wrong;
    std::deque<request> old;
    for (request& message : pipe[p]) {
      if (was_executed && !message.is_done) execute(message, p);
    }
    old.swap(pipe[p]);
    const fault why{fault_code::unreachable, "lost"};
    for (const request& message : old) tell(message, p, why);
    server.is_armed[p] = server.has_push[p] = false;
    for (const live_ptr& target : std::vector<live_ptr>{flights}) {
      if (target->process != p) continue;
      on(target, [](flight& machine, actions& out) { machine.connection_lost(out); });
    }
    for (const live_ptr& target :
         flights) {  // leases first, because they name the former connection
      if (target->process != p || !target->machine.is_holder()) continue;
      pipe[p].push_front(
          {.target = target,
           .todo = {.kind = action_kind::send_renew, .attempt = target->machine.held()}});
    }
  }

  // --- time
  std::optional<steady_time> next_due() const {
    std::optional<steady_time> first;
    for (const live_ptr& target : flights) {
      const auto due = is_alive[target->process] ? target->machine.due() : std::nullopt;
      if (due && (!first || *due < *first)) first = due;
    }
    return first;
  }

  /// Moves the clock to the first timer that is due, and runs it.
  void timers_run() {
    server.now = std::max(server.now, *next_due());
    for (const live_ptr& target : std::vector<live_ptr>{flights}) {
      const auto due = is_alive[target->process] ? target->machine.due() : std::nullopt;
      if (!due || *due > server.now) continue;
      on(target, [&](flight& machine, actions& out) { machine.on_time(server.now, out); });
    }
  }

 private:
  unsigned last_token_ = 0;
};

}  // namespace drover::fetch::testing
