// SPDX-License-Identifier: MIT
// C602: a pattern has hundreds of keys and almost no hit.
#include <algorithm>
#include <memory>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {
namespace {

constexpr std::uint64_t distinct_keys_min = 500;
constexpr double hits_max = 0.05;
/// A short run over many keys looks the same; from so many on it hardly can.
constexpr std::uint64_t strong_from = 2000;

class unbounded_keys final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C602"; }
  [[nodiscard]] interest::bits wants() const override { return 0; }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t most = 0;
    bool failed = false;
    for (const pattern_state& each : all.patterns()) {
      if (all.role_of(each) != key_role::value || !all.is_cache_aside(each)) continue;
      most = std::max(most, each.keys);
      const std::uint64_t reads = each.counts.reads();
      if (each.keys < distinct_keys_min || reads < distinct_keys_min ||
          static_cast<double>(each.counts.hits) >= hits_max * static_cast<double>(reads)) {
        continue;
      }
      failed = true;
      out.found(judged(each));
    }
    out.covered(id(),
                failed                      ? coverage_line::status::fail
                : most >= distinct_keys_min ? coverage_line::status::pass
                                            : coverage_line::status::not_exercised,
                "at most " + counted(most, "key", "keys") + " of one cached pattern");
  }

 private:
  finding judged(const pattern_state& pattern) const {
    cases none;
    finding made = finding_of(id(), pattern, none);
    made.keys = {pattern.first_key};
    made.count = pattern.keys;
    made.opportunities = pattern.counts.reads();
    made.how_bad = severity::warning;
    made.how_sure = pattern.keys >= strong_from ? confidence::strong : confidence::suspected;
    made.message = counted(pattern.keys, "key", "keys") + ", and " + in_words(pattern.counts.hits) +
                   " hits in " + counted(pattern.counts.reads(), "read", "reads") + " (" +
                   share_in_words(pattern.counts.hits, pattern.counts.reads()) + ").";
    return made;
  }
};

}  // namespace

std::unique_ptr<rule> make_c602() { return std::make_unique<unbounded_keys>(); }

}  // namespace drover::audit
