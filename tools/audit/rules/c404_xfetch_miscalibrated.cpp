// SPDX-License-Identifier: MIT
// C404: a value is repeatedly refreshed far too early, at random.
//
// Random early expiration (Vattani, Chierichetti, Lowenstein, PVLDB 8(8), 2015) refreshes about
// delta * beta * ln(reads per load time) before the end. A cache that refreshes much earlier uses
// another quantity in place of the load time, such as the age of the value, or none.
//
// A fixed age at which the next reader refreshes (stale while revalidate) is intended. The ages at
// the refreshes then vary no more than the jitter and the waits for a reader explain.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <unordered_map>
#include <vector>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c404_text{
    .id = "C404",
    .name = "xfetch-miscalibrated",
    .usual_severity = severity::warning,
    .summary = "A value is repeatedly refreshed far too early.",
    .why =
        "Random early expiration should refresh a value about one load time before it expires. "
        "With a wrong formula (often a clock or a wrong unit in place of the measured load time) "
        "each entry is refreshed throughout its life. The cache then queries the origin about as "
        "often as if there were no cache.",
    .left_alone = "refreshing at a regular interval, extra stores of one cold event.",
    .exercised_by = "a value that is refreshed before it expires, eight times or more",
    .advice =
        "Refresh when now - delta * beta * ln(random) >= end. delta is the measured load time, "
        "stored with the value, in the same unit as the clock.",
    .fix =
        "Correct the condition for early refreshing to: now - delta * beta * ln(u) >= end. u is "
        "uniform in (0, 1], beta = 1, and delta is the duration of the load that produced the "
        "value (measured, and stored in the value). All of them use one unit. Add a test with a "
        "fixed clock, delta 50 ms and a TTL of 60 s: of 10,000 draws at half of the TTL none "
        "refreshes, and most do in the last 10 ms.",
    .caching_rules = "1",
};

constexpr library_setting c404_settings[] = {
    {"Symfony",
     "leave `beta` at 1.0 in `CacheInterface::get($key, $callback, $beta)`: a larger value "
     "refreshes earlier"},
};

/// Fewer refreshes are not judged.
constexpr std::uint64_t c404_refreshes_min = 8;
/// The median share of the TTL that is left at a refresh must exceed this. With the correct
/// formula, a load would have to take a large part of the TTL.
constexpr double left_min = 0.5;
/// The longest lead of the correct formula is ln(reads) plus this, in load times. It is exceeded
/// once in e^3 times.
constexpr double lead_beyond = 3;
/// The share of the refreshes that may be far off: a late reader, or two that refresh at once. The
/// spread of the others, times `normal_spread`, is that of all of them if they vary by chance.
constexpr double outliers_share = 0.2;
constexpr double normal_spread = 1.5;
/// Standard deviation / mean of the ages at the refreshes. A fixed age with a jitter of +-20 % has
/// 0.12. A formula that uses the age as the load time has 0.13 (50 reads/s, TTL 300 s) to 0.21.
constexpr double plan_spread = 0.12;
constexpr double waits_weight = 2;
constexpr double unclear_weight = 0.1;
/// The longest time of a load: this many times the usual load time, plus the slack. A store later
/// than this after a hit or miss does not belong to it. A store within this time after a miss
/// belongs to the cold event.
constexpr int load_max_of_delta = 4;
constexpr moment load_slack = std::chrono::milliseconds{100};
/// A gap below this share of a load time is a change, not a load (C402).
constexpr double interval_load_part = 0.3;
/// A pattern with more stores without a miss than this share of its reads is no cache.
constexpr double other_stores_share = 0.4;
/// The number of refreshes of each pattern whose ages are kept.
constexpr std::size_t ages_max = 4'096;

