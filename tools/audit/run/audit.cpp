// SPDX-License-Identifier: MIT
// Runs an audit: from the options to reports and an exit code.
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "audit/engine/verdict.hpp"
#include "audit/report/baseline.hpp"
#include "audit/run/assessor.hpp"
#include "audit/run/audit_options.hpp"
#include "audit/run/baseline_file.hpp"
#include "audit/run/exit_code.hpp"
#include "audit/run/live_run.hpp"
#include "audit/run/locate.hpp"
#include "audit/run/replay.hpp"
#include "audit/run/report_outputs.hpp"
#include "audit/run/window_reports.hpp"

namespace drover::audit {
namespace {

live_outcome run_replay(const audit_options& options) {
  assessor records{options};
  const std::string note = replay(*options.replay, records);
  if (!note.empty()) std::fprintf(stderr, "drover: %s\n", note.c_str());
  return {.result = records.finish()};
}

/// Reports of windows, with rotating files.
int run_windows(const audit_options& options, std::optional<baseline> accepted) {
  static_cast<void>(report_outputs{options});  // checks the files before anything is started
  window_reports reports{options, std::move(accepted)};
  const live_outcome outcome = run_live(options, &reports);
  reports.add(outcome.result);
  if (!reports.are_all_written() || !outcome.is_complete) return exit_tool_error;
  return exit_code_of(reports.worst(),
                      options.ignores_command_code ? std::nullopt : outcome.command_code);
}

}  // namespace

int run_audit(const audit_options& options) {
  if (options.sources) check_sources(*options.sources);
  std::optional<baseline> accepted;
  if (options.baseline) accepted = read_baseline(*options.baseline);
  if (options.report_every) return run_windows(options, std::move(accepted));
  report_outputs outputs{options};
  live_outcome outcome = options.replay ? run_replay(options) : run_live(options);
  if (accepted) {
    apply_baseline(outcome.result, *accepted, std::chrono::system_clock::now());
    judge(outcome.result, settings_for(options));
  }
  const bool all_written = outputs.write(outcome.result);
  if (!all_written || !outcome.is_complete) return exit_tool_error;
  return exit_code_of(outcome.result.outcome,
                      options.ignores_command_code ? std::nullopt : outcome.command_code);
}

}  // namespace drover::audit
