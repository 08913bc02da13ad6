// SPDX-License-Identifier: MIT
#include "audit/report/text_report.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/report/wording.hpp"
#include "audit/rules/catalogue.hpp"
#include "text/text_layout.hpp"
#include "text/words.hpp"

namespace drover::audit {
namespace {

using text::painted;
using text::style;

constexpr std::size_t text_timeline_end = 4;  // shown lines at the end of a timeline
constexpr std::size_t pattern_max = 40;       // columns in the table of findings
constexpr std::size_t rows_max = 60;          // rows in the table of findings
constexpr std::size_t details_max = 20;       // findings with their evidence

std::string upper(std::string_view word) {
  std::string text{word};
  for (char& byte : text) {
    if (byte >= 'a' && byte <= 'z') byte = static_cast<char>(byte - 'a' + 'A');
  }
  return text;
}

style style_of(verdict is) {
  return is == verdict::pass ? style::good : is == verdict::fail ? style::bad : style::strong;
}

style style_of(const finding& of) {
  if (!of.accepted.empty() || of.how_bad == severity::info) return style::faint;
  return of.how_bad == severity::error ? style::bad : style::strong;
}

/// The text wrapped at spaces, with all lines indented.
std::string paragraph(std::string_view text, std::size_t indent, const text::terminal& on) {
  const std::size_t room = on.width > indent + 20 ? on.width - indent : 20;
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
                   std::vector<std::vector<text::cell>> rows, const text::terminal& on) {
  constexpr std::size_t last_min = 30;
  text::table measured{columns};
  for (const auto& row : rows) measured.add(row);
  const std::size_t used = measured.width_before_last();
  const std::size_t room = on.width > used + last_min ? on.width - used : last_min;
  text::table result{columns};
  for (auto& row : rows) {
    const text::style as = row.back().as;
    std::string lines = text::wrapped(row.back().text, room, 0);
    for (;;) {
      const std::size_t end = std::min(lines.find('\n'), lines.size());
      row.back() = {lines.substr(0, end), as};
      result.add(row);
      lines.erase(0, std::min(end + 1, lines.size()));
      if (lines.empty()) break;
      std::fill(row.begin(), row.end(), text::cell{});
    }
  }
  return result.text(on);
}

std::string heading(std::string_view text, const text::terminal& on) {
  return '\n' + painted(text, style::strong, on) + '\n';
}

std::string left_out_line(std::size_t total, std::size_t most, std::string_view items) {
  if (total <= most) return {};
  return "(" + text::in_words(std::uint64_t{total - most}) + " more " + std::string{items} +
         "; the JSON report has all)\n";
}

std::string table_of(const std::vector<finding>& findings, const text::terminal& on) {
  using enum text::align;
  text::table result{{left, left, left, right, left}};
  for (std::size_t i = 0; i < std::min(findings.size(), rows_max); ++i) {
    const finding& finding = findings[i];
    result.add({{finding.accepted.empty() ? std::string{word_of(finding.how_bad)} : "accepted",
                 style_of(finding)},
                {finding.rule + ' ' + finding.name},
                {text::visible(finding.pattern, pattern_max)},
                {times_in_words(finding)},
                {std::string{word_of(finding.how_sure)}, style::faint}});
  }
  return result.text(on) + left_out_line(findings.size(), rows_max, "findings");
}

/// Consecutive lines with the same text, shown as one.
struct repeated_line {
  const moment_line* first;
  std::size_t times = 1;
  bool is_of_one_process = true;
};

std::vector<repeated_line> without_repeats(const std::vector<moment_line>& lines) {
  std::vector<repeated_line> result;
  for (const moment_line& line : lines) {
    if (result.empty() || result.back().first->text != line.text) {
      result.push_back({&line});
      continue;
    }
    ++result.back().times;
    result.back().is_of_one_process &= result.back().first->process == line.process;
  }
  return result;
}

std::string timeline(const evidence& of, const text::terminal& on) {
  const std::vector<repeated_line> lines = without_repeats(of.timeline);
  const bool is_cut = lines.size() > text_timeline_max;
  const std::size_t head = is_cut ? text_timeline_max - text_timeline_end : lines.size();
  std::vector<std::vector<text::cell>> rows;
  const auto add = [&](const repeated_line& line) {
    rows.push_back(
        {{"    " + since(of.from, line.first->from), style::faint},
         {line.is_of_one_process ? text::visible(line.first->process, 30) : "several processes",
          style::faint},
         {shown_name(line.first->text) +
          (line.times > 1 ? ", " + text::in_words(std::uint64_t{line.times}) + " times" : "")}});
  };
  for (std::size_t i = 0; i < head; ++i) add(lines[i]);
  if (is_cut) {
    std::uint64_t hidden = 0;
    for (std::size_t i = head; i < lines.size() - text_timeline_end; ++i) hidden += lines[i].times;
    rows.push_back({{""}, {""}, {"(" + text::in_words(hidden) + " more)", style::faint}});
    for (std::size_t i = lines.size() - text_timeline_end; i < lines.size(); ++i) add(lines[i]);
  }
  return fitted({text::align::right, text::align::left, text::align::left}, std::move(rows), on);
}

std::string details(const finding& of, const text::terminal& on) {
  std::string text = '\n' + painted(of.rule + ' ' + of.name, style_of(of), on) + "  " +
                     shown_name(of.pattern) + '\n';
  text += paragraph(shown(of.message), 2, on);
  if (!of.accepted.empty()) return text + paragraph("accepted: " + shown(of.accepted), 2, on);
  if (!of.seen.empty()) {
    const evidence& first = of.seen.front();
    text += paragraph("after " + text::in_words(std::chrono::nanoseconds{first.from}) + ": " +
                          shown(first.summary),
                      2, on);
    text += timeline(first, on);
  }
  if (!of.library.empty()) text += paragraph("library: " + shown_name(of.library), 2, on);
  return text + paragraph("to do: " + shown(of.advice), 2, on);
}

/// Lists the judged rules line by line, and the other rules grouped by the reason.
std::string coverage(const audit_result& of, const text::terminal& on) {
  using status = coverage_line::status;
  std::string text = heading("Coverage of the rules", on);
  std::vector<std::vector<text::cell>> judged;
  std::vector<std::pair<std::string, std::string>> idle;  // the reason, the rules
  for (const coverage_line& line : of.coverage) {
    if (line.state == status::not_exercised) {
      const auto same = std::find_if(idle.begin(), idle.end(),
                                     [&](const auto& group) { return group.first == line.detail; });
      if (same == idle.end()) {
        idle.emplace_back(line.detail, line.rule);
      } else {
        same->second += ", " + line.rule;
      }
      continue;
    }
    judged.push_back(
        {{std::string{word_of(line.state)}, line.state == status::pass ? style::good : style::bad},
         {line.rule + ' ' + line.name},
         {shown_name(line.detail), style::faint}});
  }
  text += fitted(std::vector(3, text::align::left), std::move(judged), on);
  for (const auto& [reason, rules] : idle) {
    text += painted(text::wrapped("not exercised: " + rules +
                                      (reason.empty() ? "" : " (" + shown_name(reason) + ")"),
                                  on.width, 2),
                    style::faint, on) +
            '\n';
  }
  return text;
}

std::string roles(const audit_result& of, const text::terminal& on) {
  if (of.roles.empty()) return {};
  constexpr std::size_t shown_max = 20;
  std::string text = heading("Roles of the keys", on);
  std::vector<std::vector<text::cell>> rows;
  for (std::size_t i = 0; i < std::min(of.roles.size(), shown_max); ++i) {
    const role_line& role = of.roles[i];
    std::string why = shown_name(role.why);
    if (!role.paired.empty()) why += "; guards " + shown_name(role.paired);
    rows.push_back({{std::string{word_of(role.role)}},
                    {text::visible(role.pattern, pattern_max)},
                    {text::in_words(std::uint64_t{role.keys}), style::faint},
                    {why, style::faint}});
  }
  text += fitted({text::align::left, text::align::left, text::align::right, text::align::left},
                 std::move(rows), on);
  text += left_out_line(of.roles.size(), shown_max, "patterns");
  return text;
}

}  // namespace

std::string text_report(const audit_result& of, const text::terminal& on) {
  std::string text = painted(upper(word_of(of.outcome)), style_of(of.outcome), on) + "  " +
                     painted(findings_in_words(of), style::strong, on) + '\n';
  if (!of.why.empty()) text += paragraph(shown(of.why), 0, on);
  text += painted(text::wrapped(run_in_words(of.run), on.width, 0), style::faint, on) + '\n';
  if (!of.findings.empty()) {
    text += '\n' + table_of(of.findings, on);
    for (std::size_t i = 0; i < std::min(of.findings.size(), details_max); ++i) {
      text += details(of.findings[i], on);
    }
    if (of.findings.size() > details_max) {
      text += '\n' + left_out_line(of.findings.size(), details_max, "findings with evidence");
    }
  }
  if (of.run.commands > 0) text += coverage(of, on) + roles(of, on);
  if (!of.notices.empty() && of.run.commands > 0) {
    text += heading("Notices", on);
    for (const finding& finding : of.notices) {
      text += text::wrapped(finding.rule + ' ' + finding.name + ": " + shown(finding.message),
                            on.width, 2) +
              '\n';
    }
  }
  for (const std::string& name : of.remarks) {
    text += '\n' + text::wrapped("Note: " + shown(name), on.width, 2) + '\n';
  }
  return text + '\n' + text::wrapped("Next: " + next_step(of, reader::terminal), on.width, 0) +
         '\n';
}

}  // namespace drover::audit
