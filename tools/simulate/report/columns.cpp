// SPDX-License-Identifier: MIT
#include "simulate/report/columns.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "simulate/report/wording.hpp"

namespace drover::simulate {
namespace {

bool has_any(const round_result& of, const std::function<bool(const measurement&)>& what) {
  return std::ranges::any_of(of.strategies,
                             [&](const strategy_result& each) { return what(each.found); });
}

}  // namespace

text::style colour_of(const measurement& found) {
  return is_one_load(found) ? text::style::good : text::style::bad;
}

std::vector<column> columns_for(const round_result& of) {
  std::vector<column> all;
  all.push_back({"", "", [](const strategy_result& each) {
                   return text::cell{one_line(each.title), text::style::strong};
                 }});
  all.push_back({"queries", "", [](const strategy_result& each) {
                   return text::cell{queries_in_words(each.found), colour_of(each.found)};
                 }});
  if (has_any(of, [](const measurement& m) { return m.cold_events != 1; })) {
    all.push_back({"per cold", "event",
                   [](const strategy_result& each) { return text::cell{per_event(each.found)}; }});
  }
  const auto add_count = [&](std::string_view head, std::string_view below,
                             std::uint64_t measurement::*what) {
    if (!has_any(of, [what](const measurement& m) { return m.*what > 0; })) return;
    all.push_back(
        {head, below, [what](const strategy_result& each) {
           const std::uint64_t number = each.found.*what;
           return text::cell{in_words(number), number > 0 ? text::style::bad : text::style::plain};
         }});
  };
  add_count("errors", "", &measurement::errors);
  add_count("stale", "reads", &measurement::stale_reads);
  add_count("wrong", "values", &measurement::wrong_values);
  add_count("lost", "", &measurement::calls_lost);
  add_count("refused", "", &measurement::calls_refused);
  const auto add_wait = [&](std::string_view below, std::chrono::nanoseconds quantiles::*what,
                            unsigned dropped) {
    all.push_back({"wait", below,
                   [what](const strategy_result& each) {
                     return text::cell{in_words(each.found.wait.*what)};
                   },
                   dropped});
  };
  add_wait("p50", &quantiles::p50, 1);
  add_wait("p99", &quantiles::p99, 2);
  add_wait("max", &quantiles::max, 5);
  if (has_any(of, [](const measurement& m) { return m.lag != quantiles{}; })) {
    all.push_back(
        {"last served", "after the load",
         [](const strategy_result& each) { return text::cell{"+" + in_words(each.found.lag.max)}; },
         3});
  }
  return all;
}

}  // namespace drover::simulate
