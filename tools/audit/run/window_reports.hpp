// SPDX-License-Identifier: MIT
// The reports of an audit with `--report-every`: written, rotated, counted for the metrics, and
// summed up for the exit code.
//
// Threads: any, one at a time for `add`.
#pragma once

#include <mutex>
#include <optional>

#include "audit/engine/audit_result.hpp"
#include "audit/metrics/metrics_text.hpp"
#include "audit/report/baseline.hpp"
#include "audit/run/audit_options.hpp"

namespace drover::audit {

class window_reports {
 public:
  /// Lifetime: `options` outlives it.
  window_reports(const audit_options& options, std::optional<baseline> accepted);

  /// Applies the baseline and writes the reports of a window. Errors are printed.
  void add(audit_result result);
  [[nodiscard]] report_metrics metrics() const;
  /// fail, if a window failed; otherwise pass, if one passed; otherwise inconclusive, if one was.
  [[nodiscard]] verdict worst() const;
  [[nodiscard]] bool are_all_written() const;

 private:
  [[nodiscard]] bool write(const audit_result& result) const;

  const audit_options& options_;
  const std::optional<baseline> accepted_;
  mutable std::mutex mutex_;
  report_metrics metrics_;
  std::optional<verdict> worst_;
  bool are_all_written_ = true;
};

}  // namespace drover::audit
