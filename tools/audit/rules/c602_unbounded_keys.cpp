// SPDX-License-Identifier: MIT
// C602: a pattern has hundreds of keys and almost no hits.
#include <algorithm>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c602_text{
    .id = "C602",
    .name = "unbounded-keys",
    .usual_severity = severity::warning,
    .summary = "A pattern has hundreds of keys and almost no hits.",
    .why =
        "Something that differs in each request is part of the key: a time, a session, an unsorted "
        "query. The cache costs memory and time, and saves nothing.",
    .left_alone = "fewer than 500 keys; a hit ratio of 5 % or more.",
    .exercised_by = "500 or more keys of one pattern",
    .advice = "Leave out of the key what does not change the value. Sort and round the rest.",
    .fix =
        "Find what makes these keys differ. Build the key only from the inputs that the value "
        "depends on: sort parameters, drop unknown and tracking parameters, round times and "
        "coordinates, and fold case. Do not cache answers that differ every time. Add a test: "
        "requests that have the same answer have the same key.",
    .caching_rules = "12",
};

constexpr library_setting c602_settings[] = {
    {"Drover", "build the key of `get` only from what the loader needs"},
};

constexpr std::uint64_t distinct_keys_min = 500;
constexpr double hits_max = 0.05;
/// A short run over many keys looks the same, which is unlikely with this many keys.
constexpr std::uint64_t c602_strong_from = 2000;

class unbounded_keys final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c602_text.id; }
  [[nodiscard]] interest::bits wants() const override { return 0; }

  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t most = 0;
    bool failed = false;
    for (const pattern_state& pattern : context.patterns()) {
      if (context.role_of(pattern) != key_role::value || !context.is_cache_aside(pattern)) continue;
      most = std::max(most, pattern.keys);
      const std::uint64_t reads = pattern.counts.reads();
      if (pattern.keys < distinct_keys_min || reads < distinct_keys_min ||
          static_cast<double>(pattern.counts.hits) >= hits_max * static_cast<double>(reads)) {
        continue;
      }
      failed = true;
      out.add_finding(finding_for(pattern));
    }
    out.add_coverage(id(), status_of(failed, most >= distinct_keys_min),
                     "at most " + counted(most, "key", "keys") + " of one cached pattern");
  }

 private:
  finding finding_for(const pattern_state& pattern) const {
    cases none;
    finding result = finding_of(id(), pattern, none);
    result.keys = {pattern.first_key};
    result.count = pattern.keys;
    result.opportunities = pattern.counts.reads();
    result.severity = severity::warning;
    result.confidence =
        pattern.keys >= c602_strong_from ? confidence::strong : confidence::suspected;
    result.message = counted(pattern.keys, "key", "keys") + ", and " +
                     in_words(pattern.counts.hits) + " hits in " +
                     counted(pattern.counts.reads(), "read", "reads") + " (" +
                     share_in_words(pattern.counts.hits, pattern.counts.reads()) + ").";
    return result;
  }
};

}  // namespace

rule_definition c602() { return {c602_text, c602_settings, make_rule<unbounded_keys>}; }

}  // namespace drover::audit
