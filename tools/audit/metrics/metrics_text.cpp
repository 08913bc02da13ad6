// SPDX-License-Identifier: MIT
#include "audit/metrics/metrics_text.hpp"

#include <cstdio>
#include <set>
#include <string_view>

namespace drover::audit {
namespace {

std::string number(double value) {
  char digits[64];
  std::snprintf(digits, sizeof digits, "%.6g", value);
  return digits;
}
std::string number(std::uint64_t value) { return std::to_string(value); }

std::string seconds(double value) {
  char digits[64];
  std::snprintf(digits, sizeof digits, "%.3f", value);
  return digits;
}

void describe_metric(std::string& out, std::string_view name, std::string_view type,
                     std::string_view help) {
  out += "# HELP ";
  out += name;
  out += ' ';
  out += help;
  out += "\n# TYPE ";
  out += name;
  out += ' ';
  out += type;
  out += '\n';
}

void add_sample(std::string& out, std::string_view name, std::string_view labels,
                std::string_view value) {
  out += name;
  if (!labels.empty()) {
    out += '{';
    out += labels;
    out += '}';
  }
  out += ' ';
  out += value;
  out += '\n';
}

void add_metric(std::string& out, std::string_view name, std::string_view type,
                std::string_view help, std::string_view value) {
  describe_metric(out, name, type, help);
  add_sample(out, name, {}, value);
}

std::string_view label_of(severity level) {
  return level == severity::error ? "error" : level == severity::warning ? "warning" : "info";
}

struct named_verdict {
  verdict value;
  std::string_view label;
};
constexpr std::array verdicts_by_label{named_verdict{verdict::pass, "pass"},
                                       named_verdict{verdict::fail, "fail"},
                                       named_verdict{verdict::inconclusive, "inconclusive"},
                                       named_verdict{verdict::no_cache, "no_cache"}};

}  // namespace

void report_metrics::add(const audit_result& result, bool is_written, double unix_seconds) {
  ++reports_;
  if (!is_written) ++reports_failed_;
  last_at_ = unix_seconds;
  last_ = result.outcome;
  cold_events_ += result.run.cold_events;
  contended_cold_events_ += result.run.contended_cold_events;
  loads_ += result.run.loads;
  origin_loads_ += result.run.origin_loads;
  findings_.clear();
  std::set<std::string> found;
  for (const finding& one : result.findings) {
    if (!one.accepted.empty()) continue;
    ++findings_[{one.rule, one.severity}];
    found.insert(one.rule);
  }
  for (const std::string& rule : found) ++reports_with_[rule];
}

void report_metrics::append_to(std::string& out) const {
  add_metric(out, "drover_audit_reports_total", "counter", "Reports since the start.",
             number(reports_));
  add_metric(out, "drover_audit_report_errors_total", "counter",
             "Reports that could not be written completely.", number(reports_failed_));
  add_metric(out, "drover_audit_cold_events_total", "counter",
             "Cold events in the reports: times from the first miss of a key to a stored value.",
             number(cold_events_));
  add_metric(out, "drover_audit_contended_cold_events_total", "counter",
             "Cold events in the reports in which two or more callers wanted the key.",
             number(contended_cold_events_));
  add_metric(out, "drover_audit_loads_total", "counter",
             "Loads in the reports, as the traffic shows them.", number(loads_));
  add_metric(out, "drover_audit_origin_loads_total", "counter",
             "Loads in the reports that an origin counter counted.", number(origin_loads_));
  describe_metric(out, "drover_audit_reports_with_finding_total", "counter",
                  "Reports with a finding of the rule that is not accepted.");
  for (const auto& [rule, count] : reports_with_) {
    add_sample(out, "drover_audit_reports_with_finding_total", "rule=\"" + rule + '"',
               number(count));
  }
  if (reports_ == 0) return;
  add_metric(out, "drover_audit_last_report_timestamp_seconds", "gauge",
             "Unix time of the last report.", seconds(last_at_));
  describe_metric(out, "drover_audit_last_verdict", "gauge",
                  "1 for the verdict of the last report.");
  for (const auto& [value, label] : verdicts_by_label) {
    add_sample(out, "drover_audit_last_verdict", "verdict=\"" + std::string{label} + '"',
               value == last_ ? "1" : "0");
  }
  describe_metric(out, "drover_audit_findings", "gauge",
                  "Findings of the last report that are not accepted.");
  for (const auto& [kind, count] : findings_) {
    add_sample(out, "drover_audit_findings",
               "rule=\"" + kind.first + "\",severity=\"" + std::string{label_of(kind.second)} + '"',
               number(count));
  }
}

std::string metrics_text(const live_metrics& live, const report_metrics& reports) {
  std::string out;
  add_metric(out, "drover_audit_commands_total", "counter", "Commands that passed.",
             number(live.commands));
  add_metric(out, "drover_audit_commands_skipped_total", "counter",
             "Commands that were not examined, because their keys are not in the share.",
             number(live.skipped));
  add_metric(out, "drover_audit_commands_lost_total", "counter",
             "Commands that were not examined, because the audit could not keep up.",
             number(live.lost));
  add_metric(out, "drover_audit_examined_share", "gauge", "Share of the keys that is examined.",
             number(live.examined_share));
  add_metric(out, "drover_audit_connections_total", "counter", "Clients that have connected.",
             number(live.connections));
  add_metric(out, "drover_audit_connections", "gauge", "Clients that are connected.",
             number(live.connections_open));
  describe_metric(out, "drover_audit_bytes_total", "counter", "Bytes that were forwarded.");
  add_sample(out, "drover_audit_bytes_total", "to=\"server\"", number(live.bytes_to_server));
  add_sample(out, "drover_audit_bytes_total", "to=\"client\"", number(live.bytes_to_client));
  reports.append_to(out);
  add_metric(out, "process_resident_memory_bytes", "gauge", "Memory of the audit.",
             number(live.resident_bytes));
  add_metric(out, "process_cpu_seconds_total", "counter", "Processor time of the audit.",
             seconds(live.cpu_seconds));
  return out;
}

}  // namespace drover::audit
