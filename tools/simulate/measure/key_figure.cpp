// SPDX-License-Identifier: MIT
#include "simulate/measure/key_figure.hpp"

#include <algorithm>

namespace drover::simulate {
namespace {

std::uint64_t late_calls(const measurement& measured, std::chrono::nanoseconds ttl) {
  const auto slow = std::ranges::count_if(measured.calls_logged, [ttl](const call_span& call) {
    return call.outcome != answer::none && !call.is_disturbed && call.ended - call.begun > ttl;
  });
  return static_cast<std::uint64_t>(slow) + measured.calls_refused + measured.calls_lost;
}

std::uint64_t number_of(const measurement& measured, figure kind, std::chrono::nanoseconds ttl) {
  switch (kind) {
    case figure::queries_per_event: {
      const auto& events = measured.queries_per_event;
      return events.empty() ? 0 : *std::ranges::max_element(events);
    }
    case figure::queries_total: return measured.queries_total;
    case figure::queries_at_once: return measured.queries_running_max;
    case figure::failed_calls: return measured.errors;
    case figure::stale_reads: return measured.stale_reads;
    case figure::late_calls: return late_calls(measured, ttl);
  }
  return 0;
}

std::uint64_t size_of(figure_unit unit, const figure_scale& scale) {
  switch (unit) {
    case figure_unit::one: return 1;
    case figure_unit::process: return scale.processes;
    case figure_unit::even_spread:
      if (scale.ttl <= std::chrono::nanoseconds{}) return 1;
      return static_cast<std::uint64_t>(scale.keys * scale.load / scale.ttl) + 1;
  }
  return 1;
}

}  // namespace

key_figure key_figure_of(const measurement& measured, const figure_rule& rule,
                         const figure_scale& scale) {
  const std::uint64_t number = number_of(measured, rule.kind, scale.ttl);
  const std::uint64_t good_max = rule.good_max * size_of(rule.unit, scale);
  const bool has_answers =
      measured.calls == 0 || measured.calls > measured.errors + measured.calls_lost;
  return {.kind = rule.kind, .number = number, .is_good = has_answers && number <= good_max};
}

std::string_view unit_of(const key_figure& figure) {
  const bool is_single = figure.number == 1;
  switch (figure.kind) {
    case figure::queries_per_event:
    case figure::queries_total: return is_single ? "query" : "queries";
    case figure::queries_at_once: return is_single ? "query at once" : "queries at once";
    case figure::failed_calls: return is_single ? "failed call" : "failed calls";
    case figure::stale_reads: return is_single ? "stale read" : "stale reads";
    case figure::late_calls: return is_single ? "late call" : "late calls";
  }
  return "";
}

}  // namespace drover::simulate
