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
  run,  ///< all queries of one run
  /// A query, and the queries of the same run and key that begin within `event_gap` after it.
  cluster,
};

struct measuring_rules {
  event_rule events = event_rule::run;
  std::chrono::nanoseconds event_gap{};
};

/// All runs of one strategy in one round, one after another.
struct measurement {
  std::uint64_t cold_events = 0;
  /// The queries of each cold event. Under `event_rule::run` these are the database's counts. Under
  /// `event_rule::cluster` they come from the log, because only the log has the time at which each
  /// query began. The log may hold fewer queries than the database counted.
  std::vector<std::uint64_t> queries_per_event;
  std::uint64_t queries_total = 0;  ///< counted by the database
  std::uint64_t queries_asked = 0;  ///< counted by the tool
  std::uint64_t fill_queries = 0;
  std::uint64_t calls = 0;
  std::uint64_t calls_refused = 0;
  std::uint64_t calls_lost = 0;  ///< did not return
  std::uint64_t errors = 0;
  std::uint64_t wrong_values = 0;
  std::uint64_t stale_reads = 0;
  std::uint64_t queries_running_max = 0;
  std::chrono::nanoseconds age_max{};  ///< the age of the oldest value that a call returned
  std::string first_error;
  /// The duration of the calls that returned and were not disturbed.
  quantiles wait;
  /// The time from the load of an event, which is the end of the query that ended first, to the
  /// return of a call for the same key. A call is measured if it began before the load, returned
  /// after the beginning of the event, and was not disturbed. A call that returned before the load
  /// counts as zero.
  quantiles lag;
  // For charts. The runs follow one another, each beginning at its release.
  std::chrono::nanoseconds end{};
  std::vector<query_span> queries;
  std::vector<call_span> calls_logged;
  std::vector<timeline_marker> markers;
  std::vector<std::chrono::nanoseconds> refusals;  ///< when a call found no free caller
};

/// Returns zeros if `runs` is empty.
[[nodiscard]] measurement measure(std::span<const run_record> runs, const measuring_rules& rules);

/// By nearest rank. Returns zeros if there are no samples.
[[nodiscard]] quantiles quantiles_of(std::vector<std::chrono::nanoseconds> samples);

/// The largest number of `spans` that ran at once in each of `bins` equal parts of [0, end). A span
/// does not include its end: two spans that meet do not run at once.
[[nodiscard]] std::vector<std::uint32_t> running_over_time(std::span<const query_span> spans,
                                                           std::chrono::nanoseconds end,
                                                           std::size_t bins);
/// Like `running_over_time`, for calls.
[[nodiscard]] std::vector<std::uint32_t> waiting_over_time(std::span<const call_span> spans,
                                                           std::chrono::nanoseconds end,
                                                           std::size_t bins);

}  // namespace drover::simulate
