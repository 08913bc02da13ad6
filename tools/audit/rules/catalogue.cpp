// SPDX-License-Identifier: MIT
#include "audit/rules/catalogue.hpp"

#include <algorithm>
#include <vector>

#include "audit/rules/catalogue_parts.hpp"
#include "base/assert.hpp"

namespace drover::audit {
namespace {

std::vector<rule_text> joined() {
  std::vector<rule_text> all;
  for (const auto part : {stampede_rules(), lock_rules(), expiry_rules(), consistency_rules(),
                          waiting_rules(), key_rules(), notices()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
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
    default: return "notice";
  }
}

std::span<const rule_text> catalogue() {
  static const std::vector<rule_text> all = joined();
  return all;
}

const rule_text* find_rule(std::string_view id_or_name) {
  const auto all = catalogue();
  const auto found = std::find_if(all.begin(), all.end(), [&](const rule_text& each) {
    return each.id == id_or_name || each.name == id_or_name;
  });
  return found == all.end() ? nullptr : &*found;
}

const rule_text& rule_of(std::string_view id) {
  const rule_text* found = find_rule(id);
  DROVER_ASSERT(found != nullptr);
  return *found;
}

std::string_view word_of(severity how_bad) {
  switch (how_bad) {
    case severity::error: return "error";
    case severity::warning: return "warning";
    case severity::info: break;
  }
  return "info";
}

}  // namespace drover::audit
