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

constexpr std::size_t timeline_max = 60;

std::string attribute(std::string_view name, std::string_view text) {
  return ' ' + std::string{name} + "=\"" + html_escaped(text) + '"';
}

/// The text of a finding with its first evidence, one line for each line of the timeline.
std::string in_full(const finding& of) {
  std::string text = shown(of.message) + '\n' + times_in_words(of) + " times, " +
                     std::string{word_of(of.how_sure)} + '\n';
  if (!of.library.empty()) text += "library: " + shown_name(of.library) + '\n';
  text += "to do: " + shown(of.advice) + '\n';
  if (of.seen.empty()) return text;
  const evidence& first = of.seen.front();
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

test_case case_of(const finding& of) {
  test_case test;
  test.name = of.rule + ' ' + of.name;
  if (!of.pattern.empty()) test.name += ": " + shown_name(of.pattern);
  if (!of.accepted.empty()) {
    test.inside = "<skipped" + attribute("message", "accepted: " + shown(of.accepted)) + "/>";
  } else if (of.fails) {
    test.inside = "<failure" + attribute("type", word_of(of.how_bad)) +
                  attribute("message", shown(of.message)) + ">" + html_escaped(in_full(of)) +
                  "</failure>";
  } else {
    test.inside = "<system-out>" +
                  html_escaped(std::string{word_of(of.how_bad)} + ": " + in_full(of)) +
                  "</system-out>";
  }
  return test;
}

std::vector<test_case> cases_of(const audit_result& of, std::string_view family) {
  std::vector<test_case> result;
  for (const coverage_line& line : of.coverage) {
    const rule_text* const rule = find_rule(line.rule);
    if (rule == nullptr || rule->family() != family) continue;
    const std::size_t before = result.size();
    for (const finding& finding : of.findings) {
      if (finding.rule == line.rule) result.push_back(case_of(finding));
    }
    if (result.size() > before) continue;
    test_case plain{line.rule + ' ' + line.name, {}};
    if (line.state == coverage_line::status::not_exercised) {
      plain.inside =
          "<skipped" + attribute("message", "not exercised: " + shown(line.detail)) + "/>";
    } else if (!line.detail.empty()) {
      plain.inside = "<system-out>" + html_escaped(shown(line.detail)) + "</system-out>";
    }
    result.push_back(std::move(plain));
  }
  return result;
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

std::string notice_lines(const audit_result& of) {
  std::string text;
  for (const finding& finding : of.notices) {
    text += finding.rule + ' ' + finding.name + ": " + shown(finding.message) + '\n';
  }
  for (const std::string& name : of.remarks) text += "note: " + shown(name) + '\n';
  return text;
}

}  // namespace

std::string junit_report(const audit_result& of) {
  char length[32];
  std::snprintf(length, sizeof length, "%.3f", ms(of.run.length) / 1000);
  std::vector<test_case> tests;
  std::string suites;
  std::vector<std::string_view> families;
  for (const rule_text& rule : catalogue()) {
    const bool is_new = families.empty() || families.back() != rule.family();
    if (!rule.is_notice() && is_new) families.push_back(rule.family());
  }
  for (const std::string_view family : families) {
    const std::vector<test_case> cases = cases_of(of, family);
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
  test_case verdict_case{"verdict", "<system-out>" + html_escaped(shown(of.why)) + "</system-out>"};
  if (of.outcome == verdict::inconclusive) {
    verdict_case.inside =
        "<skipped" + attribute("message", "inconclusive: " + shown(of.why)) + "/>";
  }
  tests.push_back(verdict_case);
  suites += "<testsuite" + attribute("name", "run") + counts({verdict_case}) +
            attribute("time", length) + ">\n<testcase" +
            attribute("classname", "drover.audit.run") + attribute("name", verdict_case.name) +
            attribute("time", length) + ">" + verdict_case.inside + "</testcase>\n<system-out>" +
            html_escaped(run_in_words(of.run) + '\n' + notice_lines(of)) +
            "</system-out>\n</testsuite>\n";
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" +
         attribute("name", "drover audit") + counts(tests) + attribute("time", length) + ">\n" +
         suites + "</testsuites>\n";
}

}  // namespace drover::audit
