// SPDX-License-Identifier: MIT
#include "audit/rules/explain.hpp"

#include "audit/rules/catalogue.hpp"
#include "audit/rules/notices.hpp"
#include "audit/rules/profiles.hpp"

namespace drover::audit {
namespace {

const library_profile* library_of(const finding& finding) {
  if (!finding.library.empty()) return profile_named(finding.library);
  library_traces traces;
  traces.keys = finding.keys;
  traces.keys.push_back(finding.pattern);
  return find_library(traces);
}

}  // namespace

void explain(audit_result& result) {
  for (finding& finding : result.findings) complete(finding, library_of(finding));
  add_not_exercised(result);
  raise_events_lost(result);
  for (finding& notice : result.notices) complete(notice, nullptr);
  for (coverage_line& line : result.coverage) {
    if (const rule_text* rule = find_rule(line.rule)) line.name = rule->name;
  }
}

}  // namespace drover::audit
