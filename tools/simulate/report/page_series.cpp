// SPDX-License-Identifier: MIT
#include "simulate/report/page_series.hpp"

#include <algorithm>
#include <utility>

#include "simulate/report/wording.hpp"
#include "text/json_writer.hpp"

namespace drover::simulate {
namespace {

using std::chrono::nanoseconds;

double page_ms(nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

void write_loads(text::json_writer& out, const measurement& found) {
  out.name("loads").begin_row();
  for (const std::size_t i : evenly(found.queries.size(), bars_max)) {
    const query_span& each = found.queries[i];
    out.begin_row()
        .value(page_ms(each.begun))
        .value(page_ms(each.ended))
        .value(each.is_ended)
        .end_row();
  }
  out.end_row();
}

void write_markers(text::json_writer& out, const measurement& found) {
  out.name("markers").begin_array();
  for (const std::size_t i : evenly(found.markers.size(), markers_max)) {
    const timeline_marker& each = found.markers[i];
    out.begin_object().field("at", page_ms(each.at)).field("kind", name_of(each.kind));
    out.field("text", one_line(each.text)).end_object();
  }
  out.end_array();
}

void write(text::json_writer& out, const strategy_result& of,
           const std::vector<activity>& activities) {
  out.begin_object().field("title", one_line(of.title)).field("end", page_ms(of.found.end));
  out.name("activity").begin_row();
  for (const activity& each : activities) {
    out.begin_row().value(page_ms(each.at)).value(each.waiting).value(each.running);
    out.value(each.refused).end_row();
  }
  out.end_row();
  write_loads(out, of.found);
  write_markers(out, of.found);
  out.name("waits").begin_row();
  for (const waited& each : waits_of(of.found)) {
    out.begin_row().value(page_ms(each.time)).value(each.percent).end_row();
  }
  out.end_row().end_object();
}

}  // namespace

std::vector<std::size_t> evenly(std::size_t count, std::size_t most) {
  std::vector<std::size_t> chosen(std::min(count, most));
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    chosen[i] = chosen.size() < 2 ? 0 : i * (count - 1) / (chosen.size() - 1);
  }
  return chosen;
}

std::vector<activity> activity_of(const measurement& found) {
  const auto waiting = waiting_over_time(found.calls_logged, found.end, series_max);
  const auto running = running_over_time(found.queries, found.end, series_max);
  const auto begin_of = [&found](std::size_t i) {
    return found.end * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(series_max);
  };
  std::vector<activity> made;
  auto refusal = found.refusals.begin();
  for (std::size_t i = 0; i < series_max; ++i) {
    const auto refused_before = refusal;
    refusal = std::upper_bound(refusal, found.refusals.end(), begin_of(i + 1));
    if (i > 0 && waiting[i] == waiting[i - 1] && running[i] == running[i - 1] &&
        refusal == refused_before) {
      continue;
    }
    made.push_back({.at = begin_of(i),
                    .waiting = waiting[i],
                    .running = running[i],
                    .refused = static_cast<std::uint32_t>(refusal - found.refusals.begin())});
  }
  return made;
}

std::vector<waited> waits_of(const measurement& found) {
  std::vector<nanoseconds> waits;
  for (const call_span& each : found.calls_logged) {
    const bool is_measured = each.got != answer::none && !each.is_disturbed;
    if (is_measured) waits.push_back(each.ended - each.begun);
  }
  std::ranges::sort(waits);
  std::vector<waited> made;
  for (const std::size_t i : evenly(waits.size(), series_max)) {
    const double share = static_cast<double>(i + 1) / static_cast<double>(waits.size());
    made.push_back({.percent = 100 * share, .time = waits[i]});
  }
  return made;
}

std::string page_series(const simulation& of) {
  text::json_writer out;
  out.begin_object().name("rounds").begin_array();
  for (const round_result& round : of.rounds) {
    nanoseconds end{};
    std::uint32_t full = 1;
    std::vector<std::vector<activity>> activities;
    for (const strategy_result& each : round.strategies) {
      activities.push_back(activity_of(each.found));
      end = std::max(end, each.found.end);
      for (const activity& one : activities.back()) {
        full = std::max({full, one.waiting, one.running, one.refused});
      }
    }
    out.begin_object().field("end", page_ms(end)).field("full", full);
    out.name("strategies").begin_array();
    for (std::size_t i = 0; i < activities.size(); ++i) {
      write(out, round.strategies[i], activities[i]);
    }
    out.end_array().end_object();
  }
  out.end_array().end_object();
  return std::move(out).text();
}

}  // namespace drover::simulate
