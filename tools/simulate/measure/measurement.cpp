// SPDX-License-Identifier: MIT
#include "simulate/measure/measurement.hpp"

#include <algorithm>
#include <utility>

#include "simulate/measure/cold_events.hpp"

namespace drover::simulate {
namespace {

using std::chrono::nanoseconds;

struct step {
  nanoseconds at{};
  int change = 0;  // +1 at a beginning, -1 at an end

  friend auto operator<=>(const step&, const step&) = default;  // at equal times, ends come first
};

template <class Span>
std::vector<step> steps_of(std::span<const Span> spans) {
  std::vector<step> steps;
  steps.reserve(2 * spans.size());
  for (const Span& span : spans) {
    // A span counts even if the clock gives it the same beginning and end.
    const nanoseconds end = std::max(span.ended, span.begun + nanoseconds{1});
    steps.push_back({.at = span.begun, .change = +1});
    steps.push_back({.at = end, .change = -1});
  }
  std::ranges::sort(steps);
  return steps;
}

template <class Span>
std::vector<std::uint32_t> over_time(std::span<const Span> spans, nanoseconds end,
                                     std::size_t bins) {
  std::vector<std::uint32_t> most(bins);
  if (end <= nanoseconds{} || bins == 0) return most;
  const auto bin_of = [&](nanoseconds at) {
    return static_cast<std::uint64_t>(at.count()) * bins / static_cast<std::uint64_t>(end.count());
  };
  std::uint32_t running = 0;
  nanoseconds since{};
  const auto runs_until = [&](nanoseconds now) {
    if (now <= since) return;
    for (std::uint64_t i = bin_of(since); i <= bin_of(now - nanoseconds{1}); ++i) {
      most[i] = std::max(most[i], running);
    }
    since = now;
  };
  for (const step& edge : steps_of(spans)) {
    runs_until(std::min(edge.at, end));
    running = edge.change > 0 ? running + 1 : running - 1;
  }
  return most;
}

std::uint64_t most_at_once(std::span<const query_span> spans) {
  std::int64_t running = 0;
  std::int64_t most = 0;
  for (const step& edge : steps_of(spans)) {
    running += edge.change;
    most = std::max(most, running);
  }
  return static_cast<std::uint64_t>(most);
}

struct samples {
  std::vector<nanoseconds> waits;
  std::vector<nanoseconds> lags;
};

void count_events(measurement& result, const run_record& run, const key_events& events,
                  const measuring_rules& rules) {
  if (rules.events == event_rule::run) {
    result.queries_per_event.push_back(run.queries_counted);
    return;
  }
  for (const auto& [key, events_of_key] : events) {
    for (const key_event& event : events_of_key) result.queries_per_event.push_back(event.queries);
  }
}

void count_calls(measurement& result, samples& collected, const run_record& run,
                 const key_events& events) {
  for (const call_span& call : run.calls) {
    result.errors += call.outcome == answer::error ? 1 : 0;
    result.wrong_values += call.outcome == answer::wrong ? 1 : 0;
    result.calls_lost += call.outcome == answer::none ? 1 : 0;
    result.stale_reads += call.is_stale ? 1 : 0;
    if (call.outcome == answer::value) result.age_max = std::max(result.age_max, call.age);
    const bool is_measured = call.outcome != answer::none && !call.is_disturbed;
    if (is_measured) collected.waits.push_back(call.ended - call.begun);
    if (const auto lag = lag_of(call, events)) collected.lags.push_back(*lag);
  }
}

/// Appends the run to the end of the time axis.
void append_series(measurement& result, const run_record& run) {
  const nanoseconds offset = result.end;
  const auto append = [offset](auto& target, const auto& spans) {
    for (auto span : spans) {
      span.begun += offset;
      span.ended += offset;
      target.push_back(std::move(span));
    }
  };
  append(result.queries, run.queries);
  append(result.calls_logged, run.calls);
  for (timeline_marker marker : run.markers) {
    marker.at += offset;
    result.markers.push_back(std::move(marker));
  }
  for (const nanoseconds at : run.refusals) result.refusals.push_back(at + offset);
  result.end += std::max(run.end, nanoseconds{});
}

}  // namespace

quantiles quantiles_of(std::vector<nanoseconds> samples) {
  if (samples.empty()) return {};
  std::ranges::sort(samples);
  const auto rank = [&](std::size_t percent) {
    return samples[(samples.size() * percent + 99) / 100 - 1];
  };
  return {.p50 = rank(50), .p99 = rank(99), .max = samples.back()};
}

measurement measure(std::span<const run_record> runs, const measuring_rules& rules) {
  measurement result;
  samples collected;
  for (const run_record& run : runs) {
    const key_events events = cold_events_of(run, rules);
    count_events(result, run, events, rules);
    count_calls(result, collected, run, events);
    result.queries_total += run.queries_counted;
    result.queries_asked += run.queries_asked;
    result.fill_queries += run.fill_queries;
    result.calls += run.calls_made;
    result.calls_refused += run.calls_refused;
    result.queries_running_max = std::max(result.queries_running_max, most_at_once(run.queries));
    if (result.first_error.empty()) result.first_error = run.first_error;
    append_series(result, run);
  }
  result.cold_events = result.queries_per_event.size();
  result.wait = quantiles_of(std::move(collected.waits));
  result.lag = quantiles_of(std::move(collected.lags));
  return result;
}

std::vector<std::uint32_t> running_over_time(std::span<const query_span> spans, nanoseconds end,
                                             std::size_t bins) {
  return over_time(spans, end, bins);
}

std::vector<std::uint32_t> waiting_over_time(std::span<const call_span> spans, nanoseconds end,
                                             std::size_t bins) {
  return over_time(spans, end, bins);
}

}  // namespace drover::simulate
