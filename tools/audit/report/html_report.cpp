// SPDX-License-Identifier: MIT
#include "audit/report/html_report.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "audit/engine/line_choice.hpp"
#include "audit/report/page_parts.hpp"
#include "audit/report/page_series.hpp"
#include "audit/report/wording.hpp"
#include "audit/rules/catalogue.hpp"
#include "text/page_frame.hpp"
#include "text/page_text.hpp"
#include "text/words.hpp"

namespace drover::audit {
namespace {

using text::html_element;
using text::html_escaped;

constexpr std::size_t keys_max = 5;  // examples of one finding

std::string badge(const finding& finding) {
  const std::string word =
      finding.accepted.empty() ? std::string{word_of(finding.severity)} : "accepted";
  return html_element("span", "class=\"badge " + word + "\"", word);
}

std::string tone_of(verdict outcome) {
  return outcome == verdict::pass ? "good" : outcome == verdict::fail ? "bad" : "open";
}

std::string begin_table(std::string_view label, std::string_view kind,
                        const std::vector<std::string_view>& heads) {
  std::string text = "<div class=\"scroll " + std::string{kind} +
                     "-box\" role=\"region\" tabindex=\"0\" aria-label=\"" + html_escaped(label) +
                     "\">\n<table class=\"" + std::string{kind} + "\">\n<thead><tr>";
  for (const std::string_view name : heads) text += html_element("th", "scope=\"col\"", name);
  return text + "</tr></thead>\n<tbody>\n";
}

constexpr std::string_view end_table = "</tbody>\n</table>\n</div>\n";

std::string left_out(std::size_t total, std::size_t shown_count, std::string_view items) {
  if (total <= shown_count) return {};
  return html_element("p", "class=\"hint\"",
                      "and " + text::in_words(std::uint64_t{total - shown_count}) + " more " +
                          std::string{items} + "; the JSON report has all");
}

std::string header(const audit_result& result) {
  std::string text = "<header>\n" + html_element("p", "class=\"kicker\"", "drover audit");
  text += "<h1><span class=\"verdict " + tone_of(result.outcome) + "\">" +
          in_words(result.outcome) + "</span> " + html_escaped(findings_in_words(result)) +
          "</h1>\n";
  if (!result.reason.empty()) text += html_element("p", "class=\"look\"", shown(result.reason));
  text += html_element("p", "class=\"hint\"", run_in_words(result.run));
  return text +
         html_element("p", "class=\"banner next\"", "Next: " + next_step(result, reader::page)) +
         "<noscript><p class=\"banner\">The timeline needs JavaScript. The tables and the evidence "
         "are complete without it.</p></noscript>\n</header>\n";
}

std::string table_of_findings(const audit_result& result) {
  if (result.findings.empty()) return {};
  std::string text =
      "<section>\n<h2>Findings</h2>\n" +
      begin_table("Findings", "findings", {"rule", "severity", "keys", "times", "confidence"});
  const std::size_t count = std::min(result.findings.size(), page_findings_max);
  for (std::size_t i = 0; i < count; ++i) {
    const finding& finding = result.findings[i];
    const std::string place = std::to_string(i);
    text += "<tr><th scope=\"row\">" +
            html_element("a", "href=\"#f" + place + "\" data-finding=\"" + place + "\"",
                         finding.rule + ' ' + finding.name) +
            "</th><td>" + badge(finding) + "</td>" +
            html_element("td", "", shown_name(finding.pattern)) +
            html_element("td", "", times_in_words(finding)) +
            html_element("td", "", word_of(finding.confidence)) + "</tr>\n";
  }
  return text + std::string{end_table} + left_out(result.findings.size(), count, "findings") +
         "</section>\n";
}

std::string buttons() {
  std::string text = "<div class=\"keys\" role=\"group\" aria-label=\"Part of the run\">\n";
  const auto add = [&](std::string_view action, std::string_view label, std::string_view name) {
    text += html_element("button",
                         "type=\"button\" data-go=\"" + std::string{action} + "\" aria-label=\"" +
                             std::string{name} + "\"",
                         label);
  };
  add("all", "Whole run", "Show the whole run");
  add("in", "+", "Show less time");
  add("out", "−", "Show more time");
  add("left", "←", "Earlier");
  add("right", "→", "Later");
  add("previous", "← cold", "Previous cold event");
  add("next", "cold →", "Next cold event");
  return text + "</div>\n";
}

std::string legend(bool has_faults) {
  std::string text = "<p class=\"hint legend\">";
  for (const auto& [kind, label] : std::initializer_list<std::pair<const char*, const char*>>{
           {"cold", "cold"},
           {"made", "made cold by the tool"},
           {"load", "load"},
           {"unstored", "load that was not stored"},
           {"held", "lock held"},
           {"hit", "hit"},
           {"miss", "miss"},
           {"store", "store"},
           {"acquired", "lock won"},
           {"refused", "lock refused"},
           {"renewed", "lock renewed"},
           {"released", "lock released"},
           {"deleted", "delete"},
           {"other", "other command"},
           {"injected", "injected fault"}}) {
    if (kind == std::string_view{"injected"} && !has_faults) continue;
    text += "<span><canvas class=\"sample\" data-kind=\"" + std::string{kind} +
            "\" aria-hidden=\"true\"></canvas>" + label + "</span> ";
  }
  return text +
         "</p>\n<p class=\"hint keyboard\">With the keyboard: <kbd>←</kbd> <kbd>→</kbd> "
         "move, <kbd>+</kbd> <kbd>-</kbd> zoom, <kbd>0</kbd> the whole run, <kbd>n</kbd> "
         "<kbd>p</kbd> the next or previous cold event, <kbd>↑</kbd> <kbd>↓</kbd> choose a "
         "row, <kbd>Shift</kbd> + <kbd>←</kbd> <kbd>→</kbd> go from command to command in "
         "it.</p>\n";
}

std::string timeline(const audit_result& result) {
  if (result.timeline.operations.empty() && result.timeline.cold_events.empty()) return {};
  std::string text =
      "<section class=\"card\" id=\"timeline\">\n<h2>Timeline</h2>\n<p class=\"hint\">Loads per "
      "second, with a mark where a key became cold. Click to go there.</p>\n<div class=\"chart "
      "seconds\"><canvas id=\"seconds\" role=\"img\" aria-label=\"";
  std::uint64_t most = 0;
  for (const std::uint64_t count : result.timeline.loads_each_second) most = std::max(most, count);
  text += html_escaped("Loads per second: " + loads_in_words(result.run) + " in total, at most " +
                       text::counted(most, "load", "loads") + " in one second") +
          "\"></canvas></div>\n" + buttons() +
          "<div class=\"keys\" role=\"group\" aria-label=\"Rows to show\" id=\"groups\"></div>\n<p "
          "class=\"caption\" id=\"caption\" aria-live=\"polite\"></p>\n<div class=\"lanes\" "
          "id=\"lanes\" tabindex=\"0\" role=\"group\" aria-label=\"Timeline: left and right move, "
          "plus and minus zoom, up and down choose a row\"><canvas role=\"img\" aria-label=\"";
  text +=
      html_escaped("A row for each process and key: " +
                   text::counted(result.timeline.processes.size(), "process", "processes") + ", " +
                   text::counted(result.timeline.keys.size(), "key", "keys") + ", " +
                   text::counted(result.timeline.cold_events.size(), "cold event", "cold events") +
                   ", " + text::counted(result.timeline.loads.size(), "load", "loads"));
  text +=
      "\"></canvas><div class=\"tip\" hidden></div></div>\n" + legend(!result.faults.is_empty());
  if (result.timeline.left_out > 0) {
    text += html_element("p", "class=\"hint\"",
                         text::in_words(result.timeline.left_out) +
                             " commands are not drawn, because there are too many, or because "
                             "their keys are not part of the timeline.");
  }
  return text + "</section>\n";
}

std::string moments(const evidence& proof) {
  std::string text = begin_table("Evidence", "moments", {"time", "process", "command"});
  for (const auto& [place, left_out] : shown_lines(proof.timeline, page_timeline_max)) {
    if (left_out > 0) {
      text += "<tr>" +
              html_element("td", "colspan=\"3\"", "(" + text::in_words(left_out) + " more)") +
              "</tr>\n";
    }
    const moment_line& line = proof.timeline[place];
    text += (line.decisive ? "<tr class=\"decisive\">" : "<tr>") +
            html_element("td", "", since(proof.from, line.from)) +
            html_element("td", "", shown_name(line.process)) +
            html_element("td", "", shown_name(line.text)) + "</tr>\n";
  }
  return text + std::string{end_table};
}

std::string evidence_of(const finding& finding, std::size_t place) {
  std::string text;
  for (std::size_t i = 0; i < finding.evidence_list.size(); ++i) {
    const evidence& proof = finding.evidence_list[i];
    text += "<details class=\"evidence\"" + std::string{i == 0 ? " open" : ""} + ">" +
            html_element("summary", "",
                         "after " + text::in_words(std::chrono::nanoseconds{proof.from}) + ": " +
                             shown(proof.summary)) +
            html_element("button",
                         "type=\"button\" class=\"jump\" data-finding=\"" + std::to_string(place) +
                             "\" data-evidence=\"" + std::to_string(i) + "\"",
                         "Show on the timeline") +
            moments(proof) + "</details>\n";
  }
  return text;
}

std::string about(const finding& finding) {
  std::string text = times_in_words(finding) +
                     (finding.opportunities == 0 && finding.count == 1 ? " time" : " times");
  text += ", " + std::string{word_of(finding.confidence)};
  for (std::size_t i = 0; i < std::min(finding.keys.size(), keys_max); ++i) {
    text += (i == 0 ? "; for example " : ", ") + shown_name(finding.keys[i]);
  }
  return html_element("p", "class=\"hint\"", text);
}

std::string card(const finding& finding, std::size_t place) {
  const std::string id = std::to_string(place);
  std::string text = "<section class=\"card finding\" id=\"f" + id + "\" tabindex=\"-1\">\n<h3>" +
                     badge(finding) + ' ' + html_escaped(finding.rule + ' ' + finding.name) + ' ' +
                     html_element("code", "", shown_name(finding.pattern)) + "</h3>\n";
  text += html_element("p", "class=\"says\"", shown(finding.message)) + about(finding);
  if (!finding.accepted.empty()) {
    text += html_element("p", "class=\"banner\"", "Accepted: " + shown(finding.accepted));
  }
  if (const rule_text* const rule = find_rule(finding.rule)) {
    text += html_element("p", "class=\"why\"", rule->why);
  }
  text += evidence_of(finding, place) +
          html_element("p", "class=\"todo\"", "To do: " + shown(finding.advice));
  if (!finding.library.empty())
    text += html_element("p", "", "Library: " + shown_name(finding.library));
  if (finding.accepted.empty()) {
    text += html_element("p", "class=\"hint\"", if_wrong(finding));
  }
  if (finding.fix_prompt.empty()) return text + "</section>\n";
  return text +
         "<details><summary>Instruction for an AI assistant</summary>\n<div class=\"command\">" +
         html_element("pre", "id=\"fix" + id + "\" tabindex=\"0\"", finding.fix_prompt) +
         html_element("button", "type=\"button\" class=\"copy\" data-of=\"fix" + id + "\"",
                      "Copy") +
         "</div>\n</details>\n</section>\n";
}

std::string cards(const audit_result& result) {
  std::string text;
  const std::size_t count = std::min(result.findings.size(), page_findings_max);
  for (std::size_t i = 0; i < count; ++i) text += card(result.findings[i], i);
  return text.empty() ? text : "<section>\n<h2>Findings in detail</h2>\n" + text + "</section>\n";
}

std::string outages(const audit_result& result) {
  if (result.outages.empty()) return {};
  std::string text =
      "<section>\n<h2>Outages</h2>\n" +
      begin_table("Outages", "outages", {"the server was", "from", "for", "checks", "recovery"});
  for (const outage_result& outage : result.outages) {
    text +=
        "<tr>" + html_element("th", "scope=\"row\"", std::string{word_of(outage.kind)}) +
        html_element("td", "", text::in_words(std::chrono::nanoseconds{outage.from})) +
        html_element("td", "", text::in_words(std::chrono::nanoseconds{outage.to - outage.from})) +
        html_element("td", "", shown(checks_in_words(outage))) +
        html_element("td", "", recovery_in_words(outage)) + "</tr>\n";
  }
  return text + std::string{end_table} + "</section>\n";
}

std::string injected_faults(const fault_report& faults) {
  if (faults.is_empty()) return {};
  constexpr std::size_t faults_max = 100;
  std::string text = "<section>\n<h2>Injected faults</h2>\n" +
                     begin_table("Injected faults", "faults", {"fault", "times", "first", "last"});
  const std::size_t count = std::min(faults.lines.size(), faults_max);
  for (std::size_t i = 0; i < count; ++i) {
    const fault_report::line& line = faults.lines[i];
    text += "<tr>" + html_element("th", "scope=\"row\"", shown_name(line.fault)) +
            html_element("td", "", text::in_words(line.injected)) +
            html_element("td", "", text::in_words(std::chrono::nanoseconds{line.first})) +
            html_element("td", "", text::in_words(std::chrono::nanoseconds{line.last})) + "</tr>\n";
  }
  return text + std::string{end_table} + left_out(faults.lines.size(), count, "faults") +
         html_element("p", "class=\"hint\"", excused_in_words(faults.excused)) + "</section>\n";
}

std::string coverage_row(std::string_view rules, coverage_line::status state,
                         std::string_view detail) {
  const bool is_idle = state == coverage_line::status::not_exercised;
  return "<tr" + std::string{is_idle ? " class=\"idle\"" : ""} + ">" +
         html_element("th", "scope=\"row\"", rules) + "<td>" +
         html_element(
             "span", "class=\"badge " + std::string{word_of(state)} + "\"",
             state == coverage_line::status::not_judged ? "cannot be judged" : in_words(state)) +
         "</td>" + html_element("td", "", shown(detail)) + "</tr>\n";
}

std::string coverage(const audit_result& result) {
  using status = coverage_line::status;
  std::string text = "<section>\n<h2>Coverage of the rules</h2>\n" +
                     begin_table("Coverage", "coverage", {"rule", "status", "seen in this run"});
  for (const coverage_line& line : result.coverage) {
    if (line.state != status::pass && line.state != status::fail) continue;
    text += coverage_row(line.rule + ' ' + line.name, line.state, detail_in_words(line));
  }
  for (const status state : {status::not_judged, status::not_exercised}) {
    for (const auto& [reason, rules] : rules_by_reason(result, state)) {
      text += coverage_row(joined(rules), state, reason);
    }
  }
  return text + std::string{end_table} +
         "<p class=\"hint\">Not exercised is not a pass: nothing in the run concerned the "
         "rule. A rule that cannot judge what it saw will not do so in a longer run "
         "either.</p>\n</section>\n";
}

std::string roles(const audit_result& result) {
  if (result.roles.empty()) return {};
  constexpr std::size_t roles_max = 200;
  std::string text = "<section>\n<h2>Roles of the keys</h2>\n" +
                     begin_table("Roles", "roles", {"keys", "role", "number", "reason"});
  const std::size_t count = std::min(result.roles.size(), roles_max);
  for (std::size_t i = 0; i < count; ++i) {
    const role_line& role = result.roles[i];
    std::string why = shown_name(role.reason);
    if (!role.paired.empty()) why += "; guards " + shown_name(role.paired);
    text += "<tr>" + html_element("th", "scope=\"row\"", shown_name(role.pattern)) +
            html_element("td", "", word_of(role.role)) +
            html_element("td", "", text::in_words(std::uint64_t{role.keys})) +
            html_element("td", "", why) + "</tr>\n";
  }
  return text + std::string{end_table} + left_out(result.roles.size(), count, "patterns") +
         "</section>\n";
}

std::string notices(const audit_result& result) {
  std::string text;
  for (const finding& finding : result.notices) {
    if (says_coverage_again(finding)) continue;
    text += html_element("dt", "", finding.rule + ' ' + finding.name) +
            html_element("dd", "", shown(finding.message) + ' ' + shown(finding.advice));
  }
  for (const std::string& remark : result.remarks) {
    text += html_element("dt", "", "note") + html_element("dd", "", shown(remark));
  }
  if (text.empty()) return text;
  return "<section class=\"card\">\n<h2>Notices</h2>\n<dl>\n" + text + "</dl>\n</section>\n";
}

std::string again(const audit_result& result) {
  if (result.command.empty()) return {};
  return "<section class=\"card\">\n<h2>Run it again</h2>\n<div class=\"command\">" +
         html_element("pre", "id=\"command\" tabindex=\"0\"", shown(result.command)) +
         html_element("button", "type=\"button\" class=\"copy\" data-of=\"command\"", "Copy") +
         "</div>\n</section>\n";
}

}  // namespace

std::string html_report(const audit_result& result) {
  std::string script;
  for (const std::string_view part :
       {marks_script, rows_script, pointing_script, typing_script, lanes_script, page_script}) {
    script += part;
  }
  const text::page_frame frame{.title = in_words(result.outcome) + ": " + findings_in_words(result),
                               .made_by = "drover audit",
                               .style = page_style,
                               .script = script,
                               .data = page_series(result)};
  return text::page_head(frame) + "<body>\n<main>\n" + header(result) + table_of_findings(result) +
         timeline(result) + cards(result) + outages(result) + injected_faults(result.faults) +
         coverage(result) + roles(result) + notices(result) + again(result) + "</main>\n" +
         text::page_tail(frame);
}

}  // namespace drover::audit
