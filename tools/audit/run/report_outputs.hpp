// SPDX-License-Identifier: MIT
// All files that an audit writes: reports and a new baseline.
#pragma once

#include <deque>
#include <string>

#include "audit/engine/audit_result.hpp"
#include "audit/run/audit_options.hpp"
#include "text/report_file.hpp"

namespace drover::audit {

/// Opens the files, so that errors are reported before anything is started.
class report_outputs {
 public:
  /// Lifetime: `options` outlives it. Throws text::usage_error if a file cannot be written.
  explicit report_outputs(const audit_options& options);

  /// Writes all reports. Errors are printed. Returns whether all reports were written. To be called
  /// once.
  bool write(const audit_result& result);

 private:
  void print_verdict(const audit_result& result) const;
  [[nodiscard]] std::string text_of(const audit_result& result, const report_request& report) const;

  const audit_options& options_;
  std::deque<text::report_file> files_;
  // One or none. A report_file cannot be moved.
  std::deque<text::report_file> new_baseline_;
};

}  // namespace drover::audit
