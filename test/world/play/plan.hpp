// SPDX-License-Identifier: MIT
// All that a schedule is made of: the processes with their calls, the settings of the library, the
// network, and the faults. A plan comes from a seed, can be printed, and can be made smaller.
//
// Pure. Threads: a value.
#pragma once

#include <drover/cache.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "world/system/network.hpp"

namespace drover::world {

/// Each process has two caches with the same names and settings: number 0 and number 1.
inline constexpr unsigned cache_count = 2;

struct planned_call {
  enum class kind : std::uint8_t {
    get,
    get_or_load,
    write,  ///< changes the row in the origin and then invalidates the key
    expire,
    refresh,
    peek,
    rest,  ///< the thread sleeps
  };
  planned_call::kind is = kind::get;
  unsigned cache = 0;
  unsigned key = 0;
  virtual_time span{};  ///< of `rest`
  /// After the begin of the call. The ends of the type stand for those of time.
  std::optional<virtual_time> deadline{};
  std::optional<virtual_time> stop_after{};  ///< a stop is requested then
};

struct planned_process {
  virtual_time starts{};
  std::int64_t drift_ppm = 0;
  bool drains = false;  ///< before its caches are destroyed
  bool drops_client_first = false;
  std::vector<std::vector<planned_call>> threads;
};

struct planned_fault {
  enum class kind : std::uint8_t {
    reset,           ///< the connections of a process are reset
    cut_to_server,   ///< ... after `amount` more bytes to the server
    cut_to_client,   ///< ... after `amount` more bytes to the process
    block,           ///< nothing passes between a process and the server for `length`
    slow,            ///< bytes take up to `length` longer from now on
    freeze_server,   ///< the server stops for `length`
    crash_server,    ///< for `length`; it comes back with its keys
    lose_server,     ///< ... with no keys
    restore_server,  ///< ... with the keys of an earlier moment
    pause_process,   ///< all threads of a process stop for `length`
    kill_process,
    step_server_clock,  ///< by `length`, forward or back
    step_wall_clock,    ///< of a process
    out_of_memory,      ///< the server refuses writes for `length`
    loading,
    replica,
    no_permission,  ///< for scripts, for `length`; with an even `amount` for transactions, too
    flush_scripts,
    flush_keys,
    evict,        ///< `amount` chooses the key
    kill_client,  ///< the server closes the connections of a process
    damage,       ///< a byte of a stored payload changes; `amount` chooses both
    no_threads,   ///< a process can start no thread for `length`
    no_descriptors,
    // The kinds below are drawn by themes only.
    no_invalidation,  ///< the permission to invalidate is withdrawn for `length`
    no_time,          ///< ... that to ask for the server's time
    drop_reply,       ///< the next reply to a process is lost, and its connection lives on
    double_reply,     ///< ... comes twice
    change_reply,     ///< ... that is an array is something else
    long_entry,       ///< another program stores an entry that is longer than `reply_max`
    failed_entry,     ///< ... a failure with a long pause, and with a hostile text
    damaged_entries,  ///< ... other damaged entries of a row again and again, for `length`
  };
  static constexpr unsigned drawn_kind_count = 24;

