// SPDX-License-Identifier: MIT
#include "audit/run/window_reports.hpp"

#include <chrono>
#include <cstdio>
#include <exception>
#include <utility>

#include "audit/engine/verdict.hpp"
#include "audit/run/assessor.hpp"
#include "audit/run/report_outputs.hpp"
#include "audit/run/rotated_files.hpp"

namespace drover::audit {
namespace {

using std::chrono::system_clock;

/// What counts more for the exit code of the whole audit.
int rank(verdict outcome) {
  switch (outcome) {
    case verdict::fail: return 3;
    case verdict::pass: return 2;
    case verdict::inconclusive: return 1;
    case verdict::no_cache: break;
  }
  return 0;
}

}  // namespace

window_reports::window_reports(const audit_options& options, std::optional<baseline> accepted)
    : options_{options}, accepted_{std::move(accepted)} {}

void window_reports::add(audit_result result) {
  if (accepted_) {
    apply_baseline(result, *accepted_, system_clock::now());
    judge(result, settings_for(options_));
  }
  const bool is_written = write(result);
  const std::chrono::duration<double> unix_time = system_clock::now().time_since_epoch();
  const std::lock_guard lock{mutex_};
  metrics_.add(result, is_written, unix_time.count());
  if (!worst_ || rank(result.outcome) > rank(*worst_)) worst_ = result.outcome;
  are_all_written_ = are_all_written_ && is_written;
}

bool window_reports::write(const audit_result& result) const {
  try {
    for (const report_request& report : options_.reports) {
      if (report.out) rotate_files(*report.out, options_.reports_kept);
    }
    report_outputs outputs{options_};
    return outputs.write(result);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "drover: %s\n", error.what());
    return false;
  }
}

report_metrics window_reports::metrics() const {
  const std::lock_guard lock{mutex_};
  return metrics_;
}

verdict window_reports::worst() const {
  const std::lock_guard lock{mutex_};
  return worst_.value_or(verdict::inconclusive);
}

bool window_reports::are_all_written() const {
  const std::lock_guard lock{mutex_};
  return are_all_written_;
}

}  // namespace drover::audit
