// SPDX-License-Identifier: MIT
#include "simulate/measure/cold_events.hpp"

#include <algorithm>

namespace drover::simulate {
namespace {

using std::chrono::nanoseconds;

}  // namespace

key_events cold_events_of(const run_record& run, const measuring_rules& rules) {
  std::vector<query_span> queries = run.queries;
  std::ranges::stable_sort(queries, {}, &query_span::begun);
  key_events events;
  for (const query_span& query : queries) {
    std::vector<key_event>& events_of_key = events[query.key];
    const bool is_by_run = rules.events == event_rule::run;
    const bool is_new = events_of_key.empty() ||
                        (!is_by_run && query.begun - events_of_key.back().begun > rules.event_gap);
    if (is_new) events_of_key.push_back({.begun = is_by_run ? nanoseconds{} : query.begun});
    key_event& event = events_of_key.back();
    ++event.queries;
    if (query.is_ended) event.loaded = std::min(event.loaded.value_or(query.ended), query.ended);
  }
  return events;
}

std::optional<nanoseconds> lag_of(const call_span& call, const key_events& events) {
  const auto events_of_key = events.find(call.key);
  if (call.outcome == answer::none || call.is_disturbed || events_of_key == events.end())
    return std::nullopt;
  for (const key_event& event : events_of_key->second) {
    if (!event.loaded || call.begun >= *event.loaded || call.ended < event.begun) continue;
    return std::max(call.ended - *event.loaded, nanoseconds{});
  }
  return std::nullopt;
}

}  // namespace drover::simulate
