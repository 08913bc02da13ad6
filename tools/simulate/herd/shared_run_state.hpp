// SPDX-License-Identifier: MIT
// The shared memory of one run, which the coordinator and the herd's processes attach. It holds the
// starting signal, the controls of the scenario, and the logs: the origin's queries, the callers'
// calls, and the markers of the timeline.
//
// Invariants: a place in a log is taken once, and its record is written by whoever took it. Events
//             that do not fit into a log are still counted.
// Threads:    any thread of any process that has it attached.
#pragma once

#include <semaphore.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "simulate/measure/run_record.hpp"

namespace drover::simulate {

/// Nanoseconds of CLOCK_MONOTONIC, which all processes share. 0: not yet.
using monotonic_ns = std::int64_t;
[[nodiscard]] monotonic_ns monotonic_now() noexcept;

enum class stage : std::uint32_t {
  gathering,  ///< processes start, callers connect
  filling,    ///< one process loads the keys, and may wait until their ttl is over
  released,   ///< every caller goes at `release_at`
  over,       ///< all callers are back and nothing runs in the background: processes end
};

struct run_state_size {
  std::uint32_t keys = 1;
  std::uint32_t call_places = 0;
  std::uint32_t query_places = 0;
  std::uint32_t refusal_places = 0;
  std::uint32_t marker_places = 0;
};

class shared_run_state {
 public:
  struct query_entry {
    std::atomic<monotonic_ns> begun;
    std::atomic<monotonic_ns> ended;  ///< 0 while it runs
    std::uint32_t key;
    std::uint32_t process;
  };
  struct call_entry {
    std::atomic<monotonic_ns> begun;
    std::atomic<monotonic_ns> ended;  ///< 0: not back
    std::int64_t age;                 ///< nanoseconds
    std::uint32_t key;
    std::uint16_t process;
    answer got;
    bool is_stale;
  };
  struct marker_entry {
    std::atomic<monotonic_ns> at;
    marker_kind kind;
  };
  /// Counters that only grow.
  struct counters {
    std::atomic<std::uint32_t> queries_begun;
    std::atomic<std::uint32_t> queries_ended;
    std::atomic<std::uint32_t> queries_requested;  ///< by strategies
    std::atomic<std::uint32_t> ready;              ///< callers that are connected and waiting
    std::atomic<std::uint32_t> filled;             ///< keys that are in the cache
    std::atomic<std::uint32_t> cold;               ///< 1: they were, and their ttl is over
    std::atomic<std::uint32_t> calls_begun;
    std::atomic<std::uint32_t> calls_ended;
    std::atomic<std::uint32_t> refused;  ///< calls that no caller was free to make
    std::atomic<std::uint32_t> changes;  ///< of rows, with the key invalidated
    std::atomic<std::uint32_t> markers;  ///< of the timeline
    std::atomic<std::uint32_t> done;     ///< processes whose callers are all back
  };
  /// Set by the scenario while callers run.
  struct controls {
    std::atomic<monotonic_ns> end_at;  ///< no call begins after it, and no query waits for the gate
    std::atomic<std::uint32_t> origin_fails;
  };

  /// New shared memory without a file name. `capacity`: see `pass_gate`. Throws std::system_error.
  shared_run_state(const run_state_size& size, std::uint32_t capacity);
  /// The memory of an inherited `descriptor`. Throws std::system_error.
  explicit shared_run_state(int descriptor);
  ~shared_run_state();
  shared_run_state(const shared_run_state&) = delete;
  shared_run_state& operator=(const shared_run_state&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] std::span<query_entry> queries() noexcept;  ///< that have a place in the log
  [[nodiscard]] std::span<call_entry> calls() noexcept;     ///< that have a place in the log
  [[nodiscard]] counters& count() noexcept;
  [[nodiscard]] controls& control() noexcept;
  /// For each key, the newest version whose invalidation the strategy has acknowledged.
  [[nodiscard]] std::span<std::atomic<std::uint64_t>> versions() noexcept;

  [[nodiscard]] std::size_t begin_query(std::uint32_t key, std::uint32_t process) noexcept;
  void end_query(std::size_t place) noexcept;
  /// nullptr when the log is full; the call is still counted.
  [[nodiscard]] call_entry* begin_call(monotonic_ns at, std::uint32_t key,
                                       std::uint32_t process) noexcept;
  void end_call(call_entry* place, monotonic_ns at, answer got, bool is_stale,
                std::int64_t age) noexcept;

  /// A call that no caller was free to make.
  void refuse(monotonic_ns at) noexcept;
  /// The times of those that have a place in the log; 0 where the time is not written yet.
  [[nodiscard]] std::span<const std::atomic<monotonic_ns>> refusals() const noexcept;

  /// An event of a key while callers call.
  void note_marker(monotonic_ns at, marker_kind kind) noexcept;
  /// Those that have a place in the log; `at` is 0 where the time is not written yet.
  [[nodiscard]] std::span<const marker_entry> markers() const noexcept;

  void enter(stage next) noexcept;
  void release(monotonic_ns at) noexcept;
  [[nodiscard]] monotonic_ns release_at() const noexcept;
  [[nodiscard]] stage now() const noexcept;
  /// Sleeps until that stage or a later one is entered.
  void await(stage awaited) const noexcept;

  /// Takes one of the origin's places, and waits for it if the origin has a limited capacity. False
  /// when the run is over (`controls::end_at`) and no place is free.
  [[nodiscard]] bool pass_gate() noexcept;
  void leave_gate() noexcept;

  /// Keeps the text of the first error.
  void note_error(std::string_view text) noexcept;
  [[nodiscard]] std::string error() const;

 private:
  struct header;

  void map(std::size_t bytes);

  int descriptor_ = -1;
  std::size_t bytes_ = 0;
  header* header_ = nullptr;
};

}  // namespace drover::simulate
