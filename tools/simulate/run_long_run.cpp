// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>

#include "cli/exit_codes.hpp"
#include "cli/progress_line.hpp"
#include "cli/report_file.hpp"
#include "cli/usage_error.hpp"
#include "process/signal_watch.hpp"
#include "simulate/long_run_options.hpp"
#include "simulate/long_run_report.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

std::string report_of(const long_run_options& asked, const std::vector<long_run_row>& rows) {
  switch (asked.format) {
    case report_format::json: return long_run_json(asked.request, rows);
    case report_format::csv: return long_run_csv(rows);
    default: return long_run_text(asked.request, rows);
  }
}

}  // namespace

int run_long_run(const long_run_options& asked) {
  if (asked.format == report_format::html || asked.format == report_format::svg) {
    throw cli::usage_error{"--format: the long run can be had as text, json or csv"};
  }
  if (const auto fault = fault_in(asked.request)) {
    throw cli::usage_error{"--scenario long-run: " + *fault};
  }
  cli::report_file file{asked.out};
  const signal_watch signals;
  cli::progress_line progress{STDERR_FILENO};
  const auto rows = run_long(asked.request, [&](const long_run_progress& now) {
    signals.pause(0ms);
    progress.show("row " + std::to_string(now.rows_done + 1) + " of " + std::to_string(now.rows) +
                  ", " + std::to_string(static_cast<int>(now.share * 100.0)) + " %");
    return true;
  });
  progress.clear();
  file.write(report_of(asked, rows));
  if (!std::cout.flush()) throw std::runtime_error{"standard output was closed"};
  return cli::exit_met;
}

}  // namespace drover::simulate
