// SPDX-License-Identifier: MIT
#include "audit/run/assessor.hpp"

#include <utility>

#include "audit/rules/all_rules.hpp"
#include "audit/rules/explain.hpp"

namespace drover::audit {

settings settings_for(const audit_options& options) {
  settings result;
  for (const auto& [glob, role] : options.roles)
    result.roles.push_back({.glob = glob, .role = role});
  result.require = options.required;
  result.fail_on = options.fail_on;
  result.keys_max = options.keys_max;
  result.command = options.typed;
  return result;
}

assessor::assessor(const audit_options& options) : engine_{settings_for(options), all_rules()} {}

void assessor::take(record& item) {
  engine_.feed(item);
  if (on_record_) on_record_(item, engine_.context());
}

audit_result assessor::finish() {
  audit_result result = engine_.finish();
  explain(result);
  return result;
}

}  // namespace drover::audit
