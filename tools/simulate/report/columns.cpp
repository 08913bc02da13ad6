// SPDX-License-Identifier: MIT
#include "simulate/report/columns.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "simulate/report/wording.hpp"

namespace drover::simulate {
namespace {

bool any_strategy(const round_result& round,
                  const std::function<bool(const measurement&)>& condition) {
  return std::ranges::any_of(
      round.strategies, [&](const strategy_result& result) { return condition(result.measured); });
}

void add_times(std::vector<column>& columns, const round_result& round) {
  const auto add_wait = [&](std::string_view head_below,
                            std::chrono::nanoseconds quantiles::*member, unsigned dropped) {
    columns.push_back({"wait", head_below,
                       [member](const strategy_result& result) {
                         return text::cell{in_words(result.measured.wait.*member)};
                       },
                       dropped});
  };
  add_wait("p50", &quantiles::p50, 1);
  add_wait("p99", &quantiles::p99, 2);
  add_wait("max", &quantiles::max, 5);
  if (any_strategy(round,
                   [](const measurement& measured) { return measured.lag != quantiles{}; })) {
    columns.push_back({"last served", "after the load",
                       [](const strategy_result& result) {
                         return text::cell{"+" + in_words(result.measured.lag.max)};
                       },
                       3});
  }
}

}  // namespace

text::style colour_of(const strategy_result& result) {
  return result.headline.is_good ? text::style::good : text::style::bad;
}

std::vector<column> columns_for(const round_result& round) {
  const figure headline =
      round.strategies.empty() ? figure::queries_total : round.strategies.front().headline.kind;
  const bool has_many_events =
      any_strategy(round, [](const measurement& measured) { return measured.cold_events != 1; });
  const bool is_per_event = headline == figure::queries_per_event && has_many_events;
  const bool is_by_queries = headline == figure::queries_total ||
                             (headline == figure::queries_per_event && !has_many_events);
  std::vector<column> columns;
  columns.push_back({"", "", [](const strategy_result& result) {
                       return text::cell{one_line(result.title), text::style::strong};
                     }});
  const auto add_headline = [&](std::string_view head, std::string_view head_below) {
    columns.push_back({head, head_below, [](const strategy_result& result) {
                         return text::cell{in_words(result.headline.number), colour_of(result)};
                       }});
  };
  if (headline == figure::queries_at_once) add_headline("queries", "at once");
  if (headline == figure::failed_calls) add_headline("failed", "calls");
  if (headline == figure::stale_reads) add_headline("stale", "reads");
  if (headline == figure::late_calls) add_headline("late", "calls");
  columns.push_back({"queries", "", [is_by_queries](const strategy_result& result) {
                       return text::cell{queries_in_words(result.measured),
                                         is_by_queries ? colour_of(result) : text::style::plain};
                     }});
  if (has_many_events) {
    columns.push_back({"per cold", "event", [is_per_event](const strategy_result& result) {
                         return text::cell{per_event(result.measured),
                                           is_per_event ? colour_of(result) : text::style::plain};
                       }});
  }
  const auto add_count = [&](std::string_view head, std::string_view head_below,
                             std::uint64_t measurement::*member) {
    if (!any_strategy(round,
                      [member](const measurement& measured) { return measured.*member > 0; }))
      return;
    columns.push_back(
        {head, head_below, [member](const strategy_result& result) {
           const std::uint64_t number = result.measured.*member;
           return text::cell{in_words(number), number > 0 ? text::style::bad : text::style::plain};
         }});
  };
  if (headline != figure::failed_calls) add_count("errors", "", &measurement::errors);
  if (headline != figure::stale_reads) add_count("stale", "reads", &measurement::stale_reads);
  add_count("wrong", "values", &measurement::wrong_values);
  add_count("lost", "", &measurement::calls_lost);
  add_count("refused", "", &measurement::calls_refused);
  add_times(columns, round);
  return columns;
}

}  // namespace drover::simulate
