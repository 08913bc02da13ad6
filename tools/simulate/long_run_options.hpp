// SPDX-License-Identifier: MIT
// `drover simulate --scenario long-run`: hours of traffic in virtual time.
#pragma once

#include <filesystem>
#include <optional>

#include "long_run/long_run.hpp"
#include "simulate/simulate_options.hpp"

namespace drover::simulate {

struct long_run_options {
  long_run_request request;
  report_format format = report_format::text;  ///< text, JSON or CSV
  std::optional<std::filesystem::path> out;
};

/// Runs it and writes the report. Answers the exit code.
///
/// Throws:  `cli::usage_error`, std::runtime_error, `interrupted`.
/// Threads: the main thread of a process that has no other.
[[nodiscard]] int run_long_run(const long_run_options& asked);

}  // namespace drover::simulate
