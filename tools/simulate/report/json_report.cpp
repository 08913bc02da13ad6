// SPDX-License-Identifier: MIT
#include "simulate/report/json_report.hpp"

#include <algorithm>
#include <limits>

#include "simulate/report/wording.hpp"
#include "text/json_writer.hpp"

namespace drover::simulate {
namespace {

double ms(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

void write(text::json_writer& out, std::string_view name, const quantiles& times) {
  out.name(name).begin_object();
  out.field("p50", ms(times.p50)).field("p99", ms(times.p99)).field("max", ms(times.max));
  out.end_object();
}

void write_events(text::json_writer& out, const measurement& measured) {
  out.field("cold_events", measured.cold_events);
  out.name("queries_per_event").begin_row();
  for (const std::uint64_t queries : measured.queries_per_event) out.value(queries);
  out.end_row();
  out.field("queries_total", measured.queries_total).field("queries_asked", measured.queries_asked);
  out.field("fill_queries", measured.fill_queries);
  out.field("queries_running_max", measured.queries_running_max);
}

void write_calls(text::json_writer& out, const measurement& measured) {
  out.field("calls", measured.calls);
  write(out, "wait_ms", measured.wait);
  write(out, "lag_after_load_ms", measured.lag);
  out.field("errors", measured.errors).field("first_error", measured.first_error);
  out.field("wrong_values", measured.wrong_values).field("stale_reads", measured.stale_reads);
  out.field("refused", measured.calls_refused).field("lost", measured.calls_lost);
  out.field("age_max_ms", ms(measured.age_max));
}

void write_checks(text::json_writer& out, const std::vector<check>& checks) {
  out.name("checks").begin_array();
  for (const check& condition : checks) {
    out.begin_object().field("text", condition.text).field("met", condition.is_met);
    out.field("found", condition.actual).end_object();
  }
  out.end_array();
}

void write_timeline(text::json_writer& out, const measurement& measured) {
  const std::size_t listed = std::min(measured.queries.size(), json_timeline_max);
  out.field("duration_ms", ms(measured.end));
  out.name("timeline").begin_array();
  for (std::size_t i = 0; i < listed; ++i) {
    const query_span& query = measured.queries[i];
    const double never = std::numeric_limits<double>::quiet_NaN();
    out.begin_row()
        .value(ms(query.begun))
        .value(query.is_ended ? ms(query.ended) : never)
        .end_row();
  }
  out.end_array();
  const std::uint64_t all =
      std::max<std::uint64_t>(measured.queries_total, measured.queries.size());
  out.field("timeline_left_out", all - listed);
  out.name("marks").begin_array();
  for (const timeline_marker& marker : measured.markers) {
    out.begin_object().field("at_ms", ms(marker.at)).field("kind", name_of(marker.kind));
    out.field("text", marker.text).end_object();
  }
  out.end_array();
}

void write(text::json_writer& out, const strategy_result& result, const round_result& round) {
  out.begin_object();
  out.field("name", result.name).field("title", result.title).field("load_ms", round.load);
  write_events(out, result.measured);
  write_calls(out, result.measured);
  out.field("verdict", verdict(result));
  write_checks(out, result.checks);
  write_timeline(out, result.measured);
  out.end_object();
}

}  // namespace

std::string json_report(const simulation& results) {
  text::json_writer out;
  out.begin_object().field("version", 1U).field("scenario", results.scenario);
  out.field("title", results.title)
      .field("story", results.story)
      .field("look_for", results.look_for);
  out.field("origin", results.origin)
      .field("server", results.server)
      .field("command", results.command);
  out.name("parameters").begin_object();
  for (const auto& parameter : results.parameters) {
    out.name(parameter.first);
    std::visit([&](const auto& known) { out.value(known); }, parameter.second);
  }
  out.end_object();
  out.field("met", results.is_met());
  out.name("strategies").begin_array();
  for (const round_result& round : results.rounds) {
    for (const strategy_result& result : round.strategies) write(out, result, round);
  }
  out.end_array().end_object();
  return std::move(out).text();
}

}  // namespace drover::simulate
