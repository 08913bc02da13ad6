// SPDX-License-Identifier: MIT
#include "simulate/report/csv_report.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "simulate/report/wording.hpp"

namespace drover::simulate {
namespace {

using cells = std::vector<std::pair<std::string_view, std::string>>;  // column name and text

std::string ms_cell(std::chrono::nanoseconds time) {
  char text[64];
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(time.count()) / 1e6);
  return text;
}

std::string number(std::uint64_t count) { return std::to_string(count); }

std::string safe(std::string_view text) {
  constexpr std::string_view formula_starts = "=+-@\t\r";
  const bool is_formula = !text.empty() && formula_starts.find(text[0]) != std::string_view::npos;
  return (is_formula ? "'" : "") + std::string{text};
}

std::string quoted(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string{text};
  std::string cell = "\"";
  for (const char byte : text) {
    if (byte == '"') cell += '"';
    cell += byte;
  }
  return cell + '"';
}

cells row_of(const simulation& results, const round_result& round, const strategy_result& result) {
  const measurement& measured = result.measured;
  const auto& events = measured.queries_per_event;
  const auto unmet = std::ranges::count(result.checks, false, &check::is_met);
  return {
      {"scenario", safe(results.scenario)},
      {"load_ms", safe(round.load)},
      {"strategy", safe(result.name)},
      {"cold_events", number(measured.cold_events)},
      {"queries_total", number(measured.queries_total)},
      {"queries_asked", number(measured.queries_asked)},
      {"queries_per_event_min", number(events.empty() ? 0 : *std::ranges::min_element(events))},
      {"queries_per_event_max", number(events.empty() ? 0 : *std::ranges::max_element(events))},
      {"queries_running_max", number(measured.queries_running_max)},
      {"calls", number(measured.calls)},
      {"wait_p50_ms", ms_cell(measured.wait.p50)},
      {"wait_p99_ms", ms_cell(measured.wait.p99)},
      {"wait_max_ms", ms_cell(measured.wait.max)},
      {"lag_p50_ms", ms_cell(measured.lag.p50)},
      {"lag_p99_ms", ms_cell(measured.lag.p99)},
      {"lag_max_ms", ms_cell(measured.lag.max)},
      {"errors", number(measured.errors)},
      {"wrong_values", number(measured.wrong_values)},
      {"stale_reads", number(measured.stale_reads)},
      {"refused", number(measured.calls_refused)},
      {"lost", number(measured.calls_lost)},
      {"age_max_ms", ms_cell(measured.age_max)},
      {"duration_ms", ms_cell(measured.end)},
      {"checks_not_met", number(static_cast<std::uint64_t>(unmet))},
      {"first_error", safe(measured.first_error)},
      {"verdict", safe(verdict(result))},
  };
}

std::string line_of(const cells& row, bool is_head) {
  std::string line;
  for (const auto& [name, text] : row) {
    line += ',';
    line += quoted(is_head ? name : std::string_view{text});
  }
  return line.substr(1) + "\r\n";
}

}  // namespace

std::string csv_report(const simulation& results) {
  std::string text = line_of(row_of(results, {}, {}), true);
  for (const round_result& round : results.rounds) {
    for (const strategy_result& result : round.strategies) {
      text += line_of(row_of(results, round, result), false);
    }
  }
  return text;
}

}  // namespace drover::simulate
