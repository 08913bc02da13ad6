// SPDX-License-Identifier: MIT
// A minimal server for flights: one entry, one refresh mark, the scripts, and the processes that a
// write must notify. A version stands for a value; the floor is the version of the last
// invalidation.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "fetch/flight.hpp"

namespace drover::fetch::testing {

class small_server {
 public:
  static constexpr milliseconds lease_ttl{900};

  struct stored {
    entry::kind kind = entry::kind::value;
    entry::token token{};
    int version = 0;
    steady_time until{};
    bool is_stale = false;
  };

  std::optional<stored> held;
  std::optional<entry::token> mark;
  steady_time now{microseconds{1'000'000}};
  int floor = 0;
  /// By process: a LEASE has read the value key since the last push.
  std::array<bool, 2> is_armed{};
  std::array<bool, 2> has_push{};  ///< by process: a push was sent and not yet handled
  bool stored_below_floor = false;

  [[nodiscard]] lease::lease_reply lease(const action& ask, std::size_t by, int& version) {
    is_armed[by] = true;
    lease::lease_reply reply;
    if (held && held->kind == entry::kind::pending) {
      const bool names_it = held->token == ask.attempt || held->token == ask.other;
      if (!names_it && held->until > now) {
        reply.outcome = lease::lease_outcome::wait;
        reply.left = std::chrono::duration_cast<milliseconds>(held->until - now);
        reply.entry_bytes = head();
        return reply;
      }
    } else if (held && held->kind == entry::kind::failed) {
      if (held->until > now) {
        reply.outcome = lease::lease_outcome::failed;
        return reply;
      }
    } else if (held && held->until > now) {
      reply.outcome = lease::lease_outcome::hit;
      version = held->version;
      return reply;
    }
    write(stored{entry::kind::pending, ask.attempt, 0, now + lease_ttl, false}, by);
    is_armed[by] = true;
    reply.outcome = lease::lease_outcome::lead;
    return reply;
  }

  [[nodiscard]] bool renew(const action& ask, std::size_t by) {
    if (!is_pending(ask.attempt)) return false;
    stored renewed = *held;
    renewed.until = now + lease_ttl;
    write(renewed, by);
    return true;
  }

  [[nodiscard]] lease::fill_outcome fill(const action& ask, int version, std::size_t by) {
    using lease::fill_outcome;
    if (!held || held->kind == entry::kind::failed) return fill_outcome::refused;
    if (held->kind == entry::kind::value && held->token == ask.attempt)
      return fill_outcome::duplicate;
    if (held->token != ask.other) return fill_outcome::refused;
    stored_below_floor = stored_below_floor || version < floor;
    write(stored{entry::kind::value, ask.attempt, version, now + std::chrono::hours{1}, false}, by);
    return fill_outcome::stored;
  }

  void fail(const action& ask, std::size_t by) {
    if (!is_pending(ask.attempt)) return;
    write(stored{entry::kind::failed, ask.attempt, 0, now + milliseconds{50}, false}, by);
  }

  [[nodiscard]] bool release(const action& ask, std::size_t by) {
    if (!is_pending(ask.attempt)) return false;
    write(std::nullopt, by);
    return true;
  }

  [[nodiscard]] bool promote(const action& ask, std::size_t by) {
    if (!held || held->kind != entry::kind::value || held->token != ask.other) return false;
    write(stored{entry::kind::pending, ask.attempt, 0, now + lease_ttl, false}, by);
    return true;
  }

  [[nodiscard]] bool take_refresh_mark(const action& ask) {
    if (mark) return false;
    mark = ask.attempt;
    return true;
  }

  void release_refresh_mark(const action& ask) {
    if (mark == ask.attempt) mark.reset();
  }

  /// `by` is the process that invalidates; 2 for another client.
  void invalidate(int version, std::size_t by) {
    floor = std::max(floor, version);
    mark.reset();
    if (held) write(std::nullopt, by);
    // Unlike a script, a plain command does not arm tracking again.
    if (by < is_armed.size()) is_armed[by] = false;
  }

 private:
  [[nodiscard]] bool is_pending(const entry::token& under) const {
    return held && held->kind == entry::kind::pending && held->token == under;
  }

  [[nodiscard]] std::string head() const {
    entry::envelope head;
    head.kind = held->kind;
    head.produced_by = held->token;
    head.until = server_time{milliseconds{held->until.time_since_epoch().count() / 1000}};
    head.holder_client_id = 7;
    return entry::encode(head, {});
  }

  void write(std::optional<stored> entry, std::size_t by) {
    held = entry;
    for (std::size_t process = 0; process < is_armed.size(); ++process) {
      // NOLOOP: no push for the writer; every script ends by arming its own connection again.
      if (process == by) continue;
      if (std::exchange(is_armed[process], false)) has_push[process] = true;
    }
  }
};

}  // namespace drover::fetch::testing