  planned_fault::kind is = kind::reset;
  virtual_time when{};
  virtual_time length{};
  unsigned process = 1;  ///< from 1; no matter for faults of the server
  std::size_t amount = 0;
};

/// How the loaders behave. Times are those of one load.
struct loader_plan {
  microseconds shortest{1000};
  microseconds longest{20'000};
  unsigned failing = 0;   ///< of 100 loads
  unsigned hanging = 0;   ///< take three times `policy::load_max`
  unsigned nested = 0;    ///< load a key of the other cache, too
  unsigned limited = 0;   ///< of 100 nested calls, how many have a long deadline
  unsigned escaping = 0;  ///< of 100 refusals of nested loads, how many fail the load
  unsigned obedient = 0;  ///< of 100 stopped loads, how many throw
  unsigned unstored = 0;  ///< return `do_not_store`
  unsigned absent = 0;    ///< of 100 versions of a row, how many say that there is no such row
};

/// The executor that the program gives to the client.
enum class executor_kind : std::uint8_t {
  none,     ///< the client uses its own threads
  threads,  ///< a new thread for each task
  mixed,    ///< it also runs tasks late, on the caller's thread or never, drops them, and throws
};

/// What the simulated program does wrong on purpose, so that tests can see that the checks notice.
enum class sabotage : std::uint8_t {
  none,
  skips_invalidations,  ///< takes a write for invalidated without asking Redis
  stores_unfenced,      ///< stores what it read before a write, whatever Redis says
  mixes_keys,           ///< returns the value of another key
  damages_values,
  loads_twice,  ///< runs the loader beside a load that runs
  leaks_memory,
  leaks_descriptors,
  never_ends,
  loses_its_place,     ///< reads with a client that takes a late reply for the next one
  keeps_too_long,      ///< gives the library a longer ttl than the plan says
  stores_late,         ///< ... a longer `load_max`
  loads_freely,        ///< ... a larger `bypass_max`
  serves_ended_loads,  ///< takes a stored value for one that bypassed Redis
  invents_versions,
  throws_errors,
  throws_foreign_failures,
  throws_false_failures,  ///< failures of loads that have not failed
  fails_for_no_reason,
  refuses_for_no_reason,
  comes_late,
  is_slow,
  spins,
  never_rests,
  loops,  ///< without a system call
  drains_slowly,
  claims_loads,  ///< takes every value for one that the call has loaded
  miscounts,
  closes_twice,
  sends_unknown_commands,
  trusts_replicas,
  breaks_connections,
  misjudges_its_server,
  forgets_what_it_drops,
  takes_loads_for_stopped,
  claims_nothing,
  times_out_early,
  times_out_late,    ///< waits without success for the whole deadline
  repeats_failures,  ///< long after their pause
  fails_with_noise,  ///< with a text that is not for people
  is_slow_within_loads,
  is_slow_beside_loads,  ///< waits until no load of another process runs
  crashes,
  remembers_schedules,  ///< does not do the same in the next schedule
};

struct plan {
  sabotage wrong = sabotage::none;
  std::uint64_t seed = 0;
  double preemption = 0.05;
  unsigned spurious = 0;  ///< of 100 waits end although nothing woke them
  unsigned keys = 2;
  executor_kind executor = executor_kind::none;
  path network{};
  drover::policy policy{};
  client_options options{};
  loader_plan loader{};
  virtual_time idle_max{};          ///< the server closes what is idle for so long; 0: nothing
  bool has_wrong_password = false;  ///< the server wants one that the processes do not know
  std::vector<planned_process> processes;
  std::vector<planned_fault> faults;
  /// After this time no fault is left, and after `settle` more the processes compare what they see.
  microseconds faults_end{std::chrono::seconds{2}};
  microseconds settle{std::chrono::seconds{12}};

  /// Without this the processes end when their calls have ended.
  bool compares_at_the_end = true;

  /// No faults, no limits and no failing or hanging loads: every load must be accounted for.
  [[nodiscard]] bool is_calm() const noexcept;
  /// Whether a call has a deadline or a stop token.
  [[nodiscard]] bool has_limits() const noexcept;
  [[nodiscard]] bool has_deadlines() const noexcept;
  [[nodiscard]] bool has_fault(planned_fault::kind searched) const noexcept;
  [[nodiscard]] bool restarts_server() const noexcept;
  [[nodiscard]] bool has_call(planned_call::kind searched) const noexcept;
  /// Whether entries of other programs, or replies that are not the server's, are about.
  [[nodiscard]] bool has_foreign_bytes() const noexcept;
};

/// Whether a fault concerns one process, and not the server.
[[nodiscard]] bool is_of_process(planned_fault::kind kind) noexcept;

/// The plan of a seed.
[[nodiscard]] plan plan_of(std::uint64_t seed);
/// What the wide drawing hardly ever brings together: changes some plans, each to one of several
/// themes.
void draw_theme(plan& of);

/// One line for each setting, thread and fault.
[[nodiscard]] std::string describe(const plan& printed);
[[nodiscard]] std::string_view name_of(planned_fault::kind kind) noexcept;
[[nodiscard]] std::string_view name_of(planned_call::kind kind) noexcept;

}  // namespace drover::world
