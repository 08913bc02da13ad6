// SPDX-License-Identifier: MIT
#include "simulate/measure/cold_events.hpp"

#include <algorithm>

namespace drover::simulate {
namespace {

using std::chrono::nanoseconds;

}  // namespace

key_events cold_events_of(const run_record& run, const measuring& rules) {
  std::vector<query_span> queries = run.queries;
  std::ranges::stable_sort(queries, {}, &query_span::begun);
  key_events events;
  for (const query_span& query : queries) {
    std::vector<key_event>& of_key = events[query.key];
    const bool is_by_run = rules.events == event_rule::run;
    const bool is_new =
        of_key.empty() || (!is_by_run && query.begun - of_key.back().begun > rules.event_gap);
    if (is_new) of_key.push_back({.begun = is_by_run ? nanoseconds{} : query.begun});
    key_event& event = of_key.back();
    ++event.queries;
    if (query.is_ended) event.loaded = std::min(event.loaded.value_or(query.ended), query.ended);
  }
  return events;
}

std::optional<nanoseconds> lag_of(const call_span& call, const key_events& events) {
  const auto of_key = events.find(call.key);
  if (call.got == answer::none || call.is_disturbed || of_key == events.end()) return std::nullopt;
  for (const key_event& event : of_key->second) {
    if (!event.loaded || call.begun >= *event.loaded || call.ended < event.begun) continue;
    return std::max(call.ended - *event.loaded, nanoseconds{});
  }
  return std::nullopt;
}

}  // namespace drover::simulate
