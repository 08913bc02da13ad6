// SPDX-License-Identifier: MIT
// Shared memory of one run: where the coordinator and the herd's processes meet. It holds the
// starting signal, what each caller experienced, and the log that the database's trace hooks write.
//
// Invariants: a caller's record is written by that caller alone, before `served` counts it; a
// query's place is
//             taken once, by `begin_query`. What does not fit into the log is counted all the same.
// Threads:    any thread of any process that has it attached.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace drover::simulate {

/// Of CLOCK_MONOTONIC, which is the same in all processes. 0: not yet.
using board_time = std::int64_t;
[[nodiscard]] board_time board_now() noexcept;

enum class stage : std::uint32_t {
  gathering,  ///< processes start, callers connect
  filling,    ///< one process loads the key, then waits until its ttl is over
  released,   ///< every caller goes at `release_at`
};

enum class answer : std::uint32_t { none, right, wrong, error };

struct query_record {
  std::atomic<board_time> begun;
  std::atomic<board_time> ended;
};

struct caller_record {
  board_time begun = 0;
  board_time ended = 0;
  answer got = answer::none;
};

class board {
 public:
  /// A new one, in memory that no file names.
  board(unsigned processes, unsigned callers);
  /// The one behind `descriptor`, which was inherited.
  explicit board(int descriptor);
  ~board();
  board(const board&) = delete;
  board& operator=(const board&) = delete;

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] unsigned callers() const noexcept;            ///< of each process
  [[nodiscard]] std::span<caller_record> records() noexcept;  ///< of all, process by process
  [[nodiscard]] std::span<query_record> queries() noexcept;   ///< those with a place in the log

  /// By a trace hook: a statement begins. Answers its place for `end_query`.
  [[nodiscard]] std::size_t begin_query() noexcept;
  void end_query(std::size_t place) noexcept;

  void enter(stage next) noexcept;
  void release(board_time at) noexcept;
  [[nodiscard]] board_time release_at() const noexcept;
  /// Sleeps until that stage was entered.
  void await(stage wanted) const noexcept;

  /// The first error's text stays.
  void note_error(std::string_view text) noexcept;
  [[nodiscard]] std::string error() const;

  /// Counters that only grow.
  struct counters {
    std::atomic<std::uint32_t> queries_begun;
    std::atomic<std::uint32_t> queries_ended;
    std::atomic<std::uint32_t> asked;   ///< how often a strategy believes to have asked
    std::atomic<std::uint32_t> ready;   ///< callers that are connected and wait
    std::atomic<std::uint32_t> filled;  ///< 1: the key is in the cache
    std::atomic<std::uint32_t> cold;    ///< 1: it was, and its ttl is over
    std::atomic<std::uint32_t> served;  ///< callers that are back
  };
  [[nodiscard]] counters& count() noexcept;

 private:
  struct header;

  void map(std::size_t bytes);

  int descriptor_ = -1;
  std::size_t bytes_ = 0;
  header* header_ = nullptr;
};

}  // namespace drover::simulate
