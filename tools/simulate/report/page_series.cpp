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

void write_loads(text::json_writer& out, const measurement& measured) {
  out.name("loads").begin_row();
  for (const std::size_t i : evenly(measured.queries.size(), bars_max)) {
    const query_span& query = measured.queries[i];
    out.begin_row()
        .value(page_ms(query.begun))
        .value(page_ms(query.ended))
        .value(query.is_ended)
        .end_row();
  }
  out.end_row();
}

void write_markers(text::json_writer& out, const measurement& measured) {
  out.name("markers").begin_array();
  for (const std::size_t i : evenly(measured.markers.size(), markers_max)) {
    const timeline_marker& marker = measured.markers[i];
    out.begin_object().field("at", page_ms(marker.at)).field("kind", name_of(marker.kind));
    out.field("text", one_line(marker.text)).end_object();
  }
  out.end_array();
}

void write(text::json_writer& out, const strategy_result& result,
           const std::vector<activity>& activities) {
  out.begin_object()
      .field("title", one_line(result.title))
      .field("end", page_ms(result.measured.end));
  out.name("activity").begin_row();
  for (const activity& sample : activities) {
    out.begin_row().value(page_ms(sample.at)).value(sample.waiting).value(sample.running);
    out.value(sample.refused).end_row();
  }
  out.end_row();
  write_loads(out, result.measured);
  write_markers(out, result.measured);
  out.name("waits").begin_row();
  for (const waited& point : waits_of(result.measured)) {
    out.begin_row().value(page_ms(point.time)).value(point.percent).end_row();
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

std::vector<activity> activity_of(const measurement& measured) {
  const auto waiting = waiting_over_time(measured.calls_logged, measured.end, series_max);
  const auto running = running_over_time(measured.queries, measured.end, series_max);
  const auto begin_of = [&measured](std::size_t i) {
    return measured.end * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(series_max);
  };
  std::vector<activity> samples;
  auto refusal = measured.refusals.begin();
  for (std::size_t i = 0; i < series_max; ++i) {
    const auto refused_before = refusal;
    refusal = std::upper_bound(refusal, measured.refusals.end(), begin_of(i + 1));
    if (i > 0 && waiting[i] == waiting[i - 1] && running[i] == running[i - 1] &&
        refusal == refused_before) {
      continue;
    }
    samples.push_back({.at = begin_of(i),
                       .waiting = waiting[i],
                       .running = running[i],
                       .refused = static_cast<std::uint32_t>(refusal - measured.refusals.begin())});
  }
  return samples;
}

std::vector<waited> waits_of(const measurement& measured) {
  std::vector<nanoseconds> waits;
  for (const call_span& call : measured.calls_logged) {
    const bool is_measured = call.outcome != answer::none && !call.is_disturbed;
    if (is_measured) waits.push_back(call.ended - call.begun);
  }
  std::ranges::sort(waits);
  std::vector<waited> points;
  for (const std::size_t i : evenly(waits.size(), series_max)) {
    const double share = static_cast<double>(i + 1) / static_cast<double>(waits.size());
    points.push_back({.percent = 100 * share, .time = waits[i]});
  }
  return points;
}

std::string page_series(const simulation& results) {
  text::json_writer out;
  out.begin_object().name("rounds").begin_array();
  for (const round_result& round : results.rounds) {
    nanoseconds end{};
    std::uint32_t full = 1;
    std::vector<std::vector<activity>> activities;
    for (const strategy_result& result : round.strategies) {
      activities.push_back(activity_of(result.measured));
      end = std::max(end, result.measured.end);
      for (const activity& sample : activities.back()) {
        full = std::max({full, sample.waiting, sample.running, sample.refused});
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
