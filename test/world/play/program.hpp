// SPDX-License-Identifier: MIT
// The program that each simulated process runs: a client, two caches, threads that call them, and
// the checks of each result. program.cpp has the calls, program_loads.cpp the loaders, and
// program_checks.cpp the checks.
//
// Threads: the fibers of its process. Lifetime: the first thread of the process.
#pragma once

#include <drover/cache.hpp>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "world/play/universe.hpp"

namespace drover::world {

using text_cache = drover::cache<std::string>;

/// The failure of a load.
struct origin_failed : std::runtime_error {
  explicit origin_failed(std::size_t number)
      : std::runtime_error{"load " + std::to_string(number) + " failed"}, load{number} {}
  std::size_t load;
};

/// Counts what the process did with one cache, to compare with the cache's own counters.
struct own_counts {
  std::uint64_t loads = 0;
  std::uint64_t fresh = 0;
  std::uint64_t stale = 0;
  std::uint64_t unknown = 0;
  std::uint64_t refused = 0;
  std::uint64_t invalidations = 0;
  std::uint64_t unacknowledged = 0;
};

/// A call of `fetch` or `get_or_load` that runs.
struct running_call {
  row of;
  virtual_time began{};
  std::uint32_t floor = 0;               ///< when it began
  std::optional<virtual_time> deadline;  ///< a span
  bool has_stop = false;
  bool has_own_loader = false;
  unsigned thread = 0;
  std::size_t beside = 0;  ///< the most calls and loads that ran in its process at once
};

/// Counts the events of a process, and notes what the checks need.
[[nodiscard]] std::shared_ptr<drover::observer> observe(universe& in, unsigned process_number);

/// A span that can be added to others: the longest ones never end in a schedule.
template <class Span>
[[nodiscard]] constexpr virtual_time bounded(Span span) noexcept {
  constexpr std::chrono::hours longest{24};
  if (span > longest) return longest;
  return span < Span{} ? virtual_time{} : virtual_time{span};
}

[[nodiscard]] constexpr bool is_read(const planned_call& planned) noexcept {
  return planned.is == planned_call::kind::get || planned.is == planned_call::kind::get_or_load;
}

/// Of one call of `drain`.
inline constexpr duration drain_max{50};

/// One run of the program.
class program {
 public:
  program(universe& in, std::size_t index)
      : in_{in},
        planned_{in.planned.processes[index]},
        number_{static_cast<unsigned>(index) + 1},
        self_{*in.processes[index]} {}

  void run();

 private:
  [[nodiscard]] client_options options();
  [[nodiscard]] drover::client connect();
  /// A thread of the harness itself: the faults of the plan do not concern it.
  template <class Body>
  [[nodiscard]] std::thread start_thread(Body body) {
    in_.system.running().is_of_harness = true;
    std::thread started{std::move(body)};
    in_.system.running().is_of_harness = false;
    return started;
  }
  void execute(std::function<void()> task);
  void open(const drover::client& on);
  void drain();
  void run_threads();
  void run_calls(const std::vector<planned_call>& calls);
  void call(const planned_call& planned);
  /// Returns why it was refused, if it was.
  std::optional<refused::reason> read(const planned_call& planned, const call_options& limits,
                                      std::uint32_t floor);
  void fetch(running_call& call, const call_options& limits);
  [[nodiscard]] bool is_peeked(row of);
  void begin_call(running_call& call);
  void end_call(const running_call& call);
  void count_beside();
  void read_at_the_end(row of);
  void write(row changed);
  [[nodiscard]] drover::result<void> invalidate(row changed);
  void compare_at_the_end();
  void check_counters();
  void check_value(row of, std::uint32_t floor, virtual_time began,
                   const std::optional<std::string>& value, std::optional<served> how);
  void check_age(row of, const load_record& load, virtual_time began, std::optional<served> how);
  void check_single_load(row of, std::size_t number);
  [[nodiscard]] bool is_sent_again(row of) const;
  void check_turns(std::size_t number);
  void check_refusal(const running_call& call, refused::reason why, bool stop_is_requested);
  [[nodiscard]] bool has_time_for_the_origin(const running_call& call) const;
  void check_failure(const running_call& call, std::size_t load);
  void check_failure(const running_call& call, load_failed::reason why);
  void check_text(const running_call& call, std::string_view text);
  void check_own_try(const running_call& call);
  void check_bypassed(row of, const load_record& load, virtual_time began);
  void expect_hit(row of);
  [[nodiscard]] bool expects_hits() const;
  void check_promptness(const planned_call& planned, virtual_time began, bool is_nested = false);
  [[nodiscard]] std::uint32_t pending_floor(row of, virtual_time began) const;
  void check_span(const planned_call& planned, virtual_time began, virtual_time ended,
                  virtual_time paused_before);
  void check_absence(row of, std::uint32_t floor, std::optional<served> how);
  [[nodiscard]] bool is_a_refresh(const load_record& load) const;
  [[nodiscard]] virtual_time longest_pause() const;
  [[nodiscard]] virtual_time clock_error() const;
  [[nodiscard]] virtual_time own_time(virtual_time shown) const;
  [[nodiscard]] virtual_time limit_of(const planned_call& planned, virtual_time began) const;
  [[nodiscard]] virtual_time longest_wait(row of, virtual_time began) const;
  [[nodiscard]] virtual_time paused_for() const {
    return self_.paused_for +
           (self_.is_paused ? in_.system.now() - self_.paused_since : virtual_time{});
  }
  loaded<std::string> load(unsigned cache, std::string_view key, drover::load& run);
  void load_nested(row of, std::size_t outer);
  void check_availability(const drover::client& of);
  // program_server.cpp
  void check_refusal_is_told(const drover::client& of);
  void check_replica(const running_call& call, served how);
  void check_unstored(row changed, std::uint32_t version);
  void check_repeated(row of);
  void check_drops();
  void check_stop(row of, const load_record& run, bool is_stopped);
  [[nodiscard]] virtual_time own_pause(const load_record& failed) const;
  [[nodiscard]] virtual_time spent_in_loads(row of, virtual_time began, bool is_nested) const;
  [[nodiscard]] bool is_prompt_when_usual(const planned_call& planned, bool is_nested) const;
  void make_mistake(row of);
  void load_beside(row of);

  universe& in_;
  const planned_process& planned_;
  unsigned number_;
  process& self_;
  std::array<std::unique_ptr<text_cache>, cache_count> caches_;
  std::array<own_counts, cache_count> counts_;
  std::uint64_t bypassed_ = 0;                                        ///< calls
  std::array<std::set<unsigned>, cache_count> failed_invalidations_;  ///< keys, by cache
  unsigned loads_running_ = 0;
  unsigned refreshes_asked_ = 0;  ///< by calls
  std::vector<running_call*> running_calls_;
  std::vector<std::function<void()>> kept_tasks_;  ///< of the executor; they never run
};

}  // namespace drover::world
