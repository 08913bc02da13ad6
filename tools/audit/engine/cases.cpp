// SPDX-License-Identifier: MIT
#include "audit/engine/cases.hpp"

#include <algorithm>

#include "audit/engine/rule.hpp"

namespace drover::audit {

bool cases::wants(double badness) const {
  if (first_.size() < first_max || worst_.size() < worst_max) return true;
  return badness > worst_.back().badness;
}

void cases::keep(double badness, evidence what) {
  if (first_.size() < first_max) {
    first_.push_back({badness, std::move(what)});
    return;
  }
  const auto place = std::find_if(worst_.begin(), worst_.end(),
                                  [&](const kept& k) { return k.badness < badness; });
  worst_.insert(place, {badness, std::move(what)});
  if (worst_.size() > worst_max) worst_.pop_back();
}

void cases::merge(const cases& other) {
  count += other.count;
  opportunities += other.opportunities;
  worst_badness_ = std::max(worst_badness_, other.worst_badness_);
  for (const auto* const list : {&other.first_, &other.worst_}) {
    for (const kept& each : *list) {
      if (wants(each.badness)) keep(each.badness, each.what);
    }
  }
}

std::vector<evidence> cases::seen() const {
  std::vector<evidence> all;
  for (const kept& each : first_) all.push_back(each.what);
  for (const kept& each : worst_) all.push_back(each.what);
  return all;
}

std::vector<std::string> cases::keys() const {
  std::vector<std::string> keys;
  for (const auto* const list : {&first_, &worst_}) {
    for (const kept& each : *list) {
      const bool is_new = std::find(keys.begin(), keys.end(), each.what.key) == keys.end();
      if (is_new && keys.size() < keys_max) keys.push_back(each.what.key);
    }
  }
  return keys;
}

finding finding_of(std::string_view rule, const pattern_state& pattern, const cases& seen) {
  finding made;
  made.rule = rule;
  made.pattern = pattern.text;
  made.keys = seen.keys();
  made.count = seen.count;
  made.opportunities = std::max(seen.opportunities, seen.count);
  made.seen = seen.seen();
  return made;
}

}  // namespace drover::audit
