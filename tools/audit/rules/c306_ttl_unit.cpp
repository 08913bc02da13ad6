// SPDX-License-Identifier: MIT
// C306: the ttl of a cached value seems to be in the wrong unit.
#include <algorithm>
#include <chrono>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c306_text{
    .id = "C306",
    .name = "ttl-unit",
    .usual_severity = severity::warning,
    .summary = "The TTL of a cached value seems to be in the wrong unit.",
    .why =
        "A number of milliseconds given to EX makes hours of years, so that a wrong value stays "
        "for good. A number of seconds given to PX makes a minute of 60 ms, so that nearly every "
        "request loads.",
    .left_alone =
        "a TTL of a year or less; a very short TTL that still serves ten hits for each load; keys "
        "that are not loaded after a miss.",
    .exercised_by = "values that are stored with a TTL after a miss",
    .advice = "Give EX seconds and PX milliseconds. Let a type or a name carry the unit.",
    .fix =
        "Find where the TTL of these keys comes from, and follow it to the command. EX, SETEX and "
        "EXPIRE take seconds; PX, PSETEX and PEXPIRE take milliseconds; EXAT and PXAT take a point "
        "in time. Convert in one place, and give the constant a name with its unit (`ttl_ms`) or a "
        "duration type. Add a test that stores a value and reads its PTTL.",
    .caching_rules = "8",
};

constexpr moment longest_ttl = std::chrono::hours{24 * 366};
constexpr moment shortest_ttl = std::chrono::milliseconds{100};
/// A cache of so short a time is of use, and intended, if each load serves this many hits.
constexpr std::uint64_t useful_hits = 10;
constexpr std::uint64_t c306_stores_min = 2;

class ttl_unit final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c306_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::settled_stores; }

  void on_settled_store(const settled_store& settled, const key_state& key,
                        const rule_context& context) override {
    const op_summary& store = settled.store;
    if (!settled.missed_before || store.part || store.outcome != op_outcome::yes) return;
    const moment ttl = settled.ttl.duration;
    if (ttl <= moment{} || settled.ttl.source == ttl_source::unknown) return;
    pattern_tally& tally = tallies_[*key.pattern];
    ++tally.stores;
    if (ttl <= longest_ttl && ttl >= shortest_ttl) return;
    (ttl > longest_ttl ? tally.too_long : tally.too_short).add(0, [&] {
      return proof_of(context, key, store.sent, store.done,
                      "Stored by " + std::string{store.command} + " for " + in_words(ttl) + '.');
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t stores = 0;
    std::uint64_t wrong = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      if (context.role_of(pattern) != key_role::value || !context.is_cache_aside(pattern)) continue;
      stores += tally.stores;
      const bool is_useful =
          pattern.counts.hits >= useful_hits * std::max<std::uint64_t>(pattern.loads, 1);
      for (cases* const found : {&tally.too_long, &tally.too_short}) {
        const bool is_short = found == &tally.too_short;
        if (found->count < c306_stores_min || 2 * found->count < tally.stores) continue;
        if (is_short && is_useful) continue;
        wrong += found->count;
        found->opportunities = tally.stores;
        finding result = finding_of(id(), pattern, *found);
        result.severity = severity::warning;
        result.confidence = confidence::strong;
        result.message =
            in_words(found->count) + " of " + counted(tally.stores, "store", "stores") +
            " after a miss set a TTL of " +
            (is_short ? "less than 100 ms. Are these seconds that PX takes for milliseconds?"
                      : "more than a year. Are these milliseconds that EX takes for seconds, or a "
                        "point in time?");
        out.add_finding(std::move(result));
      }
    }
    out.add_coverage(id(), status_of(wrong, stores),
                     stores == 0 ? "no value was stored with a TTL after a miss"
                                 : counted(stores, "TTL was", "TTLs were") + " set after misses, " +
                                       in_words(wrong) + " of them seem to be in the wrong unit");
  }

 private:
  struct pattern_tally {
    cases too_long;
    cases too_short;
    std::uint64_t stores = 0;

    void merge(const pattern_tally& other) {
      too_long.merge(other.too_long);
      too_short.merge(other.too_short);
      stores += other.stores;
    }
  };

  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c306() { return {c306_text, {}, make_rule<ttl_unit>}; }

}  // namespace drover::audit
