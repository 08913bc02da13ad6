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

/// All that there is to say of a finding, line by line.
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
    const moment_line& each = first.timeline[i];
    text += since(first.from, each.from) + "  " + shown_name(each.process) + "  " +
            shown_name(each.text) + '\n';
  }
  return text;
}

struct test_case {
  std::string name;
  std::string inside;
};

test_case case_of(const finding& of) {
  test_case made;
  made.name = of.rule + ' ' + of.name;
  if (!of.pattern.empty()) made.name += ": " + shown_name(of.pattern);
  if (!of.accepted.empty()) {
    made.inside = "<skipped" + attribute("message", "accepted: " + shown(of.accepted)) + "/>";
  } else if (of.fails) {
    made.inside = "<failure" + attribute("type", word_of(of.how_bad)) +
                  attribute("message", shown(of.message)) + ">" + html_escaped(in_full(of)) +
                  "</failure>";
  } else {
    made.inside = "<system-out>" +
                  html_escaped(std::string{word_of(of.how_bad)} + ": " + in_full(of)) +
                  "</system-out>";
  }
  return made;
}

std::vector<test_case> cases_of(const audit_result& of, std::string_view family) {
  std::vector<test_case> made;
  for (const coverage_line& each : of.coverage) {
    const rule_text* const rule = find_rule(each.rule);
    if (rule == nullptr || rule->family() != family) continue;
    const std::size_t before = made.size();
    for (const finding& one : of.findings) {
      if (one.rule == each.rule) made.push_back(case_of(one));
    }
    if (made.size() > before) continue;
    test_case plain{each.rule + ' ' + each.name, {}};
    if (each.state == coverage_line::status::not_exercised) {
      plain.inside =
          "<skipped" + attribute("message", "not exercised: " + shown(each.detail)) + "/>";
    } else if (!each.detail.empty()) {
      plain.inside = "<system-out>" + html_escaped(shown(each.detail)) + "</system-out>";
    }
    made.push_back(std::move(plain));
  }
  return made;
}

std::string counts(const std::vector<test_case>& cases) {
  const auto number_of = [&](std::string_view tag) {
    return std::to_string(std::count_if(cases.begin(), cases.end(), [&](const test_case& each) {
      return each.inside.starts_with(tag);
    }));
  };
  return attribute("tests", std::to_string(cases.size())) +
         attribute("failures", number_of("<failure")) + attribute("errors", "0") +
         attribute("skipped", number_of("<skipped"));
}

std::string notice_lines(const audit_result& of) {
  std::string text;
  for (const finding& each : of.notices) {
    text += each.rule + ' ' + each.name + ": " + shown(each.message) + '\n';
  }
  for (const std::string& each : of.remarks) text += "note: " + shown(each) + '\n';
  return text;
}

}  // namespace

std::string junit_report(const audit_result& of) {
  char length[32];
  std::snprintf(length, sizeof length, "%.3f", ms(of.run.length) / 1000);
  std::vector<test_case> all;
  std::string suites;
  std::vector<std::string_view> families;
  for (const rule_text& each : catalogue()) {
    const bool is_new = families.empty() || families.back() != each.family();
    if (!each.is_notice() && is_new) families.push_back(each.family());
  }
  for (const std::string_view family : families) {
    const std::vector<test_case> cases = cases_of(of, family);
    suites +=
        "<testsuite" + attribute("name", family) + counts(cases) + attribute("time", "0") + ">\n";
    for (const test_case& each : cases) {
      suites += "<testcase" + attribute("classname", "drover.audit." + std::string{family}) +
                attribute("name", each.name) + attribute("time", "0") + ">" + each.inside +
                "</testcase>\n";
    }
    suites += "</testsuite>\n";
    all.insert(all.end(), cases.begin(), cases.end());
  }
  // The verdict is a test case, too: a run that shows too little has no other failure.
  test_case verdict_case{"verdict", "<system-out>" + html_escaped(shown(of.why)) + "</system-out>"};
  if (of.outcome == verdict::inconclusive) {
    verdict_case.inside =
        "<skipped" + attribute("message", "inconclusive: " + shown(of.why)) + "/>";
  }
  all.push_back(verdict_case);
  suites += "<testsuite" + attribute("name", "run") + counts({verdict_case}) +
            attribute("time", length) + ">\n<testcase" +
            attribute("classname", "drover.audit.run") + attribute("name", verdict_case.name) +
            attribute("time", length) + ">" + verdict_case.inside + "</testcase>\n<system-out>" +
            html_escaped(run_in_words(of.run) + '\n' + notice_lines(of)) +
            "</system-out>\n</testsuite>\n";
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" +
         attribute("name", "drover audit") + counts(all) + attribute("time", length) + ">\n" +
         suites + "</testsuites>\n";
}

}  // namespace drover::audit
