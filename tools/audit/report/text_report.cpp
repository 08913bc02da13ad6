// SPDX-License-Identifier: MIT
#include "audit/report/text_report.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/engine/line_choice.hpp"
#include "audit/report/wording.hpp"
#include "audit/rules/catalogue.hpp"
#include "text/text_layout.hpp"
#include "text/words.hpp"

namespace drover::audit {
namespace {

using text::painted;
using text::style;

constexpr std::size_t pattern_max = 40;  // columns in the table of findings
constexpr std::size_t rows_max = 60;     // rows in the table of findings
constexpr std::size_t details_max = 20;  // findings with their evidence

std::string upper(std::string_view word) {
  std::string text{word};
  for (char& byte : text) {
    if (byte >= 'a' && byte <= 'z') byte = static_cast<char>(byte - 'a' + 'A');
  }
  return text;
}

style style_of(verdict outcome) {
  return outcome == verdict::pass   ? style::good
         : outcome == verdict::fail ? style::bad
                                    : style::strong;
}

style style_of(const finding& finding) {
  if (!finding.accepted.empty() || finding.severity == severity::info) return style::faint;
  return finding.severity == severity::error ? style::bad : style::strong;
}

/// The text wrapped at spaces, with all lines indented.
std::string paragraph(std::string_view text, std::size_t indent, const text::terminal& terminal) {
  const std::size_t room = terminal.width > indent + 20 ? terminal.width - indent : 20;
  const std::string blanks(indent, ' ');
  std::string indented = blanks;
  for (const char byte : text::wrapped(text, room, 0)) {
    indented += byte;
    if (byte == '\n') indented += blanks;
  }
  return indented + '\n';
}

/// A table whose last column is wrapped to the remaining width.
std::string fitted(const std::vector<text::align>& columns,
                   std::vector<std::vector<text::cell>> rows, const text::terminal& terminal) {
  constexpr std::size_t last_min = 30;
  text::table measured{columns};
  for (const auto& row : rows) measured.add(row);
  const std::size_t used_width = measured.width_before_last();
  const std::size_t room =
      terminal.width > used_width + last_min ? terminal.width - used_width : last_min;
  text::table table{columns};
  for (auto& row : rows) {
    const text::style as = row.back().as;
    std::string lines = text::wrapped(row.back().text, room, 0);
    for (;;) {
      const std::size_t end = std::min(lines.find('\n'), lines.size());
      row.back() = {lines.substr(0, end), as};
      table.add(row);
      lines.erase(0, std::min(end + 1, lines.size()));
      if (lines.empty()) break;
      std::fill(row.begin(), row.end(), text::cell{});
    }
  }
  return table.text(terminal);
}

std::string heading(std::string_view text, const text::terminal& terminal) {
  return '\n' + painted(text, style::strong, terminal) + '\n';
}

std::string left_out_line(std::size_t total, std::size_t shown_count, std::string_view items) {
  if (total <= shown_count) return {};
  return "(" + text::in_words(std::uint64_t{total - shown_count}) + " more " + std::string{items} +
         "; the JSON report has all)\n";
}

std::string table_of(const std::vector<finding>& findings, const text::terminal& terminal) {
  using enum text::align;
  text::table table{{left, left, left, right, left}};
  for (std::size_t i = 0; i < std::min(findings.size(), rows_max); ++i) {
    const finding& finding = findings[i];
    table.add({{finding.accepted.empty() ? std::string{word_of(finding.severity)} : "accepted",
                style_of(finding)},
               {finding.rule + ' ' + finding.name},
               {text::visible(finding.pattern, pattern_max)},
               {times_in_words(finding)},
               {std::string{word_of(finding.confidence)}, style::faint}});
  }
  return table.text(terminal) + left_out_line(findings.size(), rows_max, "findings");
}

/// Consecutive lines with the same text, shown as one.
struct repeated_line {
  const moment_line* first;
  std::uint64_t times = 1;
  std::uint64_t left_out = 0;  ///< the commands that are left out before it
  bool is_of_one_process = true;
};

std::vector<repeated_line> without_repeats(const std::vector<moment_line>& lines) {
  std::vector<repeated_line> repeated;
  std::uint64_t left_out = 0;
  for (const moment_line& line : lines) {
    left_out += line.left_out;
    if (line.left_out > 0) continue;
    if (repeated.empty() || left_out > 0 || repeated.back().first->text != line.text ||
        line.decisive || repeated.back().first->decisive) {
      repeated.push_back({&line, 1, left_out});
      left_out = 0;
      continue;
    }
    ++repeated.back().times;
    repeated.back().is_of_one_process &= repeated.back().first->process == line.process;
  }
  return repeated;
}

std::string timeline(const evidence& proof, const text::terminal& terminal) {
  const std::vector<repeated_line> lines = without_repeats(proof.timeline);
  std::vector<line_weight> weights;
  for (const repeated_line& line : lines) weights.push_back(weight_of(*line.first));
  std::vector<std::vector<text::cell>> rows;
  const auto add = [&](const repeated_line& line) {
    rows.push_back(
        {{"    " + since(proof.from, line.first->from), style::faint},
         {line.is_of_one_process ? text::visible(line.first->process, 30) : "several processes",
          style::faint},
         {shown_name(line.first->text) +
              (line.times > 1 ? ", " + text::in_words(line.times) + " times" : ""),
          line.first->decisive ? style::strong : style::plain}});
  };
  std::size_t next = 0;
  for (const std::size_t place : chosen_lines(weights, text_timeline_max)) {
    std::uint64_t hidden = 0;
    for (; next < place; ++next) hidden += lines[next].times + lines[next].left_out;
    hidden += lines[place].left_out;
    if (hidden > 0) {
      rows.push_back({{""}, {""}, {"(" + text::in_words(hidden) + " more)", style::faint}});
    }
    add(lines[place]);
    next = place + 1;
  }
  return fitted({text::align::right, text::align::left, text::align::left}, std::move(rows),
                terminal);
}

std::string details(const finding& finding, const text::terminal& terminal) {
  std::string text = '\n' +
                     painted(finding.rule + ' ' + finding.name, style_of(finding), terminal) +
                     "  " + shown_name(finding.pattern) + '\n';
  text += paragraph(shown(finding.message), 2, terminal);
  if (!finding.accepted.empty())
    return text + paragraph("accepted: " + shown(finding.accepted), 2, terminal);
  if (!finding.evidence_list.empty()) {
    const evidence& first = finding.evidence_list.front();
    text += paragraph("after " + text::in_words(std::chrono::nanoseconds{first.from}) + ": " +
                          shown(first.summary),
                      2, terminal);
    text += timeline(first, terminal);
  }
  if (!finding.library.empty())
    text += paragraph("library: " + shown_name(finding.library), 2, terminal);
  return text + paragraph("to do: " + shown(finding.advice), 2, terminal) +
         paragraph("wrong? " + if_wrong(finding), 2, terminal);
}

/// Lists the judged rules line by line, and the other rules once for each reason.
std::string coverage(const audit_result& result, const text::terminal& terminal) {
  using status = coverage_line::status;
  std::string text = heading("Coverage of the rules", terminal);
  std::vector<std::vector<text::cell>> judged;
  for (const coverage_line& line : result.coverage) {
    if (line.state != status::pass && line.state != status::fail) continue;
    judged.push_back(
        {{std::string{word_of(line.state)}, line.state == status::pass ? style::good : style::bad},
         {line.rule + ' ' + line.name},
         {shown_name(detail_in_words(line)), style::faint}});
  }
  text += fitted(std::vector(3, text::align::left), std::move(judged), terminal);
  for (const status state : {status::not_judged, status::not_exercised}) {
    const std::vector<rule_group> groups = rules_by_reason(result, state);
    if (groups.empty()) continue;
    text += in_words(state) + ":\n";
    for (const auto& [reason, rules] : groups) {
      const std::string line = joined(rules) + (reason.empty() ? "" : " (" + shown(reason) + ")");
      text += painted("  " + text::wrapped(line, std::max<std::size_t>(terminal.width, 22) - 2, 4),
                      style::faint, terminal) +
              '\n';
    }
  }
  return text;
}

std::string roles(const audit_result& result, const text::terminal& terminal) {
  if (result.roles.empty()) return {};
  constexpr std::size_t shown_max = 20;
  std::string text = heading("Roles of the keys", terminal);
  std::vector<std::vector<text::cell>> rows;
  for (std::size_t i = 0; i < std::min(result.roles.size(), shown_max); ++i) {
    const role_line& role = result.roles[i];
    std::string why = shown_name(role.reason);
    if (!role.paired.empty()) why += "; guards " + shown_name(role.paired);
    rows.push_back({{std::string{word_of(role.role)}},
                    {text::visible(role.pattern, pattern_max)},
                    {text::in_words(std::uint64_t{role.keys}), style::faint},
                    {why, style::faint}});
  }
  text += fitted({text::align::left, text::align::left, text::align::right, text::align::left},
                 std::move(rows), terminal);
  text += left_out_line(result.roles.size(), shown_max, "patterns");
  return text;
}

std::string injected_faults(const fault_report& faults, const text::terminal& terminal) {
  if (faults.is_empty()) return {};
  constexpr std::size_t shown_max = 20;
  std::string text = heading("Injected faults", terminal);
  std::vector<std::vector<text::cell>> rows;
  for (std::size_t i = 0; i < std::min(faults.lines.size(), shown_max); ++i) {
    const fault_report::line& line = faults.lines[i];
    std::string when = "after " + text::in_words(std::chrono::nanoseconds{line.first});
    if (line.injected > 1) {
      when += ", last after " + text::in_words(std::chrono::nanoseconds{line.last});
    }
    rows.push_back({{text::counted(line.injected, "time", "times")},
                    {text::visible(line.fault, pattern_max), style::strong},
                    {when, style::faint}});
  }
  text +=
      fitted({text::align::right, text::align::left, text::align::left}, std::move(rows), terminal);
  text += left_out_line(faults.lines.size(), shown_max, "faults");
  return text + text::wrapped(excused_in_words(faults.excused), terminal.width, 0) + '\n';
}

std::string outages(const audit_result& result, const text::terminal& terminal) {
  if (result.outages.empty()) return {};
  std::vector<std::vector<text::cell>> rows;
  for (const outage_result& outage : result.outages) {
    const bool is_borne = outage.is_judged() && outage.failed == 0;
    std::string what = shown(checks_in_words(outage));
    if (const std::string recovery = recovery_in_words(outage); !recovery.empty()) {
      what += "; " + recovery;
    }
    rows.push_back({{std::string{word_of(outage.kind)}, style::strong},
                    {"after " + text::in_words(std::chrono::nanoseconds{outage.from}) + " for " +
                         text::in_words(std::chrono::nanoseconds{outage.to - outage.from}),
                     style::faint},
                    {what, is_borne ? style::plain : style::strong}});
  }
  return heading("Outages", terminal) +
         fitted(std::vector(3, text::align::left), std::move(rows), terminal);
}

}  // namespace

std::string verdict_lines(const audit_result& result, const text::terminal& terminal) {
  std::string text = painted(upper(in_words(result.outcome)), style_of(result.outcome), terminal) +
                     "  " + painted(findings_in_words(result), style::strong, terminal) + '\n';
  if (!result.reason.empty()) text += paragraph(shown(result.reason), 0, terminal);
  return text;
}

std::string text_report(const audit_result& result, const text::terminal& terminal) {
  std::string text = verdict_lines(result, terminal);
  text +=
      painted(text::wrapped(run_in_words(result.run), terminal.width, 0), style::faint, terminal) +
      '\n';
  if (!result.findings.empty()) {
    text += '\n' + table_of(result.findings, terminal);
    for (std::size_t i = 0; i < std::min(result.findings.size(), details_max); ++i) {
      text += details(result.findings[i], terminal);
    }
    if (result.findings.size() > details_max) {
      text += '\n' + left_out_line(result.findings.size(), details_max, "findings with evidence");
    }
  }
  text += outages(result, terminal) + injected_faults(result.faults, terminal);
  if (result.run.commands > 0) text += coverage(result, terminal) + roles(result, terminal);
  std::string notices;
  if (result.run.commands > 0) {
    for (const finding& finding : result.notices) {
      if (says_coverage_again(finding)) continue;
      notices += text::wrapped(finding.rule + ' ' + finding.name + ": " + shown(finding.message),
                               terminal.width, 2) +
                 '\n';
    }
  }
  if (!notices.empty()) text += heading("Notices", terminal) + notices;
  for (const std::string& remark : result.remarks) {
    text += '\n' + text::wrapped("Note: " + shown(remark), terminal.width, 2) + '\n';
  }
  return text + '\n' +
         text::wrapped("Next: " + next_step(result, reader::terminal), terminal.width, 0) + '\n';
}

}  // namespace drover::audit
