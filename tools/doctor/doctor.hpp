// SPDX-License-Identifier: MIT
// `drover doctor`: checks a server as a client of the library would use it, and prints the report.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <drover/check.hpp>

namespace drover::doctor {

enum class report_format : std::uint8_t { text, json };

struct doctor_options {
  std::string url;
  std::vector<std::string> names;  ///< the caches; empty: keys named `drover-check`
  std::chrono::milliseconds timeout{2000};
  report_format format = report_format::text;
};

/// The server works, but something works less well.
inline constexpr int exit_degraded = 3;

/// The report for people: the server, then each problem with its effect and remedy. Pure.
[[nodiscard]] std::string text_of(const check_report& report);
/// The report as docs/how-to/permissions.md describes it. Pure.
[[nodiscard]] std::string json_of(const check_report& report);
/// 0 for `ready`, 1 for `unusable`, `exit_degraded`.
[[nodiscard]] int exit_code_of(readiness state);

/// Checks and prints. Returns the exit code. Throws text::usage_error for a URL or name that the
/// library refuses.
int run_doctor(const doctor_options& options);

}  // namespace drover::doctor
