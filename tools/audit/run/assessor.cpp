// SPDX-License-Identifier: MIT
#include "audit/run/assessor.hpp"

#include <utility>

#include "audit/rules/all_rules.hpp"
#include "audit/rules/explain.hpp"

namespace drover::audit {

settings settings_for(const audit_options& asked) {
  settings made;
  for (const auto& [glob, role] : asked.roles) made.roles.push_back({.glob = glob, .role = role});
  made.require = asked.required;
  made.fail_on = asked.fail_on;
  made.keys_max = asked.keys_max;
  made.command = asked.typed;
  return made;
}

assessor::assessor(const audit_options& asked) : engine_{settings_for(asked), all_rules()} {}

void assessor::take(record& one) {
  engine_.feed(one);
  if (look_) look_(one, engine_.seen());
}

audit_result assessor::finish() {
  audit_result made = engine_.finish();
  explain(made);
  return made;
}

}  // namespace drover::audit
