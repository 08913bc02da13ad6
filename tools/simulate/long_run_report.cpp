// SPDX-License-Identifier: MIT
#include "simulate/long_run_report.hpp"

#include <charconv>
#include <string_view>

#include "cli/json_writer.hpp"

namespace drover::simulate {
namespace {

void write(cli::json_writer& out, std::string_view name, const long_run_figure& figure) {
  out.name(name).begin_object();
  out.field("found", figure.found).field("error", figure.error).field("curve", figure.curve);
  out.end_object();
}

void write(cli::json_writer& out, const long_run_row& row) {
  out.begin_object();
  out.field("rule", name_of(row.rule)).field("requests_per_second", row.rate);
  out.field("hours", row.hours).field("cycles", row.cycles).field("queries", row.loads);
  write(out, "queries_per_hour", row.queries_per_hour);
  write(out, "interval_s", row.interval);
  write(out, "loads_per_cycle", row.loads_per_cycle);
  write(out, "missed", row.missed);
  write(out, "waited", row.waited);
  write(out, "lead_s", row.lead);
  out.end_object();
}

std::string plain(double value) {
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace

std::string long_run_json(const long_run_request& request, const std::vector<long_run_row>& rows) {
  cli::json_writer out;
  out.begin_object().field("version", 1U).field("scenario", "long-run");
  out.name("parameters").begin_object();
  out.field("ttl_ms", static_cast<std::uint64_t>(request.ttl.count()));
  out.field("load_ms", static_cast<double>(request.load.count()) / 1e3);
  out.field("beta", request.beta).field("hours", request.hours).field("seed", request.seed);
  out.end_object();
  out.name("rows").begin_array();
  for (const long_run_row& each : rows) write(out, each);
  out.end_array();
  return std::move(out.end_object()).text();
}

std::string long_run_csv(const std::vector<long_run_row>& rows) {
  std::string text =
      "rule,requests_per_second,hours,cycles,queries,queries_per_hour,queries_per_hour_curve,"
      "interval_s,interval_s_curve,loads_per_cycle,missed,waited,lead_s\r\n";
  for (const long_run_row& row : rows) {
    text += std::string{name_of(row.rule)} + ',' + plain(row.rate) + ',' + plain(row.hours) + ',' +
            std::to_string(row.cycles) + ',' + std::to_string(row.loads) + ',' +
            plain(row.queries_per_hour.found) + ',' + plain(row.queries_per_hour.curve) + ',' +
            plain(row.interval.found) + ',' + plain(row.interval.curve) + ',' +
            plain(row.loads_per_cycle.found) + ',' + plain(row.missed.found) + ',' +
            plain(row.waited.found) + ',' + plain(row.lead.found) + "\r\n";
  }
  return text;
}

}  // namespace drover::simulate
