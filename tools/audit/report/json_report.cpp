// SPDX-License-Identifier: MIT
#include "audit/report/json_report.hpp"

#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/capture/key_share.hpp"
#include "audit/report/wording.hpp"
#include "audit/rules/catalogue.hpp"
#include "text/json_writer.hpp"

namespace drover::audit {
namespace {

using text::json_writer;

void write(json_writer& out, const evidence& proof) {
  out.begin_object().field("summary", proof.summary).field("key", proof.key);
  out.field("from_ms", ms(proof.from)).field("to_ms", ms(proof.to));
  out.name("timeline").begin_array();
  for (const moment_line& line : proof.timeline) {
    out.begin_object().field("from_ms", ms(line.from)).field("to_ms", ms(line.to));
    out.field("connection", line.connection).field("process", line.process);
    out.field("text", line.text).field("changed_key", line.changed_key);
    out.field("decisive", line.decisive).end_object();
  }
  out.end_array().end_object();
}

void write(json_writer& out, const std::vector<std::string>& names) {
  out.begin_row();
  for (const std::string& name : names) out.value(name);
  out.end_row();
}

void write(json_writer& out, const finding& finding) {
  out.begin_object().field("rule", finding.rule).field("name", finding.name);
  out.field("severity", word_of(finding.severity)).field("confidence", word_of(finding.confidence));
  out.field("pattern", finding.pattern);
  write(out.name("keys"), finding.keys);
  out.field("count", finding.count).field("opportunities", finding.opportunities);
  out.field("message", finding.message);
  out.name("evidence").begin_array();
  for (const evidence& proof : finding.evidence_list) write(out, proof);
  out.end_array();
  out.field("library", finding.library).field("advice", finding.advice);
  out.field("if_wrong", if_wrong(finding));
  out.field("fix_prompt", finding.fix_prompt).field("accepted", finding.accepted);
  out.field("fails", finding.fails).end_object();
}

void write(json_writer& out, std::string_view name, const std::vector<finding>& findings) {
  out.name(name).begin_array();
  for (const finding& finding : findings) write(out, finding);
  out.end_array();
}

void write(json_writer& out, const audit_result::figures& figures) {
  out.name("run").begin_object().field("length_ms", ms(figures.length));
  out.field("commands", figures.commands).field("commands_passed", figures.commands_passed);
  out.field("connections", figures.connections);
  out.field("processes", figures.processes).field("keys", figures.keys);
  out.field("cold_events", figures.cold_events);
  out.field("contended_cold_events", figures.contended_cold_events).field("loads", figures.loads);
  out.field("refreshes", figures.refreshes).field("origin_loads", figures.origin_loads);
  out.field("keys_per_million",
            static_cast<std::uint64_t>(std::llround(figures.sampled_share * all_keys)));
  out.field("sampled_share", figures.sampled_share)
      .field("blind_share", figures.blind_share)
      .end_object();
}

void write(json_writer& out, std::string_view name, const std::vector<std::uint64_t>& numbers) {
  out.name(name).begin_row();
  for (const std::uint64_t count : numbers) out.value(count);
  out.end_row();
}

void write(json_writer& out, const fault_report& faults) {
  out.name("faults").begin_object().name("script").begin_array();
  for (const fault_report::line& line : faults.lines) {
    out.begin_object().field("fault", line.fault).field("kind", line.kind);
    out.field("injected", line.injected).field("first_ms", ms(line.first));
    out.field("last_ms", ms(line.last)).end_object();
  }
  out.end_array().name("injected").begin_array();
  for (const fault_report::injection& injection : faults.injections) {
    out.begin_object().field("fault", faults.lines[injection.line].fault);
    out.field("from_ms", ms(injection.from)).field("to_ms", ms(injection.to));
    out.field("connection", injection.connection).field("process", injection.process);
    out.field("command", injection.command).field("key", injection.key).end_object();
  }
  const fault_report::not_judged& excused = faults.excused;
  out.end_array().name("not_judged").begin_object();
  out.field("cold_events", excused.cold_events);
  out.field("contended_cold_events", excused.contended_cold_events);
  out.field("lock_holds", excused.lock_holds).field("others", excused.others);
  out.field("commands", excused.commands).end_object().end_object();
}

std::string_view recovery_of(const outage_result& outage) {
  if (!outage.is_judged() || !outage.is_recovery_known) return "unknown";
  return outage.recovered_after ? "yes" : "no";
}

void write(json_writer& out, const std::vector<outage_result>& outages) {
  out.name("outages").begin_array();
  for (const outage_result& outage : outages) {
    out.begin_object().field("kind", word_of(outage.kind));
    out.field("from_ms", ms(outage.from)).field("to_ms", ms(outage.to));
    out.field("checks", outage.checks).field("failed", outage.failed);
    out.field("not_judged", outage.not_judged).field("recovered", recovery_of(outage));
    out.field("recovered_ms", ms(outage.recovered_after.value_or(moment{})));
    out.field("commands", outage.traffic.commands);
    out.field("connections", outage.traffic.connections);
    out.field("loads", outage.traffic.loads).end_object();
  }
  out.end_array();
}

}  // namespace

std::string json_report(const audit_result& result) {
  json_writer out;
  out.begin_object().field("version", std::uint64_t{1});
  out.field("verdict", word_of(result.outcome))
      .field("why", result.reason)
      .field("command", result.command);
  write(out, result.run);
  write(out, "findings", result.findings);
  write(out, "notices", result.notices);
  write(out.name("remarks"), result.remarks);
  out.name("coverage").begin_array();
  for (const coverage_line& line : result.coverage) {
    out.begin_object().field("rule", line.rule).field("name", line.name);
    out.field("status", word_of(line.state)).field("detail", line.detail);
    out.field("not_judged", line.not_judged).end_object();
  }
  out.end_array().name("roles").begin_array();
  for (const role_line& role : result.roles) {
    out.begin_object().field("pattern", role.pattern).field("role", word_of(role.role));
    out.field("keys", std::uint64_t{role.keys}).field("why", role.reason);
    out.field("paired", role.paired).end_object();
  }
  out.end_array();
  write(out, "loads_each_second", result.timeline.loads_each_second);
  write(out, "refreshes_each_second", result.timeline.refreshes_each_second);
  write(out, "origin_each_second", result.timeline.origin_each_second);
  if (!result.faults.is_empty()) write(out, result.faults);
  if (!result.outages.empty()) write(out, result.outages);
  out.end_object();
  return std::move(out).text();
}

}  // namespace drover::audit
