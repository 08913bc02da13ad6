// SPDX-License-Identifier: MIT
#include "audit/rules/catalogue.hpp"

#include <algorithm>
#include <vector>

#include "audit/rules/all_rules.hpp"
#include "base/assert.hpp"

namespace drover::audit {
namespace {

std::vector<rule_text> texts_of_all_rules() {
  std::vector<rule_text> texts;
  for (const rule_definition& definition : rule_definitions()) texts.push_back(definition.text);
  return texts;
}

}  // namespace

std::string_view rule_text::family() const {
  switch (id.size() > 1 ? id[1] : '0') {
    case '1': return "stampede";
    case '2': return "lock";
    case '3': return "expiry";
    case '4': return "consistency";
    case '5': return "waiting";
    case '6': return "keys";
    case '7': return "outages";
    default: return "notice";
  }
}

std::span<const rule_text> catalogue() {
  static const std::vector<rule_text> texts = texts_of_all_rules();
  return texts;
}

const rule_text* find_rule(std::string_view id_or_name) {
  const auto rules = catalogue();
  const auto position = std::find_if(rules.begin(), rules.end(), [&](const rule_text& rule) {
    return rule.id == id_or_name || rule.name == id_or_name;
  });
  return position == rules.end() ? nullptr : &*position;
}

const rule_text& rule_of(std::string_view id) {
  const rule_text* rule = find_rule(id);
  DROVER_ASSERT(rule != nullptr);
  return *rule;
}

std::string_view word_of(severity level) {
  switch (level) {
    case severity::error: return "error";
    case severity::warning: return "warning";
    case severity::info: break;
  }
  return "info";
}

}  // namespace drover::audit