class xfetch_miscalibrated final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c404_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::refreshes | interest::ops(op_kind::store);
  }

  void on_op(const op& operation, const key_state& key, const rule_context& /*context*/) override {
    last_counts& counts = counts_[key.ref];
    counts.before = counts.now;
    counts.now = {operation.sequence, key.counts.hits, key.origin_loads};
  }

  void on_refresh(const refresh& refresh, const key_state& key,
                  const rule_context& context) override {
    const moment delta = context.delta_of(*key.pattern);
    if (refresh.is_modification || !refresh.last_hit || !refresh.lifetime_known ||
        !refresh.last_store || delta <= moment{0})
      return;
    if (refresh.ttl <= moment{0} || refresh.store.outcome != op_outcome::yes) return;
    const moment interval = refresh.store.sent - refresh.last_store->done;
    if (interval < delta) return;  // too short for a load: one of several concurrent refreshes
    const moment load_max = load_max_of_delta * delta + load_slack;
    const store_counts before = counts_before(refresh, key);
    if (key.origin_loads == before.origin_loads && !is_gap_of_load(refresh, delta)) return;
    if (key.last_miss && refresh.store.sent - key.last_miss->done <= load_max) return;

    pattern_tally& tally = tallies_[*key.pattern];
    tally.left_parts.add(moment{part_of_ttl(refresh.left, refresh.ttl)});
    tally.left.add(refresh.left);
    tally.intervals.add(interval);
    if (tally.ages.size() < ages_max) {
      tally.ages.push_back({key.ref.slot, interval - delta, key.counts.hits - before.hits});
    }
    tally.bad.add(static_cast<double>(part_of_ttl(refresh.left, refresh.ttl)), [&] {
      return proof_of(context, key, refresh.last_store->sent, refresh.store.done,
                      "Refreshed " + in_words(interval) + " after the last store, with " +
                          in_words(refresh.left) + " of " + in_words(refresh.ttl) + " left.");
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t refreshes = 0;
    bool failed = false;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      if (context.role_of(pattern) != key_role::value || !context.is_cache_aside(pattern)) continue;
      refreshes += tally.bad.count;
      if (tally.bad.count < c404_refreshes_min ||
          !is_too_early(tally, pattern, context.delta_of(pattern)) ||
          !is_by_chance(tally, context.delta_of(pattern)) || is_no_cache(pattern)) {
        continue;
      }
      failed = true;
      out.add_finding(finding_for(pattern, tally, context.delta_of(pattern)));
    }
    out.add_coverage(id(), status_of(failed, refreshes >= c404_refreshes_min),
                     counted(refreshes, "early refresh", "early refreshes") + " of live values");
  }

 private:
  /// Shares of a TTL are kept as millionths, so that they can be sampled like durations.
  static constexpr std::int64_t whole = 1'000'000;
  static std::int64_t part_of_ttl(moment part, moment ttl) {
    return static_cast<std::int64_t>(static_cast<double>(part.count()) /
                                     static_cast<double>(ttl.count()) * static_cast<double>(whole));
  }

  struct refresh_sample {
    std::uint32_t key = 0;
    /// The age of the value when the load that replaced it began.
    moment age{};
    /// Hits of the value by all callers until it was replaced.
    std::uint64_t reads = 0;
  };
  struct key_ages {
    std::vector<double> ages;
    double reads = 0;
  };
  struct pattern_tally {
    cases bad;
    median_sample left_parts;
    median_sample left;
    median_sample intervals;
    std::vector<refresh_sample> ages;

    void merge(const pattern_tally& other) {
      bad.merge(other.bad);
      left_parts.merge(other.left_parts);
      left.merge(other.left);
      intervals.merge(other.intervals);
      ages.insert(ages.end(), other.ages.begin(), other.ages.end());
    }
  };
  struct store_counts {
    std::uint64_t sequence = 0;
    std::uint64_t hits = 0;
    std::uint64_t origin_loads = 0;
  };
  /// The counts of the key at its last two stores.
  struct last_counts {
    store_counts now;
    store_counts before;
  };

  /// The counts of the key at the store before this refresh.
  store_counts counts_before(const refresh& refresh, const key_state& key) {
    const last_counts& counts = counts_[key.ref];
    return counts.now.sequence == refresh.store.sequence ? counts.before : counts.now;
  }

  /// Whether the caller's last hit is about one load time before its store. With pooled connections
  /// the hit may be another caller's. Then only an origin counter shows that a load ran.
  static bool is_gap_of_load(const refresh& refresh, moment delta) {
    const moment gap = refresh.store.sent - refresh.last_hit->sent;
    return gap <= load_max_of_delta * delta + load_slack &&
           static_cast<double>(gap.count()) >=
               interval_load_part * static_cast<double>(delta.count());
  }

  static bool is_too_early(const pattern_tally& tally, const pattern_state& pattern, moment delta) {
    const double reads = static_cast<double>(std::max<std::uint64_t>(pattern.counts.reads(), 2));
    const double lead = static_cast<double>(delta.count()) * (std::log(reads) + lead_beyond);
    return static_cast<double>(tally.left_parts.median().count()) > left_min * whole &&
           static_cast<double>(tally.left.median().count()) > lead;
  }

  /// Whether the ages at the refreshes vary more than a fixed age explains. Compares their spread,
  /// as a share of each key's mean age, with the spread of a fixed age: the waits for the next
  /// read, and the uncertainty about which read within a load time caused the refresh.
  static bool is_by_chance(const pattern_tally& tally, moment delta) {
    std::unordered_map<std::uint32_t, key_ages> keys;
    for (const refresh_sample& sample : tally.ages) {
      key_ages& of_key = keys[sample.key];
      of_key.ages.push_back(static_cast<double>(sample.age.count()));
      of_key.reads += static_cast<double>(sample.reads);
    }
    std::vector<double> off;  // the distances of the ages from the usual age of their key
    double waits = 0;
    double unclear = 0;
    for (auto& [key, of_key] : keys) {
      const auto count = static_cast<double>(of_key.ages.size());
      const double usual = middle_of(of_key.ages);
      if (of_key.ages.size() < 2 || usual <= 0 || of_key.reads <= 0) continue;
      for (const double age : of_key.ages) off.push_back(std::abs(age - usual) / usual);
      waits += count * count / of_key.reads;
      unclear += count * static_cast<double>(delta.count()) / usual;
    }
    if (off.size() < 2) return false;
    const auto count = static_cast<double>(off.size());
    return spread_of(off) >
           plan_spread + waits_weight * waits / count + unclear_weight * unclear / count;
  }

  static double middle_of(std::vector<double>& values) {
    const auto at = values.begin() + std::ssize(values) / 2;
    std::nth_element(values.begin(), at, values.end());
    return *at;
  }

  /// The spread of all, or that of the nearest ones if the others are outliers.
  static double spread_of(std::vector<double>& off) {
    std::sort(off.begin(), off.end());
    const auto outliers =
        static_cast<std::size_t>(std::ceil(outliers_share * static_cast<double>(off.size())));
    double squares = 0;
    double near = 0;
    for (std::size_t i = 0; i < off.size(); ++i) {
      squares += off[i] * off[i];
      if (i + outliers < off.size()) near = squares;
    }
    const double all = std::sqrt(squares / static_cast<double>(off.size() - 1));
    const double others = static_cast<double>(off.size() - outliers);
    return std::min(all, normal_spread * std::sqrt(near / std::max(others, 1.0)));
  }

  static bool is_no_cache(const pattern_state& pattern) {
    if (looks_like_session(pattern.text)) return true;
    const std::uint64_t other =
        pattern.counts.stores - std::min(pattern.counts.stores, pattern.loads);
    return static_cast<double>(other) >
           other_stores_share * static_cast<double>(pattern.counts.reads());
  }

  [[nodiscard]] finding finding_for(const pattern_state& pattern, const pattern_tally& tally,
                                    moment delta) const {
    finding result = finding_of(id(), pattern, tally.bad);
    result.severity = severity::warning;
    result.confidence = confidence::strong;
    result.message =
        counted(tally.bad.count, "refresh", "refreshes") +
        " of live values, half of them with more than " +
        share_in_words(static_cast<std::uint64_t>(tally.left_parts.median().count()), whole) +
        " of the TTL left, and " + in_words(tally.intervals.median()) +
        " after the previous store. A load takes " + in_words(delta) + '.';
    return result;
  }

  per_pattern<pattern_tally> tallies_;
  per_key<last_counts> counts_;
};

}  // namespace

rule_definition c404() { return {c404_text, c404_settings, make_rule<xfetch_miscalibrated>}; }

}  // namespace drover::audit
