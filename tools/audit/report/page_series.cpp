// SPDX-License-Identifier: MIT
#include "audit/report/page_series.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "audit/report/wording.hpp"
#include "text/json_writer.hpp"

namespace drover::audit {
namespace {

using text::json_writer;

/// Keeps each text once, because a run repeats few commands many times.
class text_table {
 public:
  std::uint64_t place_of(const std::string& text) {
    const auto [position, is_new] = places_.emplace(text, texts_.size());
    if (is_new) texts_.push_back(text);
    return position->second;
  }
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::map<std::string, std::uint64_t> places_;
  std::vector<std::string> texts_;
};

void write_names(json_writer& out, std::string_view name, const std::vector<std::string>& names) {
  out.name(name).begin_row();
  for (const std::string& text : names) out.value(shown_name(text));
  out.end_row();
}

bool is_drawn(const run_timeline& timeline, std::size_t key, std::size_t process) {
  return key < timeline.keys.size() && process < timeline.processes.size();
}

moment end_of(const audit_result& result) {
  moment end = std::max(result.run.length, moment{1000});
  for (const auto& operation : result.timeline.operations) end = std::max(end, operation.to);
  for (const auto& cold : result.timeline.cold_events) end = std::max(end, cold.to);
  for (const auto& load : result.timeline.loads) end = std::max(end, load.to);
  for (const finding& finding : result.findings) {
    for (const evidence& proof : finding.evidence_list) end = std::max(end, proof.to);
  }
  for (const auto& injection : result.faults.injections) end = std::max(end, injection.from);
  return end;
}

void write_operations(json_writer& out, const run_timeline& timeline) {
  std::vector<const run_timeline::operation*> operations;
  for (const auto& operation : timeline.operations) {
    if (is_drawn(timeline, operation.key, operation.process)) operations.push_back(&operation);
  }
  std::stable_sort(operations.begin(), operations.end(),
                   [](const auto* a, const auto* b) { return a->from < b->from; });
  if (operations.size() > timeline_operations_max) operations.resize(timeline_operations_max);
  text_table texts;
  out.name("operations").begin_row();
  for (const auto* operation : operations) {
    out.begin_row().value(ms(operation->from)).value(ms(operation->to));
    out.value(std::uint64_t{operation->process}).value(std::uint64_t{operation->key});
    out.value(static_cast<std::uint64_t>(operation->kind))
        .value(texts.place_of(shown_name(operation->text)));
    out.end_row();
  }
  out.end_row();
  write_names(out, "texts", texts.texts());
}

void write_bars(json_writer& out, const run_timeline& timeline) {
  out.name("cold").begin_row();
  for (std::size_t i = 0; i < std::min(timeline.cold_events.size(), drawn_bars_max); ++i) {
    const auto& cold = timeline.cold_events[i];
    if (!is_drawn(timeline, cold.key, 0)) continue;
    out.begin_row().value(std::uint64_t{cold.key}).value(ms(cold.from)).value(ms(cold.to));
    out.value(cold.requests).value(cold.loads).value(cold.made_by_tool).end_row();
  }
  out.end_row().name("loads").begin_row();
  for (std::size_t i = 0; i < std::min(timeline.loads.size(), drawn_bars_max); ++i) {
    const auto& load = timeline.loads[i];
    if (!is_drawn(timeline, load.key, load.process)) continue;
    out.begin_row().value(std::uint64_t{load.key}).value(std::uint64_t{load.process});
    out.value(ms(load.from)).value(ms(load.to)).value(load.stored).end_row();
  }
  out.end_row();
}

/// One bar covers `step` seconds and shows the largest number in them, so that no peak is lost.
void write_seconds(json_writer& out, std::string_view name,
                   const std::vector<std::uint64_t>& numbers, std::size_t step) {
  out.name(name).begin_row();
  for (std::size_t i = 0; i < numbers.size(); i += step) {
    const auto begin = numbers.begin() + static_cast<std::ptrdiff_t>(i);
    const auto end = begin + static_cast<std::ptrdiff_t>(std::min(step, numbers.size() - i));
    out.value(*std::max_element(begin, end));
  }
  out.end_row();
}

void write_evidence(json_writer& out, const audit_result& result) {
  out.name("findings").begin_array();
  for (std::size_t i = 0; i < std::min(result.findings.size(), page_findings_max); ++i) {
    const finding& finding = result.findings[i];
    out.begin_object().field("title", finding.rule + ' ' + finding.name);
    out.name("evidence").begin_array();
    for (const evidence& proof : finding.evidence_list) {
      const auto& keys = result.timeline.keys;
      const auto position = std::find(keys.begin(), keys.end(), proof.key);
      out.begin_object().field("from", ms(proof.from)).field("to", ms(proof.to));
      out.field("summary", shown(proof.summary));
      if (position != keys.end()) {
        out.field("key", static_cast<std::uint64_t>(position - keys.begin()));
      }
      out.end_object();
    }
    out.end_array().end_object();
  }
  out.end_array();
}

void write_faults(json_writer& out, const fault_report& faults) {
  if (faults.is_empty()) return;
  out.name("faults").begin_row();
  for (const fault_report::injection& injection : faults.injections) {
    std::string text = faults.lines[injection.line].fault;
    if (!injection.command.empty()) text += ": " + injection.command + ' ' + injection.key;
    out.begin_row().value(ms(injection.from)).value(ms(injection.to)).value(shown_name(text));
    out.end_row();
  }
  out.end_row();
}

}  // namespace

std::string page_series(const audit_result& result) {
  const run_timeline& timeline = result.timeline;
  json_writer out;
  out.begin_object().field("end", ms(end_of(result)));
  write_names(out, "processes", timeline.processes);
  write_names(out, "keys", timeline.keys);
  out.name("roles").begin_row();
  for (std::size_t i = 0; i < timeline.keys.size(); ++i) {
    out.value(word_of(i < timeline.roles.size() ? timeline.roles[i] : key_role::other));
  }
  out.end_row();
  write_operations(out, timeline);
  write_bars(out, timeline);
  write_faults(out, result.faults);
  const std::size_t seconds =
      std::max({timeline.loads_each_second.size(), timeline.refreshes_each_second.size(),
                timeline.origin_each_second.size()});
  const std::size_t step =
      std::max<std::size_t>(1, (seconds + drawn_seconds_max - 1) / drawn_seconds_max);
  out.field("step", std::uint64_t{step});
  write_seconds(out, "wire", timeline.loads_each_second, step);
  write_seconds(out, "refreshes", timeline.refreshes_each_second, step);
  write_seconds(out, "origin", timeline.origin_each_second, step);
  write_evidence(out, result);
  out.end_object();
  return std::move(out).text();
}

}  // namespace drover::audit
