// SPDX-License-Identifier: MIT
// Runs an audit: from the options to reports and an exit code.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <stdexcept>
#include <string>

#include "audit/engine/verdict.hpp"
#include "audit/report/baseline.hpp"
#include "audit/report/html_report.hpp"
#include "audit/report/json_report.hpp"
#include "audit/report/junit_report.hpp"
#include "audit/report/sarif_report.hpp"
#include "audit/report/text_report.hpp"
#include "audit/run/assessor.hpp"
#include "audit/run/audit_options.hpp"
#include "audit/run/baseline_file.hpp"
#include "audit/run/exit_code.hpp"
#include "audit/run/live_run.hpp"
#include "audit/run/locate.hpp"
#include "audit/run/replay.hpp"
#include "text/report_file.hpp"
#include "text/terminal.hpp"

namespace drover::audit {
namespace {

std::chrono::system_clock::time_point now() { return std::chrono::system_clock::now(); }

/// All files that will be written. They are opened before anything is started.
class report_outputs {
 public:
  explicit report_outputs(const audit_options& options) : options_{options} {
    for (const report_request& report : options.reports) files_.emplace_back(report.out);
    if (options.new_baseline) new_baseline_.emplace_back(options.new_baseline);
  }

  /// Writes all reports. Errors are printed. Returns whether all reports were written.
  bool write(const audit_result& result) {
    bool all_written = true;
    auto file = files_.begin();
    for (const report_request& report : options_.reports) {
      all_written &= write_to(*file++, text_of(result, report));
    }
    print_verdict(result);
    for (text::report_file& baseline_file : new_baseline_) {
      all_written &= write_to(baseline_file, baseline_of(result, now()));
    }
    return all_written;
  }

 private:
  /// If all reports go to files, the terminal or the log of a CI job still shows the verdict. A
  /// file may be /dev/stdout, so it goes to standard error.
  void print_verdict(const audit_result& result) const {
    const bool is_shown = std::any_of(options_.reports.begin(), options_.reports.end(),
                                      [](const report_request& report) { return !report.out; });
    if (is_shown) return;
    std::fputs(verdict_lines(result, text::terminal_of(STDERR_FILENO)).c_str(), stderr);
    for (const report_request& report : options_.reports) {
      std::fprintf(stderr, "report: %s\n", report.out->string().c_str());
    }
  }

  static bool write_to(text::report_file& file, const std::string& text) {
    try {
      file.write(text);
      return true;
    } catch (const std::runtime_error& error) {
      std::fprintf(stderr, "drover: %s\n", error.what());
      return false;
    }
  }

  [[nodiscard]] std::string text_of(const audit_result& result,
                                    const report_request& report) const {
    switch (report.format) {
      case audit_format::json: return json_report(result);
      case audit_format::junit: return junit_report(result);
      case audit_format::html: return html_report(result);
      case audit_format::sarif:
        return sarif_report(result,
                            options_.sources ? locate(result, *options_.sources) : located{});
      case audit_format::text: break;
    }
    return text_report(result, report.out ? text::terminal{} : text::terminal_of(STDOUT_FILENO));
  }

  const audit_options& options_;
  std::deque<text::report_file> files_;
  // One or none. A report_file cannot be moved.
  std::deque<text::report_file> new_baseline_;
};

live_outcome run_replay(const audit_options& options) {
  assessor records{options};
  const std::string note = replay(*options.replay, records);
  if (!note.empty()) std::fprintf(stderr, "drover: %s\n", note.c_str());
  return {.result = records.finish()};
}

}  // namespace

int run_audit(const audit_options& options) {
  report_outputs outputs{options};
  if (options.sources) check_sources(*options.sources);
  std::optional<baseline> accepted;
  if (options.baseline) accepted = read_baseline(*options.baseline);
  live_outcome outcome = options.replay ? run_replay(options) : run_live(options);
  if (accepted) {
    apply_baseline(outcome.result, *accepted, now());
    judge(outcome.result, settings_for(options));
  }
  const bool all_written = outputs.write(outcome.result);
  if (!all_written || !outcome.is_complete) return exit_tool_error;
  return exit_code_of(outcome.result.outcome,
                      options.ignores_command_code ? std::nullopt : outcome.command_code);
}

}  // namespace drover::audit
