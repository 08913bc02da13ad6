// SPDX-License-Identifier: MIT
#include "audit/engine/finding_groups.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "audit/engine/cases.hpp"
#include "audit/engine/key_segments.hpp"

namespace drover::audit {

namespace {

/// Two similar patterns may be a coincidence.
constexpr std::size_t group_min = 3;
constexpr std::size_t evidence_max = cases::first_max + cases::worst_max;

using finding_kind = std::tuple<std::string, severity, confidence, std::string>;

finding_kind kind_of(const finding& finding, std::string pattern) {
  return {finding.rule, finding.severity, finding.confidence, std::move(pattern)};
}

/// The patterns that would stand for this finding and its siblings.
std::vector<std::string> wider_patterns(const finding& finding) {
  std::vector<std::string> wider;
  const key_segments segments(finding.pattern);
  for (std::size_t place = 0; place < segments.count(); ++place) {
    // Beside an id, two words are two things: "shop:user:*" and "shop:cart:*".
    if (!may_vary(segments, place) || segments.others_vary(place)) continue;
    wider.push_back(segments.starred(place));
  }
  return wider;
}

void add(finding& whole, const finding& part) {
  whole.count += part.count;
  whole.opportunities += part.opportunities;
  for (const std::string& key : part.keys) {
    const bool is_new = std::find(whole.keys.begin(), whole.keys.end(), key) == whole.keys.end();
    if (is_new && whole.keys.size() < cases::keys_max) whole.keys.push_back(key);
  }
  for (const evidence& proof : part.evidence_list) {
    if (whole.evidence_list.size() < evidence_max) whole.evidence_list.push_back(proof);
  }
  if (whole.library.empty()) whole.library = part.library;
}

/// Unites `members`, which are indices of findings in the order of the list.
finding united(const std::vector<finding>& findings, const std::vector<std::size_t>& members,
               std::string pattern) {
  const auto most = *std::max_element(members.begin(), members.end(), [&](auto a, auto b) {
    return findings[a].count < findings[b].count;
  });
  finding whole = findings[most];
  for (const std::size_t member : members) {
    if (member != most) add(whole, findings[member]);
  }
  if (whole.pattern != pattern) {
    whole.message += " This is the worst of " + std::to_string(members.size()) +
                     " similar keys or patterns, " + std::to_string(whole.count) + " cases in all.";
  }
  whole.pattern = std::move(pattern);
  return whole;
}

}  // namespace

void group_findings(std::vector<finding>& findings) {
  std::map<finding_kind, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (findings[i].pattern.empty()) continue;
    groups[kind_of(findings[i], findings[i].pattern)].push_back(i);
    for (std::string& pattern : wider_patterns(findings[i])) {
      groups[kind_of(findings[i], std::move(pattern))].push_back(i);
    }
  }
  std::vector<std::pair<finding_kind, std::vector<std::size_t>>> largest{groups.begin(),
                                                                         groups.end()};
  std::stable_sort(largest.begin(), largest.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  std::vector<bool> taken(findings.size());
  std::vector<finding> grouped;
  for (auto& [key, members] : largest) {
    std::erase_if(members, [&](std::size_t member) { return taken[member]; });
    const std::string& pattern = std::get<3>(key);
    const bool is_same = std::all_of(members.begin(), members.end(), [&](std::size_t member) {
      return findings[member].pattern == pattern;
    });
    if (members.size() < (is_same ? 2 : group_min)) continue;
    for (const std::size_t member : members) taken[member] = true;
    grouped.push_back(united(findings, members, pattern));
  }
  if (grouped.empty()) return;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (!taken[i]) grouped.push_back(std::move(findings[i]));
  }
  findings = std::move(grouped);
}

}  // namespace drover::audit
