// SPDX-License-Identifier: MIT
// What all parts of one schedule share: the simulated system, the origin, the plan, and what was
// found.
//
// Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "world/play/origin.hpp"
#include "world/play/plan.hpp"
#include "world/play/schedule.hpp"
#include "world/system/arena.hpp"
#include "world/system/kernel.hpp"
#include "world/system/network.hpp"
#include "world/system/server.hpp"

namespace drover::world {

/// The most that a call takes while it waits for nothing, beside busy threads.
inline constexpr virtual_time work_max = std::chrono::milliseconds{20};

/// A key that every process reads once at the end, when nothing is wrong any more.
inline constexpr unsigned last_key = 99;

struct universe {
  universe(const plan& planned, choices& decide, const run_options& with);

  /// Records a violation. May be called from any fiber.
  void report(std::string_view rule, const std::string& text);
  void print(const std::string& event);
  void add(overlap counted) { found.seen.add(counted); }
  /// A load was granted: by Redis, or by a turn.
  void note_grant(unsigned process_number, row of, bool by_a_turn);
  struct grant {
    virtual_time since{};
    bool is_certain_turn = false;  ///< the load certainly is one without Redis
    bool may_be_turn = false;      ///< it may have no lease
  };
  /// The grant of the load that begins now; the earliest one, if there are several.
  [[nodiscard]] grant take_grant(unsigned process_number, row of);
  void note_timeout(row of);
  void note_connection_loss(unsigned process_number);
  void note_connection(unsigned process_number);
  void note_readonly(unsigned process_number);
  void note_sent_again(row of);
  void note_event(unsigned process_number, unsigned cache, event_kind kind);
  void note_lost_lease(unsigned process_number, row of);
  void note_refresh(unsigned process_number, row of);
  [[nodiscard]] virtual_time longest_delay();
  void count_get(row of, int change);
  [[nodiscard]] bool prints() const noexcept { return options.prints_events; }
  [[nodiscard]] microseconds now() const {
    return std::chrono::duration_cast<microseconds>(system.now());
  }
  const plan& planned;
  run_options options;
  kernel system;
  server redis;
  network net;
  origin database;
  result found;
  std::vector<process*> processes;
  /// Faults that last, by kind and process: how many of them are not over. The last one ends them.
  std::map<std::pair<planned_fault::kind, unsigned>, unsigned> lasting_faults;
  /// Processes that destroy their caches, which releases the leases of loads that still run.
  std::array<bool, arena::owners_max> is_ending{};
  /// The invalidations that were not acknowledged. The process that sent them goes on to do so.
  struct unacknowledged {
    row of;
    std::uint32_t version = 0;
    unsigned process = 0;
    virtual_time since{};
  };
  std::vector<unacknowledged> pending;
  /// By process and key: when a lease was last lost there.
  std::map<std::pair<unsigned, row>, virtual_time> lost_leases;
  /// ... and when a refresh last began.
  std::map<std::pair<unsigned, row>, virtual_time> refreshes;
  /// Grants whose load has not begun.
  struct grants {
    std::vector<virtual_time> by_redis;
    std::vector<virtual_time> by_turn;
  };
  std::map<std::pair<unsigned, row>, grants> granted;
  /// By process: when its connection was last lost.
  std::map<unsigned, virtual_time> connection_losses;
  /// By process: what is known of the connection that it has.
  struct connection_facts {
    bool has_been_up = false;
    std::optional<virtual_time> up_since{};
    /// The server has refused a write as a replica.
    std::optional<virtual_time> refused_since{};
  };
  std::map<unsigned, connection_facts> connections;
  /// Since when the server is a replica.
  std::optional<virtual_time> replica_since;
  /// Rows for which another program has stored a failure.
  std::map<row, virtual_time> foreign_failures;
  /// The version that a process has invalidated with success, by process and row.
  std::map<std::pair<unsigned, row>, std::uint32_t> invalidated_by;
  /// When the server last lost keys, or became or ceased to be a replica: leases from before are
  /// void then.
  std::optional<virtual_time> leases_voided;
  /// Rows whose invalidation or expiry was not acknowledged, and is sent again.
  std::set<row> sent_again;
  /// When a load of the row last passed `load_max`, as a process reported it.
  std::map<row, virtual_time> timeouts;
  /// Calls of `get` that run, by row.
  std::map<row, int> running_gets;
  /// By process and cache: how many events of each kind were reported.
  std::map<std::pair<unsigned, unsigned>, std::map<event_kind, std::uint64_t>> events;
  std::vector<redis_model> snapshots;
};

/// The first thread of a process.
void run_process(universe& in, std::size_t index);
/// Puts the faults of the plan on the clock.
void schedule_faults(universe& in);

}  // namespace drover::world
