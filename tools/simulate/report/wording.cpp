// SPDX-License-Identifier: MIT
#include "simulate/report/wording.hpp"

#include <algorithm>
#include <cstdio>
#include <type_traits>
#include <vector>

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

std::uint64_t worst_event(const measurement& measured) {
  const auto& all = measured.queries_per_event;
  return all.empty() ? 0 : *std::ranges::max_element(all);
}

std::chrono::nanoseconds longest_query(const measurement& measured) {
  std::chrono::nanoseconds longest{};
  for (const query_span& query : measured.queries) {
    if (query.is_ended) longest = std::max(longest, query.ended - query.begun);
  }
  return longest;
}

/// The number of queries that replaced queries of a killed or frozen process.
std::uint64_t replacement_queries(const measurement& measured) {
  const auto disturbed = std::ranges::count(measured.queries, true, &query_span::is_disturbed);
  const auto undisturbed = std::ranges::count(measured.queries, false, &query_span::is_disturbed);
  return static_cast<std::uint64_t>(std::min(disturbed, undisturbed));
}

/// The number of calls that did not return because their process was killed.
std::uint64_t killed_calls(const measurement& measured) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      measured.calls_logged,
      [](const call_span& call) { return call.outcome == answer::none && call.is_disturbed; }));
}

bool has_answers(const measurement& measured) {
  return measured.calls_logged.empty() ||
         std::ranges::any_of(measured.calls_logged, [](const call_span& call) {
           return call.outcome != answer::error && call.outcome != answer::none;
         });
}

/// The sentence for a run in which all callers shared one load.
std::string served(const measurement& measured) {
  std::string text = "One query";
  if (measured.cold_events > 1)
    text += " for each of " + in_words(measured.cold_events) + " cold events";
  if (measured.queries_total > measured.cold_events) {
    text += ", and " + in_words(measured.queries_total - measured.cold_events) +
            " more to replace queries of a killed or frozen process,";
  }
  text += " served " + counted(measured.calls - measured.calls_lost, "call", "calls");
  if (measured.lag == quantiles{}) return text + "; no call waited for a load";
  const std::string last = in_words(measured.lag.max) + " after the load";
  if (measured.lag.max > std::max<std::chrono::nanoseconds>(50ms, longest_query(measured) / 2)) {
    return text + ", the last one not until " + last;
  }
  return text + ", the last one " + last;
}

/// The weakness of the strategy. Empty if the scenario broke something, because the weakness may
/// then not be the reason.
std::string reason(const strategy_result& result) {
  const bool has_fault = std::ranges::any_of(
      result.measured.markers,
      [](const timeline_marker& marker) { return marker.kind == marker_kind::fault; });
  return result.weakness.empty() || has_fault ? std::string{} : ": " + one_line(result.weakness);
}

std::string cost(const strategy_result& result) {
  const measurement& measured = result.measured;
  if (measured.calls == 0) return "No call was made, so the run shows nothing";
  if (measured.queries_total == 0) return "No query reached the database: nothing was cold";
  const std::string all = counted(measured.queries_total, "query", "queries");
  if (!has_answers(measured)) {
    return all + ", and none of " + counted(measured.calls, "call", "calls") + " got a value";
  }
  if (is_one_load(measured)) return served(measured);
  if (!result.is_one_enough) return all + " for " + counted(measured.calls, "call", "calls");
  if (measured.calls > 1 && measured.queries_total >= measured.calls) {
    return "Every call asked the database" + reason(result);
  }
  if (measured.cold_events <= 1) return all + " where one was enough" + reason(result);
  return all + " for " + in_words(measured.cold_events) + " cold events, up to " +
         in_words(worst_event(measured)) + " for one" + reason(result);
}

std::vector<std::string> complaints(const measurement& measured) {
  std::vector<std::string> all;
  if (measured.errors > 0) {
    const std::string text =
        measured.first_error.empty() ? std::string{} : " (" + one_line(measured.first_error) + ")";
    all.push_back(counted(measured.errors, "call", "calls") + " got an error" + text);
  }
  const auto add = [&](std::uint64_t number, std::string_view outcome) {
    if (number > 0) all.push_back(counted(number, "call", "calls") + ' ' + std::string{outcome});
  };
  add(measured.wrong_values, "got a wrong value");
  add(measured.stale_reads, "got a value older than an acknowledged change");
  const std::uint64_t killed = killed_calls(measured);
  add(killed, "ended with the process that was killed");
  add(measured.calls_lost - killed, "still waited when the run ended");
  add(measured.calls_refused, "found no free caller and were refused");
  return all;
}

}  // namespace

std::string per_event(const measurement& measured) {
  const auto& all = measured.queries_per_event;
  if (all.empty()) return "0";
  const auto [least, most] = std::ranges::minmax_element(all);
  return *least == *most ? in_words(*least) : in_words(*least) + '-' + in_words(*most);
}

std::string queries_in_words(const measurement& measured) {
  const std::string database_count = in_words(measured.queries_total);
  if (measured.queries_asked == measured.queries_total) return database_count;
  return database_count + " (tool: " + in_words(measured.queries_asked) + ')';
}

bool is_one_load(const measurement& measured) {
  const std::uint64_t replacements = replacement_queries(measured);
  return worst_event(measured) <= 1 + replacements &&
         measured.queries_total <= measured.cold_events + replacements;
}

bool is_about_queries(figure kind) {
  return kind == figure::queries_per_event || kind == figure::queries_total;
}

std::string headline_unit(const strategy_result& result) {
  const std::string unit{unit_of(result.headline)};
  const bool is_of_many =
      result.headline.kind == figure::queries_per_event && result.measured.cold_events > 1;
  return is_of_many ? unit + " for one cold event" : unit;
}

bool is_drover(const strategy_result& result) { return result.name.starts_with("drover"); }

std::string verdict(const strategy_result& result) {
  std::string text = cost(result);
  for (const std::string& complaint : complaints(result.measured)) text += "; " + complaint;
  if (result.measured.queries_asked != result.measured.queries_total) {
    text += "; the database counted " + counted(result.measured.queries_total, "query", "queries") +
            ", the tool " + in_words(result.measured.queries_asked);
  }
  return text + '.';
}

std::string in_words(const check& condition) {
  if (condition.is_met) return "met: " + one_line(condition.text);
  return "not met: " + one_line(condition.text) + " (found " + one_line(condition.actual) + ")";
}

std::string_view name_of(marker_kind kind) {
  switch (kind) {
    case marker_kind::cold: return "cold";
    case marker_kind::fault: return "fault";
    case marker_kind::mended: return "mended";
    case marker_kind::change: return "change";
  }
  return "";
}

std::string in_words(const parameter_value& value) {
  return std::visit(
      [](const auto& known) -> std::string {
        using type = std::decay_t<decltype(known)>;
        if constexpr (std::is_same_v<type, std::string>) {
          return known;
        } else if constexpr (std::is_same_v<type, double>) {
          char text[64];
          std::snprintf(text, sizeof text, "%g", known);
          return text;
        } else {
          return std::to_string(known);
        }
      },
      value);
}

}  // namespace drover::simulate
