// SPDX-License-Identifier: MIT
// C106: a key is asked for again and again, loaded each time, and never stored.
#include <algorithm>
#include <array>
#include <memory>

#include "audit/rules/herds.hpp"

namespace drover::audit {
namespace {

constexpr std::uint64_t misses_min = 5;
/// Faster than that, it may be one load that has not come to its end.
constexpr moment span_min = std::chrono::seconds(1);
constexpr std::uint64_t lock_holds_min = 3;
/// "Not found" is remembered in few bytes, the same for all keys.
constexpr std::uint64_t marker_bytes_max = 64;
/// That share of the misses must have reached the origin to call it an error.
constexpr std::uint64_t reached_one_in = 2;

class penetration final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C106"; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::cold_events | interest::lock_holds | interest::loads;
  }

  void on_lock_hold(const lock_hold& what, const key_state&, const rule_context&) override {
    if (!what.value.key.is_set()) return;
    if (what.value.store_count == 0) ++empty_[what.value.key];
  }

  void on_load(const load& what, const key_state& key, const rule_context&) override {
    if (what.store.value.length > marker_bytes_max) return;
    tally& seen = of_[*key.pattern];
    for (marker& each : seen.markers) {
      if (each.stores > 0 && each.hash != what.store.value.hash) continue;
      const bool other_key = each.stores > 0 && !(each.key == key.ref);
      each.hash = what.store.value.hash;
      each.key = key.ref;
      ++each.stores;
      if (other_key) seen.has_marker = true;
      return;
    }
  }

  void on_cold_event(const cold_event& what, const key_state& key,
                     const rule_context& all) override {
    tally& seen = of_[*key.pattern];
    if (what.first_store || key.counts.stores + key.counts.won > 0) {
      ++seen.filled;
      return;
    }
    if (what.demand.misses < misses_min) return;
    const std::uint64_t* const lock_holds = empty_.find(key.ref);
    const bool locked = lock_holds != nullptr && *lock_holds >= lock_holds_min;
    const bool spread = what.to - what.from > span_min;
    if (!locked && !spread) return;
    if (locked) ++seen.locked;
    seen.misses += what.demand.misses;
    seen.origin += key.origin_loads;
    seen.keys.add(static_cast<double>(what.demand.misses), [&] {
      std::string summary = counted(what.demand.misses, "miss", "misses") + " in " +
                            in_words(what.to - what.from) + ", and no store";
      if (locked) summary += ", in " + counted(*lock_holds, "tenure", "tenures") + " of its lock";
      if (key.origin_loads > 0) {
        summary += "; the origin counted " + counted(key.origin_loads, "load", "loads");
      }
      return proof_of(all, key, what.from, what.to, summary + '.', key.guard);
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t filled = 0;
    std::uint64_t bad = 0;
    bool remembered = false;
    for (auto& [index, seen] : of_) {
      const pattern_state& pattern = all.patterns()[index];
      const key_role role = all.role_of(pattern);
      if (role == key_role::lock || role == key_role::ignored || role == key_role::meta) continue;
      filled += seen.filled;
      remembered = remembered || seen.has_marker;
      // Flags and bans: a missing key is the answer, and no sibling is ever stored after a miss.
      if (seen.keys.count == 0 || (pattern.loads == 0 && seen.locked == 0)) continue;
      bad += seen.keys.count;
      report(pattern, seen, out);
    }
    const auto status = bad > 0      ? coverage_line::status::fail
                        : remembered ? coverage_line::status::pass
                                     : coverage_line::status::not_exercised;
    std::string detail = bad > 0 ? counted(bad, "key was", "keys were") + " missed and never stored"
                         : remembered ? "what is not there is remembered in a few bytes"
                                      : "no key was missed again and again without being stored";
    if (filled > 0) detail += "; " + counted(filled, "cold event", "cold events") + " ended stored";
    out.covered(id(), status, std::move(detail));
  }

 private:
  struct marker {
    std::uint64_t hash = 0;
    key_ref key;
    std::uint64_t stores = 0;
  };
  struct tally {
    cases keys;
    std::uint64_t filled = 0;
    std::uint64_t locked = 0;
    std::uint64_t misses = 0;
    std::uint64_t origin = 0;
    std::array<marker, 8> markers{};
    bool has_marker = false;
  };

  void report(const pattern_state& pattern, tally& seen, verdicts& out) const {
    seen.keys.opportunities = std::max(pattern.keys, seen.keys.count);
    finding made = finding_of(id(), pattern, seen.keys);
    const bool proved = seen.origin * reached_one_in >= seen.misses && seen.origin > 0;
    made.how_bad = proved ? severity::error : severity::warning;
    made.how_sure = proved ? confidence::proof : confidence::strong;
    made.message = counted(seen.keys.count, "key was", "keys were") + " missed " +
                   counted(seen.misses, "time", "times") + " and never stored, while siblings are";
    if (seen.origin > 0) {
      made.message += "; the origin was asked " + counted(seen.origin, "time", "times");
    }
    made.message += '.';
    out.found(std::move(made));
  }

  per_pattern<tally> of_;
  per_key<std::uint64_t> empty_;
};

}  // namespace

std::unique_ptr<rule> make_c106() { return std::make_unique<penetration>(); }

}  // namespace drover::audit
