// SPDX-License-Identifier: MIT
#include "audit/engine/cases.hpp"

#include <algorithm>

#include "audit/engine/rule.hpp"

namespace drover::audit {

bool cases::wants(double badness) const {
  if (first_.size() < first_max || worst_.size() < worst_max) return true;
  return badness > worst_.back().badness;
}

void cases::keep(double badness, evidence proof) {
  if (first_.size() < first_max) {
    first_.push_back({badness, std::move(proof)});
    return;
  }
  const auto place = std::find_if(worst_.begin(), worst_.end(),
                                  [&](const kept_case& k) { return k.badness < badness; });
  worst_.insert(place, {badness, std::move(proof)});
  if (worst_.size() > worst_max) worst_.pop_back();
}

void cases::merge(const cases& other) {
  count += other.count;
  opportunities += other.opportunities;
  worst_badness_ = std::max(worst_badness_, other.worst_badness_);
  for (const auto* const list : {&other.first_, &other.worst_}) {
    for (const kept_case& entry : *list) {
      if (wants(entry.badness)) keep(entry.badness, entry.proof);
    }
  }
}

std::vector<evidence> cases::kept_evidence() const {
  std::vector<evidence> all;
  for (const kept_case& entry : first_) all.push_back(entry.proof);
  for (const kept_case& entry : worst_) all.push_back(entry.proof);
  return all;
}

std::vector<std::string> cases::keys() const {
  std::vector<std::string> keys;
  for (const auto* const list : {&first_, &worst_}) {
    for (const kept_case& entry : *list) {
      const bool is_new = std::find(keys.begin(), keys.end(), entry.proof.key) == keys.end();
      if (is_new && keys.size() < keys_max) keys.push_back(entry.proof.key);
    }
  }
  return keys;
}

finding finding_of(std::string_view rule, const pattern_state& pattern, const cases& collected) {
  finding result;
  result.rule = rule;
  result.pattern = pattern.text;
  result.keys = collected.keys();
  result.count = collected.count;
  result.opportunities = std::max(collected.opportunities, collected.count);
  result.evidence_list = collected.kept_evidence();
  return result;
}

}  // namespace drover::audit
