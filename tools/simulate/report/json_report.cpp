// SPDX-License-Identifier: MIT
#include "simulate/report/json_report.hpp"

#include <algorithm>
#include <limits>

#include "simulate/report/wording.hpp"
#include "text/json_writer.hpp"

namespace drover::simulate {
namespace {

double ms(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

void write(text::json_writer& out, std::string_view name, const quantiles& of) {
  out.name(name).begin_object();
  out.field("p50", ms(of.p50)).field("p99", ms(of.p99)).field("max", ms(of.max));
  out.end_object();
}

void write_events(text::json_writer& out, const measurement& found) {
  out.field("cold_events", found.cold_events);
  out.name("queries_per_event").begin_row();
  for (const std::uint64_t each : found.queries_per_event) out.value(each);
  out.end_row();
  out.field("queries_total", found.queries_total).field("queries_asked", found.queries_asked);
  out.field("fill_queries", found.fill_queries);
  out.field("queries_running_max", found.queries_running_max);
}

void write_calls(text::json_writer& out, const measurement& found) {
  out.field("calls", found.calls);
  write(out, "wait_ms", found.wait);
  write(out, "lag_after_load_ms", found.lag);
  out.field("errors", found.errors).field("first_error", found.first_error);
  out.field("wrong_values", found.wrong_values).field("stale_reads", found.stale_reads);
  out.field("refused", found.calls_refused).field("lost", found.calls_lost);
  out.field("age_max_ms", ms(found.age_max));
}

void write_checks(text::json_writer& out, const std::vector<check>& checks) {
  out.name("checks").begin_array();
  for (const check& each : checks) {
    out.begin_object().field("text", each.text).field("met", each.is_met);
    out.field("found", each.found).end_object();
  }
  out.end_array();
}

void write_timeline(text::json_writer& out, const measurement& found) {
  const std::size_t listed = std::min(found.queries.size(), json_timeline_max);
  out.field("duration_ms", ms(found.end));
  out.name("timeline").begin_array();
  for (std::size_t i = 0; i < listed; ++i) {
    const query_span& each = found.queries[i];
    const double never = std::numeric_limits<double>::quiet_NaN();
    out.begin_row().value(ms(each.begun)).value(each.is_ended ? ms(each.ended) : never).end_row();
  }
  out.end_array();
  const std::uint64_t all = std::max<std::uint64_t>(found.queries_total, found.queries.size());
  out.field("timeline_left_out", all - listed);
  out.name("marks").begin_array();
  for (const timeline_marker& each : found.markers) {
    out.begin_object().field("at_ms", ms(each.at)).field("kind", name_of(each.kind));
    out.field("text", each.text).end_object();
  }
  out.end_array();
}

void write(text::json_writer& out, const strategy_result& of, const round_result& round) {
  out.begin_object();
  out.field("name", of.name).field("title", of.title).field("load_ms", round.load);
  write_events(out, of.found);
  write_calls(out, of.found);
  out.field("verdict", verdict(of));
  write_checks(out, of.checks);
  write_timeline(out, of.found);
  out.end_object();
}

}  // namespace

std::string json_report(const simulation& of) {
  text::json_writer out;
  out.begin_object().field("version", 1U).field("scenario", of.scenario);
  out.field("title", of.title).field("story", of.story).field("look_for", of.look_for);
  out.field("origin", of.origin).field("server", of.server).field("command", of.command);
  out.name("parameters").begin_object();
  for (const auto& parameter : of.parameters) {
    out.name(parameter.first);
    std::visit([&](const auto& known) { out.value(known); }, parameter.second);
  }
  out.end_object();
  out.field("met", of.is_met());
  out.name("strategies").begin_array();
  for (const round_result& round : of.rounds) {
    for (const strategy_result& each : round.strategies) write(out, each, round);
  }
  out.end_array().end_object();
  return std::move(out).text();
}

}  // namespace drover::simulate
