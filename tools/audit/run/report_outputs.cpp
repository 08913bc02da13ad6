// SPDX-License-Identifier: MIT
#include "audit/run/report_outputs.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>

#include "audit/report/baseline.hpp"
#include "audit/report/html_report.hpp"
#include "audit/report/json_report.hpp"
#include "audit/report/junit_report.hpp"
#include "audit/report/sarif_report.hpp"
#include "audit/report/text_report.hpp"
#include "audit/run/locate.hpp"
#include "text/terminal.hpp"

namespace drover::audit {
namespace {

bool write_to(text::report_file& file, const std::string& text) {
  try {
    file.write(text);
    return true;
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "drover: %s\n", error.what());
    return false;
  }
}

}  // namespace

report_outputs::report_outputs(const audit_options& options) : options_{options} {
  for (const report_request& report : options.reports) files_.emplace_back(report.out);
  if (options.new_baseline) new_baseline_.emplace_back(options.new_baseline);
}

bool report_outputs::write(const audit_result& result) {
  bool all_written = true;
  auto file = files_.begin();
  for (const report_request& report : options_.reports) {
    all_written &= write_to(*file++, text_of(result, report));
  }
  print_verdict(result);
  for (text::report_file& baseline_file : new_baseline_) {
    all_written &= write_to(baseline_file, baseline_of(result, std::chrono::system_clock::now()));
  }
  return all_written;
}

/// If all reports go to files, the terminal or the log of a CI job still shows the verdict. A file
/// may be /dev/stdout, so it goes to standard error.
void report_outputs::print_verdict(const audit_result& result) const {
  const bool is_shown = std::any_of(options_.reports.begin(), options_.reports.end(),
                                    [](const report_request& report) { return !report.out; });
  if (is_shown) return;
  std::fputs(verdict_lines(result, text::terminal_of(STDERR_FILENO)).c_str(), stderr);
  for (const report_request& report : options_.reports) {
    std::fprintf(stderr, "report: %s\n", report.out->string().c_str());
  }
}

std::string report_outputs::text_of(const audit_result& result,
                                    const report_request& report) const {
  switch (report.format) {
    case audit_format::json: return json_report(result);
    case audit_format::junit: return junit_report(result);
    case audit_format::html: return html_report(result);
    case audit_format::sarif:
      return sarif_report(result, options_.sources ? locate(result, *options_.sources) : located{});
    case audit_format::text: break;
  }
  return text_report(result, report.out ? text::terminal{} : text::terminal_of(STDOUT_FILENO));
}

}  // namespace drover::audit
