// SPDX-License-Identifier: MIT
// What the records of a strategy's runs come to: numbers for tables, series for charts. Pure.
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

/// Of all the runs of one strategy in one round, one behind another.
struct measurement {
  std::uint64_t cold_events = 0;
  /// One for each cold event. By run these are the database's counts; by cluster they come from
  /// the log, which knows when each query began, and may hold fewer than were counted.
  std::vector<std::uint64_t> queries_per_event;
  std::uint64_t queries_total = 0;  ///< that the database counted
  std::uint64_t queries_asked = 0;  ///< that the tool counted
  std::uint64_t fill_queries = 0;
  std::uint64_t calls = 0;
  std::uint64_t calls_refused = 0;
  std::uint64_t calls_lost = 0;  ///< never came back
  std::uint64_t errors = 0;
  std::uint64_t wrong_values = 0;
  std::uint64_t stale_reads = 0;
  std::uint64_t queries_running_max = 0;
  std::chrono::nanoseconds age_max{};  ///< of a value that a caller was given
  std::string first_error;
  /// From a call to its return; of those that came back and were not disturbed.
  quantiles wait;
  /// From the end of the query that ended first, of an event and a call's key, to the return of the
  /// call, if it began before that end, was not back before the event began, and was not disturbed.
  /// A call that was back before that end counts as zero.
  quantiles lag;
  // For pictures. The runs stand one behind another, each from its release.
  std::chrono::nanoseconds end{};
  std::vector<query_span> queries;
  std::vector<call_span> calls_logged;
  std::vector<timeline_marker> markers;
  std::vector<std::chrono::nanoseconds> refusals;  ///< when a call found nobody free to make it
};

/// Zeros for no records.
[[nodiscard]] measurement measure(std::span<const run_record> runs, const measuring& how);

/// Nearest rank; zeros for no samples.
[[nodiscard]] quantiles quantiles_of(std::vector<std::chrono::nanoseconds> samples);

/// How many of `spans` ran at once, at most, in each of `bins` equal parts of [0, end). A span is
/// over at its end: of two that meet, one runs at a time.
[[nodiscard]] std::vector<std::uint32_t> running_over_time(std::span<const query_span> spans,
                                                           std::chrono::nanoseconds end,
                                                           std::size_t bins);
/// The same for calls that are under way.
[[nodiscard]] std::vector<std::uint32_t> waiting_over_time(std::span<const call_span> spans,
                                                           std::chrono::nanoseconds end,
                                                           std::size_t bins);

}  // namespace drover::simulate
