// SPDX-License-Identifier: MIT
// C307: empty results are stored for as long as all others.
#include <algorithm>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c307_text{
    .id = "C307",
    .name = "empty-full-ttl",
    .usual_severity = severity::info,
    .summary = "Empty results are stored for as long as all others.",
    .why =
        "A row that is created a moment later, or a query that failed and gave nothing, stays "
        "missing for the whole TTL.",
    .left_alone =
        "empty results with a shorter TTL than the others; patterns whose values are all empty or "
        "small; a single empty result.",
    .exercised_by = "empty results that are stored after a miss",
    .advice = "Store \"nothing found\" with a short TTL, and store no failure as a result.",
    .fix =
        "Give the marker for \"not found\" a TTL of its own, a few seconds, and delete it when the "
        "row is created. Let a failed query raise an error instead of returning an empty list. Add "
        "a test: a row that is created after a search that did not find it is found soon.",
    .caching_rules = "9",
};

constexpr std::uint64_t c307_empty_min = 2;
constexpr std::uint64_t c307_full_min = 3;
/// An empty result has the ttl of the others if it has at least this share of it.
constexpr double c307_same_share = 0.8;
/// `null`, `[]`, `{}`, `""`, `a:0:{}`.
constexpr std::uint64_t empty_bytes_max = 6;

class empty_full_ttl final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c307_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::settled_stores; }

  void on_settled_store(const settled_store& settled, const key_state& key,
                        const rule_context& context) override {
    const op_summary& store = settled.store;
    if (!settled.missed_before || store.part || store.outcome != op_outcome::yes) return;
    if (settled.ttl.duration <= moment{} || settled.ttl.source == ttl_source::unknown) return;
    pattern_tally& tally = tallies_[*key.pattern];
    if (!is_empty(store.value)) {
      if (store.value.length > mark_bytes_max) tally.full.add(settled.ttl.duration);
      return;
    }
    tally.empty_ttls.add(settled.ttl.duration);
    tally.empty.add(0, [&] {
      return proof_of(context, key, store.sent, store.done,
                      "An empty result was stored for " + in_words(settled.ttl.duration) + '.');
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t empty = 0;
    std::uint64_t bad = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      if (context.role_of(pattern) != key_role::value) continue;
      empty += tally.empty.count;
      if (tally.empty.count < c307_empty_min || tally.full.count() < c307_full_min) continue;
      const moment usual = tally.full.median();
      const moment ttl = tally.empty_ttls.median();
      if (static_cast<double>(ttl.count()) < c307_same_share * static_cast<double>(usual.count())) {
        continue;
      }
      bad += tally.empty.count;
      tally.empty.opportunities = tally.empty.count + tally.full.count();
      finding result = finding_of(id(), pattern, tally.empty);
      result.severity = severity::info;
      result.confidence = confidence::strong;
      result.message = counted(tally.empty.count, "empty result was", "empty results were") +
                       " stored for " + in_words(ttl) + ", the others for " + in_words(usual) + '.';
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(bad, empty),
                     empty == 0 ? "no empty result was stored after a miss"
                                : counted(empty, "empty result was", "empty results were") +
                                      " stored after a miss");
  }

 private:
  struct pattern_tally {
    cases empty;
    median_sample empty_ttls;
    median_sample full;

    void merge(const pattern_tally& other) {
      empty.merge(other.empty);
      empty_ttls.merge(other.empty_ttls);
      full.merge(other.full);
    }
  };

  static bool is_empty(const digest& value) {
    switch (value.looks) {
      case shape::empty: return true;
      case shape::json: return value.length == 2;                                    // [] {} ""
      case shape::php: return value.length == 2 || value.length == empty_bytes_max;  // N; a:0:{}
      default: return false;
    }
  }

  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c307() { return {c307_text, {}, make_rule<empty_full_ttl>}; }

}  // namespace drover::audit
