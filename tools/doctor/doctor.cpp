// SPDX-License-Identifier: MIT
#include "doctor/doctor.hpp"

#include <drover/client.hpp>

#include <cstdio>
#include <stdexcept>

#include "process/exit_codes.hpp"
#include "text/json_writer.hpp"
#include "text/usage_error.hpp"

namespace drover::doctor {
namespace {

std::string milliseconds_of(std::chrono::microseconds time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f ms", static_cast<double>(time.count()) / 1000);
  return text;
}

// The library's own prefix names an option of its client, not of this command.
std::string without_prefix(std::string text) {
  for (const std::string_view prefix :
       {"drover: client_options.url: ", "drover: client_options.", "drover: client::check: "}) {
    if (text.starts_with(prefix)) return text.substr(prefix.size());
  }
  return text;
}

}  // namespace

std::string text_of(const check_report& report) {
  std::string text{to_string(report.state)};
  if (!report.server.empty()) text += ": " + report.server + ' ' + report.version;
  if (!report.role.empty()) text += ", " + report.role;
  if (report.round_trip) text += ", round trip " + milliseconds_of(*report.round_trip);
  text += '\n';
  for (const check_problem& problem : report.problems) {
    text += '\n';
    text += problem.is_essential ? "error    " : "warning  ";
    text += problem.request + "\n  " + problem.reason + "\n  " + problem.effect + '\n';
    if (!problem.remedy.empty()) text += "  Remedy: " + problem.remedy + '\n';
  }
  return text;
}

std::string json_of(const check_report& report) {
  text::json_writer out;
  out.begin_object();
  out.field("state", to_string(report.state));
  out.field("server", report.server);
  out.field("version", report.version);
  out.field("role", report.role);
  if (report.round_trip) {
    out.field("round_trip_ms", static_cast<double>(report.round_trip->count()) / 1000);
  }
  out.name("problems").begin_array();
  for (const check_problem& problem : report.problems) {
    out.begin_object();
    out.field("request", problem.request);
    out.field("essential", problem.is_essential);
    out.field("reason", problem.reason);
    out.field("effect", problem.effect);
    if (!problem.remedy.empty()) out.field("remedy", problem.remedy);
    out.end_object();
  }
  out.end_array().end_object();
  return std::move(out).text();
}

int exit_code_of(readiness state) {
  switch (state) {
    case readiness::ready: return process::exit_success;
    case readiness::degraded: return exit_degraded;
    case readiness::unusable: break;
  }
  return process::exit_failure;
}

int run_doctor(const doctor_options& options) {
  try {
    const client redis{options.url};
    const check_report report = redis.check(options.timeout, options.names);
    const std::string text =
        options.format == report_format::json ? json_of(report) : text_of(report);
    std::fputs(text.c_str(), stdout);
    return exit_code_of(report.state);
  } catch (const std::invalid_argument& error) {
    throw text::usage_error{without_prefix(error.what())};
  }
}

}  // namespace drover::doctor
