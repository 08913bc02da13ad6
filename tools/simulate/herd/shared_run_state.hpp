// SPDX-License-Identifier: MIT
// The shared memory of one run. The coordinator and all processes of the herd attach to it. It
// holds the starting signal, the controls of the scenario, and the logs: the origin's queries, the
// callers' calls, and the markers of the timeline.
//
// Invariants: each place in a log is taken once, and the thread that took it writes the record.
//             Events that do not fit into a log are still counted.
// Threads:    any thread of any attached process.
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

/// Nanoseconds of CLOCK_MONOTONIC, which all processes share. 0: the event has not happened yet.
using monotonic_ns = std::int64_t;
[[nodiscard]] monotonic_ns monotonic_now() noexcept;

enum class stage : std::uint32_t {
  gathering,  ///< processes start, callers connect
  filling,    ///< one process loads the keys, and may wait until their ttl has ended
  released,   ///< every caller starts at `release_at`
  over,       ///< all calls have returned and no query runs in the background: processes end
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
    std::atomic<monotonic_ns> ended;  ///< 0 until the call returns
    std::int64_t age;                 ///< nanoseconds; see `call_span::age`
    std::uint32_t key;
    std::uint16_t process;
    answer outcome;
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
    std::atomic<std::uint32_t> filled;             ///< keys that the first fill has loaded
    std::atomic<std::uint32_t> cold;               ///< 1: the ttl of the first key has ended
    std::atomic<std::uint32_t> calls_begun;
    std::atomic<std::uint32_t> calls_ended;
    std::atomic<std::uint32_t> refused;  ///< arrivals that found no free caller
    std::atomic<std::uint32_t> changes;  ///< rows changed, with the key invalidated
    std::atomic<std::uint32_t> markers;  ///< of the timeline
    std::atomic<std::uint32_t> done;     ///< processes whose calls have all returned
  };
  /// Set by the scenario while callers run.
  struct controls {
    /// No call begins at or after this time, and no query waits at the gate. 0: no such time.
    std::atomic<monotonic_ns> end_at;
    std::atomic<std::uint32_t> origin_fails;  ///< 1: queries fail
  };

  /// Creates shared memory without a file name. `capacity` is the number of places at the gate, 0
  /// for no gate; see `pass_gate`. Throws std::system_error.
  shared_run_state(const run_state_size& size, std::uint32_t capacity);
  /// Attaches to the memory of an inherited `descriptor`. Throws std::system_error.
  explicit shared_run_state(int descriptor);
  ~shared_run_state();
  shared_run_state(const shared_run_state&) = delete;
  shared_run_state& operator=(const shared_run_state&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] std::span<query_entry> queries() noexcept;  ///< those with a place in the log
  [[nodiscard]] std::span<call_entry> calls() noexcept;     ///< those with a place in the log
  [[nodiscard]] counters& count() noexcept;
  [[nodiscard]] controls& control() noexcept;
  /// For each key, the newest version whose invalidation the strategy has acknowledged.
  [[nodiscard]] std::span<std::atomic<std::uint64_t>> versions() noexcept;

  /// Returns the query's place in the log, for `end_query`. The place may be past the log's end.
  [[nodiscard]] std::size_t begin_query(std::uint32_t key, std::uint32_t process) noexcept;
  void end_query(std::size_t place) noexcept;
  /// Returns nullptr when the log is full; the call is still counted.
  [[nodiscard]] call_entry* begin_call(monotonic_ns at, std::uint32_t key,
                                       std::uint32_t process) noexcept;
  void end_call(call_entry* place, monotonic_ns at, answer outcome, bool is_stale,
                std::int64_t age) noexcept;

  /// Counts and logs an arrival that found no free caller.
  void refuse(monotonic_ns at) noexcept;
  /// The times of the refusals with a place in the log; 0 where the time is not written yet.
  [[nodiscard]] std::span<const std::atomic<monotonic_ns>> refusals() const noexcept;

  /// Logs an event of a key while callers call.
  void note_marker(monotonic_ns at, marker_kind kind) noexcept;
  /// The markers with a place in the log; `at` is 0 where the time is not written yet.
  [[nodiscard]] std::span<const marker_entry> markers() const noexcept;

  void enter(stage next) noexcept;
  void release(monotonic_ns at) noexcept;
  [[nodiscard]] monotonic_ns release_at() const noexcept;
  [[nodiscard]] stage now() const noexcept;
  /// Sleeps until the stage `awaited` or a later one is entered.
  void await(stage awaited) const noexcept;

  /// Takes one of the origin's `capacity` places, and waits until one is free. Returns false if the
  /// run has ended (`controls::end_at`) and no place is free.
  [[nodiscard]] bool pass_gate() noexcept;
  void leave_gate() noexcept;

  /// Keeps `text` if it is the first error.
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
