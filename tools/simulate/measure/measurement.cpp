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
  int change = 0;  // one more runs, or one fewer

  friend auto operator<=>(const step&, const step&) = default;  // the ends first
};

template <class Span>
std::vector<step> steps_of(std::span<const Span> spans) {
  std::vector<step> steps;
  steps.reserve(2 * spans.size());
  for (const Span& each : spans) {
    // What took no time at all by the clock still ran.
    const nanoseconds end = std::max(each.ended, each.begun + nanoseconds{1});
    steps.push_back({.at = each.begun, .change = +1});
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
  for (const step& each : steps_of(spans)) {
    runs_until(std::min(each.at, end));
    running = each.change > 0 ? running + 1 : running - 1;
  }
  return most;
}

std::uint64_t most_at_once(std::span<const query_span> spans) {
  std::int64_t running = 0;
  std::int64_t most = 0;
  for (const step& each : steps_of(spans)) {
    running += each.change;
    most = std::max(most, running);
  }
  return static_cast<std::uint64_t>(most);
}

struct samples {
  std::vector<nanoseconds> waits;
  std::vector<nanoseconds> lags;
};

void count_events(measurement& made, const run_record& run, const key_events& events,
                  const measuring& how) {
  if (how.events == event_rule::run) {
    made.queries_per_event.push_back(run.queries_counted);
    return;
  }
  for (const auto& [key, of_key] : events) {
    for (const key_event& each : of_key) made.queries_per_event.push_back(each.queries);
  }
}

void count_calls(measurement& made, samples& into, const run_record& run,
                 const key_events& events) {
  for (const call_span& each : run.calls) {
    made.errors += each.got == answer::error ? 1 : 0;
    made.wrong_values += each.got == answer::wrong ? 1 : 0;
    made.calls_lost += each.got == answer::none ? 1 : 0;
    made.stale_reads += each.is_stale ? 1 : 0;
    if (each.got == answer::value) made.age_max = std::max(made.age_max, each.age);
    const bool is_measured = each.got != answer::none && !each.is_disturbed;
    if (is_measured) into.waits.push_back(each.ended - each.begun);
    if (const auto lag = lag_of(each, events)) into.lags.push_back(*lag);
  }
}

/// Behind what is there already.
void append_pictures(measurement& made, const run_record& run) {
  const nanoseconds offset = made.end;
  const auto append = [offset](auto& to, const auto& from) {
    for (auto each : from) {
      each.begun += offset;
      each.ended += offset;
      to.push_back(std::move(each));
    }
  };
  append(made.queries, run.queries);
  append(made.calls_logged, run.calls);
  for (timeline_marker each : run.markers) {
    each.at += offset;
    made.markers.push_back(std::move(each));
  }
  for (const nanoseconds at : run.refusals) made.refusals.push_back(at + offset);
  made.end += std::max(run.end, nanoseconds{});
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

measurement measure(std::span<const run_record> runs, const measuring& how) {
  measurement made;
  samples all;
  for (const run_record& run : runs) {
    const key_events events = cold_events_of(run, how);
    count_events(made, run, events, how);
    count_calls(made, all, run, events);
    made.queries_total += run.queries_counted;
    made.queries_asked += run.queries_asked;
    made.fill_queries += run.fill_queries;
    made.calls += run.calls_made;
    made.calls_refused += run.calls_refused;
    made.queries_running_max = std::max(made.queries_running_max, most_at_once(run.queries));
    if (made.first_error.empty()) made.first_error = run.first_error;
    append_pictures(made, run);
  }
  made.cold_events = made.queries_per_event.size();
  made.wait = quantiles_of(std::move(all.waits));
  made.lag = quantiles_of(std::move(all.lags));
  return made;
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
