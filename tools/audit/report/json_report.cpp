// SPDX-License-Identifier: MIT
#include "audit/report/json_report.hpp"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/report/wording.hpp"
#include "audit/rules/catalogue.hpp"
#include "text/json_writer.hpp"

namespace drover::audit {
namespace {

using text::json_writer;

void write(json_writer& out, const evidence& of) {
  out.begin_object().field("summary", of.summary).field("key", of.key);
  out.field("from_ms", ms(of.from)).field("to_ms", ms(of.to));
  out.name("timeline").begin_array();
  for (const moment_line& line : of.timeline) {
    out.begin_object().field("from_ms", ms(line.from)).field("to_ms", ms(line.to));
    out.field("connection", line.connection).field("process", line.process);
    out.field("text", line.text).end_object();
  }
  out.end_array().end_object();
}

void write(json_writer& out, const std::vector<std::string>& names) {
  out.begin_row();
  for (const std::string& name : names) out.value(name);
  out.end_row();
}

void write(json_writer& out, const finding& of) {
  out.begin_object().field("rule", of.rule).field("name", of.name);
  out.field("severity", word_of(of.how_bad)).field("confidence", word_of(of.how_sure));
  out.field("pattern", of.pattern);
  write(out.name("keys"), of.keys);
  out.field("count", of.count).field("opportunities", of.opportunities);
  out.field("message", of.message);
  out.name("evidence").begin_array();
  for (const evidence& proof : of.seen) write(out, proof);
  out.end_array();
  out.field("library", of.library).field("advice", of.advice);
  out.field("fix_prompt", of.fix_prompt).field("accepted", of.accepted);
  out.field("fails", of.fails).end_object();
}

void write(json_writer& out, std::string_view name, const std::vector<finding>& findings) {
  out.name(name).begin_array();
  for (const finding& finding : findings) write(out, finding);
  out.end_array();
}

void write(json_writer& out, const audit_result::figures& of) {
  out.name("run").begin_object().field("length_ms", ms(of.length));
  out.field("commands", of.commands).field("connections", of.connections);
  out.field("processes", of.processes).field("keys", of.keys);
  out.field("cold_events", of.cold_events);
  out.field("contended_cold_events", of.contended_cold_events).field("loads", of.loads);
  out.field("origin_loads", of.origin_loads);
  out.field("sampled_share", of.sampled_share).field("blind_share", of.blind_share).end_object();
}

void write(json_writer& out, std::string_view name, const std::vector<std::uint64_t>& numbers) {
  out.name(name).begin_row();
  for (const std::uint64_t count : numbers) out.value(count);
  out.end_row();
}

}  // namespace

std::string json_report(const audit_result& of) {
  json_writer out;
  out.begin_object().field("version", std::uint64_t{1});
  out.field("verdict", word_of(of.outcome)).field("why", of.why).field("command", of.command);
  write(out, of.run);
  write(out, "findings", of.findings);
  write(out, "notices", of.notices);
  write(out.name("remarks"), of.remarks);
  out.name("coverage").begin_array();
  for (const coverage_line& line : of.coverage) {
    out.begin_object().field("rule", line.rule).field("name", line.name);
    out.field("status", word_of(line.state)).field("detail", line.detail).end_object();
  }
  out.end_array().name("roles").begin_array();
  for (const role_line& role : of.roles) {
    out.begin_object().field("pattern", role.pattern).field("role", word_of(role.role));
    out.field("keys", std::uint64_t{role.keys}).field("why", role.why);
    out.field("paired", role.paired).end_object();
  }
  out.end_array();
  write(out, "loads_each_second", of.timeline.loads_each_second);
  write(out, "origin_each_second", of.timeline.origin_each_second);
  out.end_object();
  return std::move(out).text();
}

}  // namespace drover::audit
