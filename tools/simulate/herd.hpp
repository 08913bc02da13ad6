// SPDX-License-Identifier: MIT
// The coordinator of one run: starts the processes, has the key filled, waits until it is cold,
// lets all callers go at one instant, and brings home what the board says. Nothing of the herd
// outlives the call.
//
// Threads: the main thread of a process that has no other.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "simulate/board.hpp"
#include "simulate/signal_watch.hpp"
#include "simulate/strategy.hpp"

namespace drover::simulate {

struct herd_plan {
  const strategy_kind* kind = nullptr;
  unsigned processes = 0;
  unsigned callers = 0;  ///< of each process
  std::chrono::milliseconds load{};
  std::string redis_url;
  std::string origin;
  std::string key;
};

struct herd_progress {
  enum class phase : std::uint8_t { gathering, filling, expiring, released };
  phase at = phase::gathering;
  std::chrono::nanoseconds elapsed{};  ///< in this phase; from the release on, since that instant
  std::uint32_t queries = 0;
  std::uint32_t running = 0;  ///< of these
  std::uint32_t served = 0;
};

/// Times count from the release.
struct time_span {
  std::chrono::nanoseconds begun{};
  std::chrono::nanoseconds ended{};
};
struct caller_outcome {
  time_span when;
  answer got = answer::none;
};

struct herd_record {
  std::vector<time_span>
      queries;  ///< those the log had a place for, in the order in which they began
  std::uint32_t queries_counted = 0;  ///< by the database, since the release
  std::uint32_t queries_asked = 0;    ///< by the strategy's own belief, since the release
  std::uint32_t fill_queries = 0;     ///< by the database, before the release
  std::vector<caller_outcome> callers;
  std::string first_error;
};

/// Throws std::runtime_error when a process of the herd dies or does not come to an end,
/// `interrupted` when we are told to stop.
[[nodiscard]] herd_record run_herd(const herd_plan& plan, const signal_watch& signals,
                                   const std::function<void(const herd_progress&)>& tell);

}  // namespace drover::simulate
