// SPDX-License-Identifier: MIT
#include "audit/rules/explain.hpp"

#include <algorithm>

#include "audit/rules/catalogue.hpp"
#include "audit/rules/profiles.hpp"

namespace drover::audit {
namespace {

/// More than this unseen, and no verdict is given: the notice must not look harmless.
constexpr double blind_share_max = 0.01;

const library_profile* library_of(const finding& what) {
  if (!what.library.empty()) return profile_named(what.library);
  library_traces traces;
  traces.keys = what.keys;
  traces.keys.push_back(what.pattern);
  return recognised(traces);
}

void add_not_exercised(audit_result& of) {
  std::string ids;
  std::uint64_t count = 0;
  for (const coverage_line& line : of.coverage) {
    if (line.state != coverage_line::status::not_exercised) continue;
    ids += (ids.empty() ? "" : ", ") + line.rule;
    ++count;
  }
  if (count == 0) return;
  finding notice;
  notice.rule = "C901";
  notice.how_bad = severity::info;
  notice.how_sure = confidence::proof;
  notice.count = count;
  notice.opportunities = of.coverage.size();
  notice.message = std::to_string(count) + " of " + std::to_string(of.coverage.size()) +
                   " rules had nothing to go by in this run: " + ids + '.';
  of.notices.push_back(std::move(notice));
}

}  // namespace

void explain(audit_result& of) {
  for (finding& each : of.findings) complete(each, library_of(each));
  const auto is_c901 = [](const finding& each) { return each.rule == "C901"; };
  of.notices.erase(std::remove_if(of.notices.begin(), of.notices.end(), is_c901), of.notices.end());
  add_not_exercised(of);
  for (finding& each : of.notices) {
    if (each.rule == "C903" && of.run.blind_share > blind_share_max) {
      each.how_bad = severity::warning;
    }
    complete(each, nullptr);
  }
  for (coverage_line& line : of.coverage) {
    if (const rule_text* rule = find_rule(line.rule)) line.name = rule->name;
  }
}

}  // namespace drover::audit
