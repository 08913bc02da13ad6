// SPDX-License-Identifier: MIT
#include "cli/json_writer.hpp"
#include "simulate/report.hpp"
#include "simulate/wording.hpp"

namespace drover::simulate {
namespace {

double ms(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

void write(cli::json_writer& out, std::string_view name, const quantiles& of) {
  out.name(name).begin_object();
  out.field("p50", ms(of.p50)).field("p99", ms(of.p99)).field("max", ms(of.max));
  out.end_object();
}

void write(cli::json_writer& out, const strategy_run& run, std::chrono::milliseconds load) {
  const measurement& found = run.found;
  out.begin_object();
  out.field("name", run.kind->name).field("cold_events", 1U);
  out.name("queries_per_event").begin_array().value(found.queries).end_array();
  out.field("queries_total", found.queries).field("queries_asked", found.queries_asked);
  out.field("fill_queries", found.fill_queries);
  write(out, "wait_ms", found.wait);
  write(out, "lag_after_load_ms", found.lag);
  out.field("errors", found.errors).field("wrong_values", found.wrong_values);
  out.name("queries").begin_array();
  for (const time_span& each : found.spans) {
    out.begin_object();
    out.field("begun_ms", ms(each.begun)).field("ended_ms", ms(each.ended));
    out.end_object();
  }
  out.end_array();
  out.field("verdict", verdict(*run.kind, found, load));
  out.end_object();
}

}  // namespace

std::string json_report(const demo_options& asked, const std::vector<load_runs>& all) {
  cli::json_writer out;
  out.begin_object().field("version", 1U).field("scenario", "expiry");
  out.name("parameters").begin_object();
  out.field("processes", asked.processes).field("callers_per_process", asked.callers);
  out.name("load_ms").begin_array();
  for (const auto load : asked.loads) out.value(static_cast<std::uint64_t>(load.count()));
  out.end_array().end_object();
  out.name("runs").begin_array();
  for (const load_runs& each : all) {
    out.begin_object().field("load_ms", static_cast<std::uint64_t>(each.load.count()));
    out.name("strategies").begin_array();
    for (const strategy_run& run : each.runs) write(out, run, each.load);
    out.end_array().end_object();
  }
  out.end_array();
  out.field("met", is_met(all));
  return std::move(out.end_object()).text();
}

}  // namespace drover::simulate
