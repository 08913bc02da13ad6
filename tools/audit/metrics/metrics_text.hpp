// SPDX-License-Identifier: MIT
// The metrics of a continuous audit in the text format of Prometheus. They contain no names of keys
// or clients, and their number is bounded by the number of rules. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

/// Counters that change all the time.
struct live_metrics {
  std::uint64_t commands = 0;  ///< passed
  std::uint64_t skipped = 0;   ///< of keys outside the share
  std::uint64_t lost = 0;      ///< dropped, because the audit could not keep up
  double examined_share = 1;   ///< of the keys
  std::uint64_t connections = 0;
  std::uint64_t connections_open = 0;
  std::uint64_t bytes_to_server = 0;
  std::uint64_t bytes_to_client = 0;
  std::uint64_t resident_bytes = 0;
  double cpu_seconds = 0;
};

/// Counters of the reports so far. All are totals of the reports' own numbers, so that they agree
/// with the reports.
class report_metrics {
 public:
  /// `unix_seconds`: the time of the report.
  void add(const audit_result& result, bool is_written, double unix_seconds);
  void append_to(std::string& out) const;

 private:
  std::uint64_t reports_ = 0;
  std::uint64_t reports_failed_ = 0;
  double last_at_ = 0;
  verdict last_ = verdict::inconclusive;
  std::uint64_t cold_events_ = 0;
  std::uint64_t contended_cold_events_ = 0;
  std::uint64_t loads_ = 0;
  std::uint64_t origin_loads_ = 0;
  /// By rule and severity: the findings of the last report that are not accepted.
  std::map<std::pair<std::string, severity>, std::uint64_t> findings_;
  /// By rule: the reports that had such a finding.
  std::map<std::string, std::uint64_t> reports_with_;
};

[[nodiscard]] std::string metrics_text(const live_metrics& live, const report_metrics& reports);

}  // namespace drover::audit
