// SPDX-License-Identifier: MIT
// The results of a strategy's runs: numbers for tables, series for charts. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "simulate/measure/run_record.hpp"

namespace drover::simulate {

struct quantiles {
  std::chrono::nanoseconds p50{};
  std::chrono::nanoseconds p99{};
  std::chrono::nanoseconds max{};

  friend bool operator==(const quantiles&, const quantiles&) = default;
};

/// Which queries belong to one cold event.
enum class event_rule : std::uint8_t {
  run,      ///< all of one run
  cluster,  ///< of each key: a query, and those of its run that begin within `event_gap` after it
};

struct measuring {
  event_rule events = event_rule::run;
  std::chrono::nanoseconds event_gap{};
};

/// All runs of one strategy in one round, one after another.
struct measurement {
  std::uint64_t cold_events = 0;
  /// One for each cold event. By run, these are the database's counts. By cluster, they come from
  /// the log, which has the beginning of each query, and which may hold fewer queries than were
  /// counted.
  std::vector<std::uint64_t> queries_per_event;
  std::uint64_t queries_total = 0;  ///< that the database counted
  std::uint64_t queries_asked = 0;  ///< that the tool counted
  std::uint64_t fill_queries = 0;
  std::uint64_t calls = 0;
  std::uint64_t calls_refused = 0;
  std::uint64_t calls_lost = 0;  ///< did not return
  std::uint64_t errors = 0;
  std::uint64_t wrong_values = 0;
  std::uint64_t stale_reads = 0;
  std::uint64_t queries_running_max = 0;
  std::chrono::nanoseconds age_max{};  ///< of a value that a caller was given
  std::string first_error;
  /// From a call to its return, over the calls that returned and were not disturbed.
  quantiles wait;
  /// From the end of the first query of an event to the return of a call for the same key. Measured
  /// are calls that began before that end, returned after the beginning of the event, and were not
  /// disturbed. A call that returned before that end counts as zero.
  quantiles lag;
  // For charts. The runs follow one another, each from its release.
  std::chrono::nanoseconds end{};
  std::vector<query_span> queries;
  std::vector<call_span> calls_logged;
  std::vector<timeline_marker> markers;
  std::vector<std::chrono::nanoseconds> refusals;  ///< when a call found no free caller
};

/// Zeros for no records.
[[nodiscard]] measurement measure(std::span<const run_record> runs, const measuring& rules);

/// Nearest rank; zeros for no samples.
[[nodiscard]] quantiles quantiles_of(std::vector<std::chrono::nanoseconds> samples);

/// The most `spans` that ran at once in each of `bins` equal parts of [0, end). A span does not
/// include its end: two spans that meet do not run at once.
[[nodiscard]] std::vector<std::uint32_t> running_over_time(std::span<const query_span> spans,
                                                           std::chrono::nanoseconds end,
                                                           std::size_t bins);
/// The same for calls that are under way.
[[nodiscard]] std::vector<std::uint32_t> waiting_over_time(std::span<const call_span> spans,
                                                           std::chrono::nanoseconds end,
                                                           std::size_t bins);

}  // namespace drover::simulate
