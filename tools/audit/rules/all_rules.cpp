// SPDX-License-Identifier: MIT
#include "audit/rules/all_rules.hpp"

#include "audit/rules/library_watch.hpp"

// One line for each rule, by id. The file of a rule defines the function that is named here.
#define DROVER_AUDIT_RULES(RULE) \
  RULE(c101)                     \
  RULE(c102)                     \
  RULE(c103)                     \
  RULE(c104)                     \
  RULE(c105)                     \
  RULE(c106)                     \
  RULE(c108)                     \
  RULE(c109)                     \
  RULE(c201)                     \
  RULE(c202)                     \
  RULE(c203)                     \
  RULE(c204)                     \
  RULE(c205)                     \
  RULE(c206)                     \
  RULE(c207)                     \
  RULE(c208)                     \
  RULE(c209)                     \
  RULE(c210)                     \
  RULE(c211)                     \
  RULE(c212)                     \
  RULE(c213)                     \
  RULE(c301)                     \
  RULE(c302)                     \
  RULE(c303)                     \
  RULE(c304)                     \
  RULE(c305)                     \
  RULE(c306)                     \
  RULE(c307)                     \
  RULE(c401)                     \
  RULE(c402)                     \
  RULE(c403)                     \
  RULE(c404)                     \
  RULE(c405)                     \
  RULE(c406)                     \
  RULE(c407)                     \
  RULE(c501)                     \
  RULE(c502)                     \
  RULE(c503)                     \
  RULE(c504)                     \
  RULE(c601)                     \
  RULE(c602)                     \
  RULE(c603)                     \
  RULE(c604)                     \
  RULE(c605)                     \
  RULE(c606)                     \
  RULE(c701)                     \
  RULE(c702)                     \
  RULE(c703)                     \
  RULE(c704)                     \
  RULE(c705)                     \
  RULE(c706)                     \
  RULE(c707)                     \
  RULE(c901)                     \
  RULE(c902)                     \
  RULE(c903)                     \
  RULE(c904)                     \
  RULE(c905)                     \
  RULE(c906)                     \
  RULE(c907)

namespace drover::audit {

#define DROVER_DECLARE_RULE(name) rule_definition name();
DROVER_AUDIT_RULES(DROVER_DECLARE_RULE)
#undef DROVER_DECLARE_RULE

std::span<const rule_definition> rule_definitions() {
#define DROVER_LIST_RULE(name) name(),
  static const std::vector<rule_definition> definitions{DROVER_AUDIT_RULES(DROVER_LIST_RULE)};
#undef DROVER_LIST_RULE
  return definitions;
}

std::vector<std::unique_ptr<rule>> all_rules() {
  std::vector<std::unique_ptr<rule>> rules;
  for (const rule_definition& definition : rule_definitions()) {
    if (definition.make != nullptr) rules.push_back(definition.make());
  }
  rules.push_back(make_library_watch());
  return rules;
}

}  // namespace drover::audit
