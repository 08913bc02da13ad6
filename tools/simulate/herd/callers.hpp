// SPDX-License-Identifier: MIT
// The callers of one process: threads that call a strategy as the run plan says and log the outcome
// of each call.
#pragma once

#include <atomic>
#include <cstdint>
#include <latch>
#include <semaphore>
#include <stdexcept>
#include <thread>
#include <vector>

#include "simulate/herd/run_plan.hpp"
#include "simulate/herd/shared_run_state.hpp"
#include "simulate/strategies/strategy.hpp"

namespace drover::simulate {

/// Thrown out of a query that is still waiting for a place at the origin when the run ends.
struct run_is_over : std::runtime_error {
  run_is_over() : std::runtime_error{"the run is over"} {}
};

/// Sleeps until `at`. Returns at once if that time has passed.
void sleep_until(monotonic_ns at) noexcept;

class callers {
 public:
  callers(const run_plan& plan, std::uint32_t process, shared_run_state& shared, strategy& cache);
  callers(const callers&) = delete;
  callers& operator=(const callers&) = delete;

  /// Starts the threads and adds them to `busy`. They must end before this object is destroyed.
  /// Each caller connects, counts itself as ready, waits for the release, and ends when the plan is
  /// done.
  void start(std::vector<std::jthread>& busy);

  /// Waits until every call has returned. Requires `arrival::once`. The threads stay until the run
  /// is over, so that ending threads take no processor time from callers that are still waiting.
  void await_all() noexcept { back_.wait(); }

 private:
  void run(std::uint32_t caller) noexcept;
  void call_again_and_again(std::uint32_t caller) noexcept;
  void take_arrivals(std::uint32_t caller) noexcept;
  void send_arrivals() noexcept;
  void call(std::uint32_t key, monotonic_ns arrived) noexcept;

  const run_plan& plan_;
  const std::uint32_t process_;
  shared_run_state& state_;
  strategy& cache_;
  std::latch back_;
  // Open loop only: `send_arrivals` hands each arrival to a free caller.
  std::counting_semaphore<> arrived_{0};
  std::atomic<std::int64_t> free_{0};
  std::atomic<bool> are_all_sent_{false};
};

}  // namespace drover::simulate
