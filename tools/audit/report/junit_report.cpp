// SPDX-License-Identifier: MIT
#include "audit/report/junit_report.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

#include "audit/report/wording.hpp"
#include "audit/rules/catalogue.hpp"
#include "text/page_text.hpp"
#include "text/words.hpp"

namespace drover::audit {
namespace {

using text::html_escaped;

constexpr std::size_t timeline_max = 100;  // evidence has fewer

std::string attribute(std::string_view name, std::string_view text) {
  return ' ' + std::string{name} + "=\"" + html_escaped(text) + '"';
}

/// The text of a finding with its first evidence, one line for each line of the timeline.
std::string in_full(const finding& finding) {
  std::string text = shown(finding.message) + '\n' + times_in_words(finding) + " times, " +
                     std::string{word_of(finding.confidence)} + '\n';
  if (!finding.library.empty()) text += "library: " + shown_name(finding.library) + '\n';
  text += "to do: " + shown(finding.advice) + '\n' + if_wrong(finding) + '\n';
  if (finding.evidence_list.empty()) return text;
  const evidence& first = finding.evidence_list.front();
  text += "\nafter " + text::in_words(std::chrono::nanoseconds{first.from}) + ": " +
          shown(first.summary) + '\n';
  for (std::size_t i = 0; i < first.timeline.size(); ++i) {
    if (i == timeline_max) {
      text += "(" + text::in_words(std::uint64_t{first.timeline.size() - i}) + " more)\n";
      break;
    }
    const moment_line& line = first.timeline[i];
    text += since(first.from, line.from) + "  " + shown_name(line.process) + "  " +
            shown_name(line.text) + '\n';
  }
  return text;
}

struct test_case {
  std::string name;
  std::string inside;
};

test_case case_of(const finding& finding) {
  test_case test;
  test.name = finding.rule + ' ' + finding.name;
  if (!finding.pattern.empty()) test.name += ": " + shown_name(finding.pattern);
  if (!finding.accepted.empty()) {
    test.inside = "<skipped" + attribute("message", "accepted: " + shown(finding.accepted)) + "/>";
  } else if (finding.fails) {
    test.inside = "<failure" + attribute("type", word_of(finding.severity)) +
                  attribute("message", shown(finding.message)) + ">" +
                  html_escaped(in_full(finding)) + "</failure>";
  } else {
    test.inside = "<system-out>" +
                  html_escaped(std::string{word_of(finding.severity)} + ": " + in_full(finding)) +
                  "</system-out>";
  }
  return test;
}

std::vector<test_case> cases_of(const audit_result& result, std::string_view family) {
  std::vector<test_case> cases;
  for (const coverage_line& line : result.coverage) {
    const rule_text* const rule = find_rule(line.rule);
    if (rule == nullptr || rule->family() != family) continue;
    const std::size_t before = cases.size();
    for (const finding& finding : result.findings) {
      if (finding.rule == line.rule) cases.push_back(case_of(finding));
    }
    if (cases.size() > before) continue;
    test_case plain{line.rule + ' ' + line.name, {}};
    const std::string detail = shown(detail_in_words(line));
    if (line.state == coverage_line::status::not_exercised ||
        line.state == coverage_line::status::not_judged) {
      plain.inside = "<skipped" + attribute("message", in_words(line.state) + ": " + detail) + "/>";
    } else if (!detail.empty()) {
      plain.inside = "<system-out>" + html_escaped(detail) + "</system-out>";
    }
    cases.push_back(std::move(plain));
  }
  return cases;
}

std::string counts(const std::vector<test_case>& cases) {
  const auto number_of = [&](std::string_view tag) {
    return std::to_string(std::count_if(cases.begin(), cases.end(), [&](const test_case& test) {
      return test.inside.starts_with(tag);
    }));
  };
  return attribute("tests", std::to_string(cases.size())) +
         attribute("failures", number_of("<failure")) + attribute("errors", "0") +
         attribute("skipped", number_of("<skipped"));
}

std::string notice_lines(const audit_result& result) {
  std::string text;
  for (const finding& finding : result.notices) {
    text += finding.rule + ' ' + finding.name + ": " + shown(finding.message) + '\n';
  }
  for (const std::string& remark : result.remarks) text += "note: " + shown(remark) + '\n';
  return text;
}

}  // namespace

std::string junit_report(const audit_result& result) {
  char length[32];
  std::snprintf(length, sizeof length, "%.3f", ms(result.run.length) / 1000);
  std::vector<test_case> tests;
  std::string suites;
  std::vector<std::string_view> families;
  for (const rule_text& rule : catalogue()) {
    const bool is_new = families.empty() || families.back() != rule.family();
    if (!rule.is_notice() && is_new) families.push_back(rule.family());
  }
  for (const std::string_view family : families) {
    const std::vector<test_case> cases = cases_of(result, family);
    suites +=
        "<testsuite" + attribute("name", family) + counts(cases) + attribute("time", "0") + ">\n";
    for (const test_case& test : cases) {
      suites += "<testcase" + attribute("classname", "drover.audit." + std::string{family}) +
                attribute("name", test.name) + attribute("time", "0") + ">" + test.inside +
                "</testcase>\n";
    }
    suites += "</testsuite>\n";
    tests.insert(tests.end(), cases.begin(), cases.end());
  }
  // The verdict is also a test case: an inconclusive run has no other one that shows it.
  test_case verdict_case{"verdict",
                         "<system-out>" + html_escaped(shown(result.reason)) + "</system-out>"};
  if (result.outcome == verdict::inconclusive) {
    verdict_case.inside =
        "<skipped" + attribute("message", "inconclusive: " + shown(result.reason)) + "/>";
  }
  tests.push_back(verdict_case);
  suites += "<testsuite" + attribute("name", "run") + counts({verdict_case}) +
            attribute("time", length) + ">\n<testcase" +
            attribute("classname", "drover.audit.run") + attribute("name", verdict_case.name) +
            attribute("time", length) + ">" + verdict_case.inside + "</testcase>\n<system-out>" +
            html_escaped(run_in_words(result.run) + '\n' + notice_lines(result)) +
            "</system-out>\n</testsuite>\n";
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" +
         attribute("name", "drover audit") + counts(tests) + attribute("time", length) + ">\n" +
         suites + "</testsuites>\n";
}

}  // namespace drover::audit
