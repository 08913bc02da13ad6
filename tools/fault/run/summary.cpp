// SPDX-License-Identifier: MIT
#include "fault/run/summary.hpp"

#include <numeric>

#include "fault/plan/fault_kinds.hpp"
#include "text/json_writer.hpp"
#include "text/text_layout.hpp"
#include "text/words.hpp"

namespace drover::faults {
namespace {

constexpr std::size_t spec_shown_max = 200;

/// What to know about the counts of a fault.
std::string remark_on(const fault_spec& spec, const spec_counts& counts) {
  if (counts.failed > 0) return text::in_words(counts.failed) + " not injected: reply too large";
  if (counts.injected > 0) return "";
  if (spec.kind == fault_kind::down) return "its time never came";
  return counts.selected == 0 ? "selected nothing" : "never injected";
}

}  // namespace

std::string text_summary(const summary& of, const text::terminal& on) {
  const std::uint64_t injected = std::accumulate(
      of.counts.specs.begin(), of.counts.specs.end(), std::uint64_t{0},
      [](std::uint64_t sum, const spec_counts& counts) { return sum + counts.injected; });
  std::string result = text::counted(injected, "fault", "faults") + " injected: " +
                       text::counted(of.counts.connections, "connection", "connections") + ", " +
                       text::counted(of.counts.requests, "request", "requests") + ", seed " +
                       std::to_string(of.seed) + "\n\n";
  text::table table{{text::align::right, text::align::right, text::align::right, text::align::left,
                     text::align::left}};
  table.add({{"fault"}, {"selected"}, {"injected"}, {"spec"}, {""}});
  for (std::size_t i = 0; i < of.specs.size(); ++i) {
    const spec_counts& counts = of.counts.specs[i];
    const bool has_selection = of.specs[i].kind != fault_kind::down;
    table.add({{std::to_string(i + 1)},
               {has_selection ? text::in_words(counts.selected) : "-"},
               {text::in_words(counts.injected)},
               {text::visible(of.specs[i].text, spec_shown_max), text::style::strong},
               {remark_on(of.specs[i], counts), text::style::faint}});
  }
  result += table.text(on);
  if (of.counts.unchanged_connections > 0) {
    result += "\n" + text::counted(of.counts.unchanged_connections, "connection", "connections") +
              " passed without faults after SUBSCRIBE, MONITOR, CLIENT REPLY or bytes that are not "
              "RESP.\n";
  }
  if (of.counts.turned_away > 0) {
    result += "\n" + text::counted(of.counts.turned_away, "client was", "clients were") +
              " turned away, because the server could not be reached or too many were connected.\n";
  }
  if (of.log_lines_lost > 0) {
    result += "\n" + text::counted(of.log_lines_lost, "line", "lines") +
              " of the log could not be written.\n";
  }
  return result;
}

std::string json_summary(const summary& of) {
  text::json_writer json;
  json.begin_object().field("version", std::uint64_t{1}).field("seed", of.seed);
  json.field("connections", of.counts.connections).field("requests", of.counts.requests);
  json.field("connections_unchanged", of.counts.unchanged_connections);
  json.field("turned_away", of.counts.turned_away);
  json.field("log_lines_lost", of.log_lines_lost);
  if (of.command_code) {
    json.field("command_exit_code", static_cast<std::uint64_t>(*of.command_code));
  }
  json.name("faults").begin_array();
  for (std::size_t i = 0; i < of.specs.size(); ++i) {
    const spec_counts& counts = of.counts.specs[i];
    json.begin_object().field("fault", std::uint64_t{i + 1});
    json.field("kind", name_of(of.specs[i].kind)).field("spec", std::string_view{of.specs[i].text});
    if (of.specs[i].kind != fault_kind::down) json.field("selected", counts.selected);
    json.field("injected", counts.injected).field("not_injected", counts.failed).end_object();
  }
  json.end_array().end_object();
  return std::move(json).text();
}

}  // namespace drover::faults
