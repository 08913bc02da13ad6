// SPDX-License-Identifier: MIT
#include "simulate/report/wording.hpp"

#include <algorithm>
#include <cstdio>
#include <type_traits>
#include <vector>

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

std::uint64_t worst_event(const measurement& found) {
  const auto& all = found.queries_per_event;
  return all.empty() ? 0 : *std::ranges::max_element(all);
}

std::chrono::nanoseconds longest_query(const measurement& found) {
  std::chrono::nanoseconds longest{};
  for (const query_span& each : found.queries) {
    if (each.is_ended) longest = std::max(longest, each.ended - each.begun);
  }
  return longest;
}

/// Queries in place of those whose process was killed or frozen: somebody had to ask again.
std::uint64_t excused(const measurement& found) {
  const auto lost = std::ranges::count(found.queries, true, &query_span::is_disturbed);
  const auto others = std::ranges::count(found.queries, false, &query_span::is_disturbed);
  return static_cast<std::uint64_t>(std::min(lost, others));
}

/// Of the calls that never came back, those whose process was killed.
std::uint64_t killed_calls(const measurement& found) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      found.calls_logged,
      [](const call_span& call) { return call.got == answer::none && call.is_disturbed; }));
}

bool has_answers(const measurement& found) {
  return found.calls_logged.empty() ||
         std::ranges::any_of(found.calls_logged, [](const call_span& each) {
           return each.got != answer::error && each.got != answer::none;
         });
}

/// What a load that everybody shared did for those who came for it.
std::string served(const measurement& found) {
  std::string text = "One query";
  if (found.cold_events > 1) text += " for each of " + in_words(found.cold_events) + " cold events";
  if (found.queries_total > found.cold_events) {
    text += ", and " + in_words(found.queries_total - found.cold_events) +
            " more for what was lost or held up with its process,";
  }
  text += " served " + counted(found.calls - found.calls_lost, "call", "calls");
  if (found.lag == quantiles{}) return text + "; nobody was kept waiting by a load";
  const std::string last = in_words(found.lag.max) + " after the load";
  if (found.lag.max > std::max<std::chrono::nanoseconds>(50ms, longest_query(found) / 2)) {
    return text + ", but the last of them only " + last;
  }
  return text + ", the last of them " + last;
}

/// Where something was broken on purpose, the strategy's own weakness need not be the reason.
std::string reason(const strategy_result& of) {
  const bool has_fault = std::ranges::any_of(of.found.markers, [](const timeline_marker& each) {
    return each.kind == marker_kind::fault;
  });
  return of.weakness.empty() || has_fault ? std::string{} : ": " + one_line(of.weakness);
}

std::string cost(const strategy_result& of) {
  const measurement& found = of.found;
  if (found.calls == 0) return "No call was made, so the run says nothing";
  if (found.queries_total == 0) return "No query reached the database: nothing was cold";
  const std::string all = counted(found.queries_total, "query", "queries");
  if (!has_answers(found)) {
    return all + ", and not one of " + counted(found.calls, "call", "calls") + " got a value";
  }
  if (is_one_load(found)) return served(found);
  if (!of.is_one_enough) return all + " for " + counted(found.calls, "call", "calls");
  if (found.calls > 1 && found.queries_total >= found.calls) {
    return "Every call asked the database" + reason(of);
  }
  if (found.cold_events <= 1) return all + " where one was enough" + reason(of);
  return all + " for " + in_words(found.cold_events) + " cold events, up to " +
         in_words(worst_event(found)) + " for one" + reason(of);
}

std::vector<std::string> complaints(const measurement& found) {
  std::vector<std::string> all;
  if (found.errors > 0) {
    const std::string text =
        found.first_error.empty() ? std::string{} : " (" + one_line(found.first_error) + ")";
    all.push_back(counted(found.errors, "call", "calls") + " got an error" + text);
  }
  const auto add = [&](std::uint64_t number, std::string_view what) {
    if (number > 0) all.push_back(counted(number, "call", "calls") + ' ' + std::string{what});
  };
  add(found.wrong_values, "got a wrong value");
  add(found.stale_reads, "got a value from before a change that was acknowledged");
  const std::uint64_t killed = killed_calls(found);
  add(killed, "ended with the process that was killed");
  add(found.calls_lost - killed, "still waited when the run ended");
  add(found.calls_refused, "found nobody free to make them");
  return all;
}

}  // namespace

std::string per_event(const measurement& found) {
  const auto& all = found.queries_per_event;
  if (all.empty()) return "0";
  const auto [least, most] = std::ranges::minmax_element(all);
  return *least == *most ? in_words(*least) : in_words(*least) + '-' + in_words(*most);
}

std::string queries_in_words(const measurement& found) {
  const std::string counted_there = in_words(found.queries_total);
  if (found.queries_asked == found.queries_total) return counted_there;
  return counted_there + " (tool: " + in_words(found.queries_asked) + ')';
}

bool is_one_load(const measurement& found) {
  const std::uint64_t again = excused(found);
  return worst_event(found) <= 1 + again && found.queries_total <= found.cold_events + again;
}

bool is_about_queries(figure kind) {
  return kind == figure::queries_per_event || kind == figure::queries_total;
}

std::string headline_unit(const strategy_result& result) {
  const std::string unit{unit_of(result.headline)};
  const bool is_of_many =
      result.headline.kind == figure::queries_per_event && result.found.cold_events > 1;
  return is_of_many ? unit + " for one cold event" : unit;
}

bool is_drover(const strategy_result& result) { return result.name.starts_with("drover"); }

std::string verdict(const strategy_result& of) {
  std::string text = cost(of);
  for (const std::string& each : complaints(of.found)) text += "; " + each;
  if (of.found.queries_asked != of.found.queries_total) {
    text += "; the database counted " + counted(of.found.queries_total, "query", "queries") +
            ", the tool " + in_words(of.found.queries_asked);
  }
  return text + '.';
}

std::string in_words(const check& of) {
  if (of.is_met) return "met: " + one_line(of.text);
  return "not met: " + one_line(of.text) + " (found " + one_line(of.found) + ")";
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
      [](const auto& of) -> std::string {
        using type = std::decay_t<decltype(of)>;
        if constexpr (std::is_same_v<type, std::string>) {
          return of;
        } else if constexpr (std::is_same_v<type, double>) {
          char text[64];
          std::snprintf(text, sizeof text, "%g", of);
          return text;
        } else {
          return std::to_string(of);
        }
      },
      value);
}

}  // namespace drover::simulate
