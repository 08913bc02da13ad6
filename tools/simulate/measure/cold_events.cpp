// SPDX-License-Identifier: MIT
#include "simulate/measure/cold_events.hpp"

#include <algorithm>

namespace drover::simulate {
namespace {

using std::chrono::nanoseconds;

}  // namespace

key_events cold_events_of(const run_record& run, const measuring& how) {
  std::vector<query_span> queries = run.queries;
  std::ranges::stable_sort(queries, {}, &query_span::begun);
  key_events events;
  for (const query_span& each : queries) {
    std::vector<key_event>& of_key = events[each.key];
    const bool is_by_run = how.events == event_rule::run;
    const bool is_new =
        of_key.empty() || (!is_by_run && each.begun - of_key.back().begun > how.event_gap);
    if (is_new) of_key.push_back({.begun = is_by_run ? nanoseconds{} : each.begun});
    key_event& event = of_key.back();
    ++event.queries;
    if (each.is_ended) event.loaded = std::min(event.loaded.value_or(each.ended), each.ended);
  }
  return events;
}

std::optional<nanoseconds> lag_of(const call_span& call, const key_events& events) {
  const auto of_key = events.find(call.key);
  if (call.got == answer::none || call.is_disturbed || of_key == events.end()) return std::nullopt;
  for (const key_event& each : of_key->second) {
    if (!each.loaded || call.begun >= *each.loaded || call.ended < each.begun) continue;
    return std::max(call.ended - *each.loaded, nanoseconds{});
  }
  return std::nullopt;
}

}  // namespace drover::simulate
