// SPDX-License-Identifier: MIT
#include "audit/engine/pattern_families.hpp"

#include <utility>

#include "audit/engine/key_segments.hpp"

namespace drover::audit {

namespace {

/// Siblings count with these weights, so that 8 that look like ids or 12 words are a family.
constexpr std::size_t weight_of_id = 3;
constexpr std::size_t weight_of_word = 2;
constexpr std::size_t family_weight = 24;
/// The same if another segment varies: "shop:user:*" and "shop:cart:*" are more likely to be two
/// patterns.
constexpr std::size_t family_weight_beside_ids = 48;
/// Siblings that are looked for and never stored need this many times the weight.
constexpr std::size_t undecided_factor = 2;
/// Limits of what is kept for names that come from outside.
constexpr std::size_t groups_max = 65'536;
constexpr std::size_t siblings_max = 256;

std::size_t enough_for(const key_segments& segments, std::size_t place) {
  return segments.others_vary(place) ? family_weight_beside_ids : family_weight;
}

}  // namespace

std::optional<std::uint32_t> pattern_families::home_of(std::string_view text, key_use use) const {
  if (homes_.empty()) return std::nullopt;
  std::optional<std::uint32_t> found;
  std::string current{text};
  // A name may vary in several segments, of which each was learnt by itself.
  for (bool again = true; again;) {
    again = false;
    const key_segments segments(current);
    for (std::size_t place = segments.count(); place-- > 0 && !again;) {
      if (!may_vary(segments, place)) continue;
      std::string starred = segments.starred(place);
      const auto at = homes_.find(starred);
      if (at == homes_.end()) continue;
      const home& known = at->second;
      const auto index =
          use == key_use::undecided ? known.first : known.by_use[static_cast<std::size_t>(use)];
      if (!index) continue;
      found = index;
      current = std::move(starred);
      again = true;
    }
  }
  return found;
}

std::optional<pattern_families::family> pattern_families::grown(
    const std::string& text, const std::vector<sibling>& siblings, std::size_t enough,
    const use_of& use) {
  const auto weight = [](const sibling& s) { return s.like_an_id ? weight_of_id : weight_of_word; };
  std::size_t all = 0;
  for (const sibling& s : siblings) all += weight(s);
  if (all < enough) return std::nullopt;
  std::vector<key_use> used;
  std::array<std::size_t, uses> weights{};
  for (const sibling& s : siblings) {
    used.push_back(use(s.index));
    if (used.back() != key_use::gone) weights[static_cast<std::size_t>(used.back())] += weight(s);
  }
  constexpr auto undecided = static_cast<std::size_t>(key_use::undecided);
  std::optional<key_use> chosen;
  for (std::size_t candidate = uses; --candidate > undecided;) {
    if (weights[candidate] == 0 || weights[candidate] + weights[undecided] < enough) continue;
    if (!chosen || weights[candidate] > weights[static_cast<std::size_t>(*chosen)]) {
      chosen = static_cast<key_use>(candidate);
    }
  }
  if (!chosen && weights[undecided] >= undecided_factor * enough) chosen = key_use::undecided;
  if (!chosen) return std::nullopt;
  family result;
  result.text = text;
  result.use = *chosen;
  for (std::size_t i = 0; i < siblings.size(); ++i) {
    if (used[i] == *chosen || used[i] == key_use::undecided) {
      result.members.push_back(siblings[i].index);
    }
  }
  return result;
}

std::optional<pattern_families::family> pattern_families::add(std::string_view text,
                                                              std::uint32_t index,
                                                              const use_of& use) {
  const key_segments segments(text);
  std::optional<family> result;
  for (std::size_t place = 0; place < segments.count(); ++place) {
    if (!may_vary(segments, place)) continue;
    std::string starred = segments.starred(place);
    auto at = siblings_.find(starred);
    if (at == siblings_.end()) {
      if (siblings_.size() >= groups_max) continue;
      at = siblings_.emplace(std::move(starred), std::vector<sibling>{}).first;
    }
    if (at->second.size() >= siblings_max) continue;
    at->second.push_back({index, is_like_an_id(segments[place])});
    if (result) continue;
    result = grown(at->first, at->second, enough_for(segments, place), use);
  }
  return result;
}

std::optional<pattern_families::family> pattern_families::review(std::string_view text,
                                                                 const use_of& use) const {
  const key_segments segments(text);
  for (std::size_t place = 0; place < segments.count(); ++place) {
    if (!may_vary(segments, place)) continue;
    const auto at = siblings_.find(segments.starred(place));
    if (at == siblings_.end()) continue;
    auto result = grown(at->first, at->second, enough_for(segments, place), use);
    if (result) return result;
  }
  return std::nullopt;
}

void pattern_families::learnt(const family& united, std::uint32_t index) {
  home& known = homes_[united.text];
  known.by_use[static_cast<std::size_t>(united.use)] = index;
  if (!known.first) known.first = index;
}

}  // namespace drover::audit
