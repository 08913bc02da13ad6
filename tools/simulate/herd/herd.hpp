// SPDX-License-Identifier: MIT
// One run of one strategy, from the coordinator's side: the steps that a scenario consists of. Each
// step waits until its effect is complete, reports progress while it waits, and throws when it
// fails. No process of the herd outlives this object.
//
// Threads: the main thread of a process that has no other threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "process/child_process.hpp"
#include "process/private_redis.hpp"
#include "process/signal_watch.hpp"
#include "simulate/herd/run_plan.hpp"
#include "simulate/herd/shared_run_state.hpp"
#include "simulate/measure/run_record.hpp"

namespace drover::simulate {

struct herd_progress {
  std::string_view doing;  ///< the phase: "callers connect"
  /// Since the release. Before the release: since the beginning of the phase.
  std::chrono::nanoseconds elapsed{};
  bool is_released = false;
  std::uint32_t queries = 0;  ///< begun since the release
  std::uint32_t running = 0;  ///< queries that have not ended
  std::uint32_t calls = 0;    ///< begun since the release
  std::uint32_t waiting = 0;  ///< calls that have not returned
};

/// All members throw std::runtime_error when a step times out or a process of the herd dies without
/// having been killed by the scenario. They throw `interrupted` after a signal to stop.
class herd {
 public:
  /// Starts the processes. `redis` is nullptr if the server is not private. `redis`, `signals` and
  /// `report_progress` must outlive this object.
  herd(run_plan plan, process::private_redis* redis, const process::signal_watch& signals,
       const std::function<void(const herd_progress&)>& report_progress);
  herd(const herd&) = delete;
  herd& operator=(const herd&) = delete;

  [[nodiscard]] const run_plan& plan() const noexcept { return plan_; }

  /// Waits until all callers are connected.
  void gather();
  /// The first process loads every key.
  void fill();
  /// Waits until the ttl of the first key has ended.
  void await_cold();
  /// Lets all callers start.
  void release();
  /// Waits for a running query that began after the release. Returns the number of its process.
  [[nodiscard]] std::uint32_t await_holder();
  /// Waits until `since_release` after the release.
  void await_time(std::chrono::milliseconds since_release);
  /// Waits until `calls` calls have returned or `limit` has passed.
  void await_calls(std::uint32_t calls, std::chrono::milliseconds limit);
  void kill_process(std::uint32_t number);
  void freeze_process(std::uint32_t number);
  void thaw_process(std::uint32_t number);
  /// true: every query that begins from now on fails. false: queries work again.
  void fail_queries(bool from_now_on);
  void kill_redis();
  void start_redis();
  void flush_redis();
  /// Waits until every call has returned and no query runs in the background, then ends the
  /// processes. Returns the log.
  [[nodiscard]] run_record finish();

 private:
  template <class Done>
  void wait(std::string_view doing, std::chrono::nanoseconds patience, const Done& done);
  void check_processes();
  [[nodiscard]] bool is_at_rest();
  [[nodiscard]] herd_progress progress(std::string_view doing, std::chrono::nanoseconds elapsed);
  void put_marker(marker_kind kind, std::string text);
  [[nodiscard]] process::private_redis& own_redis() const;
  [[nodiscard]] std::chrono::nanoseconds since_release(monotonic_ns at) const;
  [[nodiscard]] run_record collect();
  void collect_queries(run_record& record);
  void collect_calls(run_record& record);
  [[nodiscard]] bool is_disturbed(std::uint32_t process, monotonic_ns begun,
                                  monotonic_ns ended) const;

  const run_plan plan_;
  process::private_redis* const redis_;
  const process::signal_watch& signals_;
  const std::function<void(const herd_progress&)>& report_progress_;
  shared_run_state state_;
  std::vector<process::child_process> processes_;
  // Processes by their number.
  std::set<std::uint32_t> killed_;
  std::map<std::uint32_t, monotonic_ns> disturbed_;  // when each was first killed or frozen
  std::set<std::uint32_t> frozen_;                   // at present
  std::vector<timeline_marker> markers_;
  bool is_filled_ = false;
  bool is_released_ = false;
  std::uint32_t queries_before_ = 0;    // queries begun before the release
  std::uint32_t requested_before_ = 0;  // queries requested before the release
};

}  // namespace drover::simulate
