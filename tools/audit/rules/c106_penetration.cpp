// SPDX-License-Identifier: MIT
// C106: a key is requested repeatedly, loaded each time, and never stored.
#include <algorithm>
#include <array>

#include "audit/rules/coverage.hpp"
#include "audit/rules/herds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c106_text{
    .id = "C106",
    .name = "penetration",
    .usual_severity = severity::warning,
    .severity_note = "error if an origin counter shows the loads",
    .summary = "A key is requested repeatedly, loaded each time, and never stored.",
    .why =
        "A row that does not exist, or cannot be loaded, is not cached, so each request reaches "
        "the origin. Anyone can send such requests on purpose with invented ids, and the cache "
        "does not protect the origin.",
    .left_alone =
        "flags, bans and deduplication, where a missing key is the normal answer and no similar "
        "key is ever stored after a miss; blocking reads.",
    .exercised_by = "repeated reads of a key whose row does not exist or whose load fails",
    .advice = "Cache \"not found\" with a short TTL, and remember a failure for about a second.",
    .fix =
        "When the load finds nothing, store a marker for \"not found\" with a short TTL (for "
        "example 30 to 60 s) and answer from it. Delete the marker wherever such a row is created. "
        "When the load fails, remember the failure for about a second, and longer after repeated "
        "failures, and answer from that. Add tests: 100 reads of a missing row cause one load; 100 "
        "reads while the origin fails cause at most one load per second.",
    .caching_rules = "9",
};

constexpr library_setting c106_settings[] = {
    {"Drover",
     "return nothing from the loader for a missing row instead of throwing: `policy.absent_ttl` "
     "then caches \"absent\", and a failure is remembered for a growing pause"},
    {"rueidisaside",
     "return a value for \"not found\" from the function, with a short TTL "
     "(`rueidisaside.OverrideCacheTTL`): an error is not stored"},
};

constexpr std::uint64_t misses_min = 5;
/// Misses within a shorter time may belong to one load that has not finished.
constexpr moment span_min = std::chrono::seconds(1);
constexpr std::uint64_t lock_holds_min = 3;
/// A marker for "not found" is short, and equal for all keys.
constexpr std::uint64_t marker_bytes_max = 64;
/// The finding is an error if at least one in this many misses reached the origin.
constexpr std::uint64_t reached_one_in = 2;

class penetration final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c106_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::cold_events | interest::lock_holds | interest::loads;
  }

  void on_lock_hold(const lock_hold& hold, const key_state&, const rule_context&) override {
    if (!hold.value.key.is_set()) return;
    if (hold.value.store_count == 0) ++empty_lock_holds_[hold.value.key];
  }

  void on_load(const load& load, const key_state& key, const rule_context&) override {
    if (load.store.value.length > marker_bytes_max) return;
    pattern_tally& tally = tallies_[*key.pattern];
    for (marker& known : tally.markers) {
      if (known.stores > 0 && known.hash != load.store.value.hash) continue;
      const bool other_key = known.stores > 0 && !(known.key == key.ref);
      known.hash = load.store.value.hash;
      known.key = key.ref;
      ++known.stores;
      if (other_key) tally.has_marker = true;
      return;
    }
  }

  void on_cold_event(const cold_event& cold, const key_state& key,
                     const rule_context& context) override {
    pattern_tally& tally = tallies_[*key.pattern];
    if (cold.first_store || key.counts.stores + key.counts.won > 0) {
      ++tally.filled;
      return;
    }
    if (cold.demand.misses < misses_min) return;
    const std::uint64_t* const lock_holds = empty_lock_holds_.find(key.ref);
    const bool locked = lock_holds != nullptr && *lock_holds >= lock_holds_min;
    const bool spread = cold.to - cold.from > span_min;
    if (!locked && !spread) return;
    if (locked) ++tally.locked;
    tally.misses += cold.demand.misses;
    tally.origin += key.origin_loads;
    tally.keys.add(static_cast<double>(cold.demand.misses), [&] {
      std::string summary = counted(cold.demand.misses, "miss", "misses") + " in " +
                            in_words(cold.to - cold.from) + ", and no store";
      if (locked) summary += ", during " + counted(*lock_holds, "lock hold", "lock holds");
      if (key.origin_loads > 0) {
        summary += "; the origin counted " + counted(key.origin_loads, "load", "loads");
      }
      return proof_of(context, key, cold.from, cold.to, summary + '.', key.guard);
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t filled = 0;
    std::uint64_t bad = 0;
    std::uint64_t unclear = 0;
    bool has_marker = false;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      const key_role role = context.role_of(pattern);
      if (role != key_role::value && role != key_role::other) continue;
      // What a script does to the keys that is not understood may be the store.
      if (pattern.counts.opaque > 0) {
        if (role == key_role::value) unclear += tally.keys.count;
        continue;
      }
      filled += tally.filled;
      has_marker = has_marker || tally.has_marker;
      // For flags and bans a missing key is the answer, and no similar key is ever stored after a
      // miss.
      if (tally.keys.count == 0 || (pattern.loads == 0 && tally.locked == 0)) continue;
      bad += tally.keys.count;
      report(pattern, tally, out);
    }
    if (unclear > 0) {
      out.add_not_judged(id(), counted(unclear, "key", "keys") + " without a known store",
                         "a script that is not understood may store the value");
    }
    std::string detail = bad > 0 ? counted(bad, "key was", "keys were") + " missed and never stored"
                         : has_marker ? "missing rows are cached with a short marker"
                                      : "no key was missed repeatedly without being stored";
    if (filled > 0)
      detail += "; " + counted(filled, "cold event", "cold events") + " ended with a store";
    out.add_coverage(id(), status_of(bad, has_marker), std::move(detail));
  }

 private:
  struct marker {
    std::uint64_t hash = 0;
    key_ref key;
    std::uint64_t stores = 0;
  };
  struct pattern_tally {
    cases keys;
    std::uint64_t filled = 0;
    std::uint64_t locked = 0;
    std::uint64_t misses = 0;
    std::uint64_t origin = 0;
    std::array<marker, 8> markers{};
    bool has_marker = false;

    void merge(const pattern_tally& other) {
      keys.merge(other.keys);
      filled += other.filled;
      locked += other.locked;
      misses += other.misses;
      origin += other.origin;
      has_marker = has_marker || other.has_marker;
      for (const marker& theirs : other.markers) {
        for (marker& known : markers) {
          if (theirs.stores == 0 || (known.stores > 0 && known.hash != theirs.hash)) continue;
          has_marker = has_marker || known.stores > 0;
          known = theirs;
          break;
        }
      }
    }
  };

  void report(const pattern_state& pattern, pattern_tally& tally, verdicts& out) const {
    tally.keys.opportunities = std::max(pattern.keys, tally.keys.count);
    finding result = finding_of(id(), pattern, tally.keys);
    const bool proved = tally.origin * reached_one_in >= tally.misses && tally.origin > 0;
    result.severity = proved ? severity::error : severity::warning;
    result.confidence = proved ? confidence::proof : confidence::strong;
    result.message = counted(tally.keys.count, "key was", "keys were") + " missed " +
                     counted(tally.misses, "time", "times") +
                     " and never stored, unlike other keys of the pattern";
    if (tally.origin > 0) {
      result.message += "; the origin was queried " + counted(tally.origin, "time", "times");
    }
    result.message += '.';
    out.add_finding(std::move(result));
  }

  per_pattern<pattern_tally> tallies_;
  per_key<std::uint64_t> empty_lock_holds_;
};

}  // namespace

rule_definition c106() { return {c106_text, c106_settings, make_rule<penetration>}; }

}  // namespace drover::audit
