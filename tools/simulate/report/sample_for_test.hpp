// SPDX-License-Identifier: MIT
// Invented results of simulations, for the tests of the reports and for sample pages.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "simulate/measure/expectation.hpp"
#include "simulate/measure/measurement.hpp"
#include "simulate/measure/simulation.hpp"

namespace drover::simulate::sample {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

inline constexpr std::uint32_t callers = 200;

inline nanoseconds spread(std::uint32_t i, nanoseconds step) { return step * ((i * 37) % 100); }

/// Every caller queries the database.
inline run_record stampede(nanoseconds load) {
  run_record run;
  for (std::uint32_t i = 0; i < callers; ++i) {
    const nanoseconds begun = spread(i, 30us);
    const nanoseconds ended = begun + 300us + load + spread(i * 3, 40us);
    run.queries.push_back({begun + 300us, ended, 0, i / 50, true});
    run.calls.push_back({.begun = begun, .ended = ended + 200us, .outcome = answer::value});
    run.end = std::max(run.end, ended + 200us);
  }
  std::ranges::sort(run.queries, {}, &query_span::begun);
  run.queries_counted = run.queries_asked = run.calls_made = callers;
  run.fill_queries = 1;
  run.markers = {{.at = 0ms, .kind = marker_kind::cold, .text = "the key is cold"}};
  return run;
}

/// Most callers wait for a lock. Every fifth caller gives up and queries the database.
inline run_record lock(nanoseconds load) {
  run_record run = stampede(load);
  run.queries.clear();
  for (std::uint32_t i = 0; i < callers; ++i) {
    const nanoseconds begun = 1ms + load * (i % 11) / 3 + spread(i, 90us);
    call_span& call = run.calls[i];
    if (i % 5 != 0) {
      call.ended = load * (3 + i % 7) / 2 + spread(i, 50us);
    } else {
      run.queries.push_back({begun, begun + load, 0, i / 50, true});
      call.ended = begun + load + 1ms;
    }
    run.end = std::max(run.end, call.ended);
  }
  std::ranges::sort(run.queries, {}, &query_span::begun);
  run.queries_counted = run.queries_asked = run.queries.size();
  return run;
}

/// One caller loads the value, and all callers get it.
inline run_record one_load(nanoseconds load) {
  run_record run = stampede(load);
  run.queries = {{1ms, 1ms + load, 0, 2, true}};
  run.end = {};
  for (std::uint32_t i = 0; i < callers; ++i) {
    run.calls[i].ended = 1ms + load + 200us + spread(i, 15us);
    run.end = std::max(run.end, run.calls[i].ended);
  }
  run.queries_counted = run.queries_asked = 1;
  return run;
}

/// The holder is killed during its load, and another process takes over.
inline run_record killed(nanoseconds load) {
  run_record run = one_load(load);
  const nanoseconds kill = load / 2;
  run.queries = {{1ms, 2 * load, 0, 2, false, true}, {kill + 40ms, kill + 40ms + load, 0, 1, true}};
  for (std::uint32_t i = 0; i < callers; ++i) {
    run.calls[i].ended = kill + 41ms + load + spread(i, 15us);
    if (i % 4 == 2) {
      run.calls[i].outcome = answer::none;
      run.calls[i].is_disturbed = true;
      run.calls[i].ended = kill;
    }
    run.end = std::max(run.end, run.calls[i].ended);
  }
  run.queries[0].ended = run.end;
  run.queries_counted = run.queries_asked = 2;
  run.markers.push_back({.at = kill, .kind = marker_kind::fault, .text = "process 2 killed"});
  return run;
}

inline strategy_result result_of(std::string name, std::string title, std::string weakness,
                                 const std::vector<run_record>& runs) {
  strategy_result result;
  result.name = std::move(name);
  result.title = std::move(title);
  result.weakness = std::move(weakness);
  result.measured = measure(runs, {});
  result.headline = key_figure_of(result.measured, {}, {});
  result.checks =
      evaluate(parse_expectations("queries-per-event<=1,errors=0").conditions, result.measured);
  return result;
}

inline round_result round_of(nanoseconds load, std::string text, std::string words,
                             bool has_fault = false) {
  round_result round;
  round.load = std::move(text);
  round.load_in_words = std::move(words);
  round.strategies = {
      result_of("cache-aside", "cache-aside",
                "nothing holds a caller back between the end of the ttl and the next SETEX",
                {stampede(load)}),
      result_of("retry-lock", "retry lock",
                "a caller looks again only once it holds the lock, and after 5 attempts to get it "
                "asks the database itself",
                {lock(load)}),
      result_of("drover", "Drover", "this should not happen; please report it",
                {has_fault ? killed(load) : one_load(load)})};
  return round;
}

/// A hot key expires, with a fast and with a slow query.
inline simulation herd() {
  simulation results;
  results.scenario = "expiry";
  results.title = "A hot key expires";
  results.story = "A key is in the cache, its ttl runs out, and every caller wants it at once.";
  results.look_for =
      "How many queries does one cold key cost, and how long after the load is the last "
      "caller served?";
  results.origin = "SQLite 3.40.1, its own trace counts the queries";
  results.server = "Redis 7.0.15, private";
  results.parameters = {{"processes", std::uint64_t{4}},
                        {"callers_per_process", std::uint64_t{50}},
                        {"load_ms", std::string{"50,2000"}},
                        {"ttl_ms", std::uint64_t{60000}},
                        {"beta", 1.5},
                        {"seed", std::uint64_t{42}}};
  results.command =
      "drover simulate --scenario expiry --callers 50 --processes 4 --load-ms 50,2000";
  results.rounds = {round_of(50ms, "50", "50 ms"), round_of(2s, "2000", "2 s")};
  return results;
}

/// A result with several cold events, a killed holder, errors and stale reads, so that every
/// optional column except "wrong values" appears.
inline simulation troubled() {
  simulation results = herd();
  results.scenario = "holder-killed";
  results.title = "The holder is killed mid-load";
  results.look_for = "Does somebody take over, and does anybody get an old value?";
  results.rounds = {round_of(300ms, "uniform:200-400", "200 to 400 ms, uniform", true)};
  auto& strategies = results.rounds[0].strategies;
  run_record faulty = lock(300ms);
  for (std::uint32_t i = 0; i < callers; i += 9) faulty.calls[i].outcome = answer::error;
  for (std::uint32_t i = 4; i < callers; i += 9) faulty.calls[i].is_stale = true;
  faulty.first_error = "cannot open the database: it is busy";
  faulty.queries_asked += 3;
  faulty.calls_refused = 1234;
  faulty.markers.push_back({.at = 150ms, .kind = marker_kind::fault, .text = "process 2 killed"});
  faulty.markers.push_back({.at = 700ms, .kind = marker_kind::change, .text = "row changed"});
  strategies[1] = result_of("retry-lock", "retry lock", strategies[1].weakness,
                            {lock(300ms), faulty, stampede(300ms)});
  strategies[2].measured =
      measure(std::vector{one_load(300ms), killed(300ms), one_load(300ms)}, {});
  strategies[0].measured =
      measure(std::vector{stampede(300ms), stampede(300ms), stampede(300ms)}, {});
  for (strategy_result& result : strategies) {
    result.headline = key_figure_of(result.measured, {.good_max = 2}, {});
  }
  return results;
}

/// A result in which all text from outside tries to break the report.
inline simulation hostile() {
  const std::string evil =
      "</script><script>document.title='broken'</script><img src=x onerror=alert(1)>\"'&<!--]]>"
      "\x1b[31m\x9b\r\n=cmd(),\xff\xC3\xBC";
  simulation results = troubled();
  results.scenario = results.title = results.story = results.look_for = results.origin =
      results.server = results.command = evil;
  results.parameters.emplace_back(evil, evil);
  for (round_result& round : results.rounds) {
    round.load = round.load_in_words = evil;
    for (strategy_result& result : round.strategies) {
      result.name = result.title = result.weakness = result.measured.first_error = evil;
      result.checks.push_back({evil, false, evil});
      for (timeline_marker& marker : result.measured.markers) marker.text = evil;
    }
  }
  return results;
}

}  // namespace drover::simulate::sample
