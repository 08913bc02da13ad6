// SPDX-License-Identifier: MIT
// From what was asked for to reports and an exit code.
#include <unistd.h>

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

/// All files that will be written, made before anything is started.
class outputs {
 public:
  explicit outputs(const audit_options& asked) : asked_{asked} {
    for (const report_request& each : asked.reports) files_.emplace_back(each.out);
    if (asked.new_baseline) new_baseline_.emplace_back(asked.new_baseline);
  }

  /// All that can be written; what cannot is said. Answers whether all was.
  bool write(const audit_result& of) {
    bool is_all = true;
    auto file = files_.begin();
    for (const report_request& each : asked_.reports) {
      is_all &= write_to(*file++, text_of(of, each));
    }
    for (text::report_file& each : new_baseline_) is_all &= write_to(each, baseline_of(of, now()));
    return is_all;
  }

 private:
  static bool write_to(text::report_file& file, const std::string& text) {
    try {
      file.write(text);
      return true;
    } catch (const std::runtime_error& why) {
      std::fprintf(stderr, "drover: %s\n", why.what());
      return false;
    }
  }

  [[nodiscard]] std::string text_of(const audit_result& of, const report_request& as) const {
    switch (as.format) {
      case audit_format::json: return json_report(of);
      case audit_format::junit: return junit_report(of);
      case audit_format::html: return html_report(of);
      case audit_format::sarif:
        return sarif_report(of, asked_.sources ? locate(of, *asked_.sources) : located{});
      case audit_format::text: break;
    }
    return text_report(of, as.out ? text::terminal{} : text::terminal_of(STDOUT_FILENO));
  }

  const audit_options& asked_;
  std::deque<text::report_file> files_;
  std::deque<text::report_file> new_baseline_;  // one or none: a file cannot be moved
};

live_outcome run_replay(const audit_options& asked) {
  assessor of{asked};
  const std::string note = replay(*asked.replay, of);
  if (!note.empty()) std::fprintf(stderr, "drover: %s\n", note.c_str());
  return {.result = of.finish()};
}

}  // namespace

int run_audit(const audit_options& asked) {
  outputs to{asked};
  if (asked.sources) check_sources(*asked.sources);
  std::optional<baseline> accepted;
  if (asked.baseline) accepted = read_baseline(*asked.baseline);
  live_outcome made = asked.replay ? run_replay(asked) : run_live(asked);
  if (accepted) {
    apply_baseline(made.result, *accepted, now());
    judge(made.result, settings_for(asked));
  }
  const bool is_written = to.write(made.result);
  if (!is_written || !made.is_whole) return exit_tool_error;
  return exit_code_of(made.result.outcome,
                      asked.ignores_command_code ? std::nullopt : made.command_code);
}

}  // namespace drover::audit
