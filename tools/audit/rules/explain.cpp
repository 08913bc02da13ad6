// SPDX-License-Identifier: MIT
#include "audit/rules/explain.hpp"

#include "audit/rules/catalogue.hpp"
#include "audit/rules/notices.hpp"
#include "audit/rules/profiles.hpp"

namespace drover::audit {
namespace {

const library_profile* library_of(const finding& what) {
  if (!what.library.empty()) return profile_named(what.library);
  library_traces traces;
  traces.keys = what.keys;
  traces.keys.push_back(what.pattern);
  return recognised(traces);
}

}  // namespace

void explain(audit_result& of) {
  for (finding& each : of.findings) complete(each, library_of(each));
  add_not_exercised(of);
  raise_events_lost(of);
  for (finding& notice : of.notices) complete(notice, nullptr);
  for (coverage_line& line : of.coverage) {
    if (const rule_text* rule = find_rule(line.rule)) line.name = rule->name;
  }
}

}  // namespace drover::audit
