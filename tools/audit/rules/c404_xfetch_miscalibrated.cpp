// SPDX-License-Identifier: MIT
// C404: a value is refreshed far too early, again and again, by chance.
//
// Early expiration at random (Vattani, Chierichetti, Lowenstein, PVLDB 8(8), 2015) refreshes about
// delta * beta * ln(reads per load time) before the end. What refreshes much earlier takes
// something else for the load time: the value's age, or nothing at all.
//
// An age at which the next reader refreshes (stale while revalidate) is a plan, not a mistake: the
// ages at the refreshes are then spread no more than its jitter and the waits for a reader explain.
#include <algorithm>
#include <cmath>
#include <memory>
#include <unordered_map>
#include <vector>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {
namespace {

/// Fewer are no habit.
constexpr std::uint64_t refreshes_min = 8;
/// More than this share of the TTL was left: for the formula to be right, a load would have to take
/// a good part of the TTL.
constexpr double left_min = 0.5;
/// The right formula's lead, in load times, beyond ln(reads): it is exceeded once in e^3 times.
constexpr double lead_beyond = 3;
/// Standard deviation / mean of the ages at the refreshes. A plan with a jitter of 20 % either way
/// has 0.12; the age taken for the load time has 0.13 (50 reads/s, TTL 300 s) to 0.21.
constexpr double plan_spread = 0.12;
constexpr double waits_weight = 2;
constexpr double unclear_weight = 0.1;
/// A store this long after the last hit or miss has nothing to do with it; a store so shortly after
/// a miss is the cold event's.
constexpr int load_max_of_delta = 4;
constexpr moment load_slack = std::chrono::milliseconds{100};
/// Shorter than this part of a load: it was changed, not loaded (C402).
constexpr double interval_load_part = 0.3;
/// Of all reads: that many stores without a miss before are no cache.
constexpr double other_stores_share = 0.4;
/// Refreshes of a pattern whose ages are kept.
constexpr std::size_t ages_max = 4'096;

class xfetch_miscalibrated final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C404"; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::refreshes | interest::of(op_kind::store);
  }

  void on_op(const op& what, const key_state& key, const rule_context& /*all*/) override {
    reads_seen& of = reads_[key.ref];
    of.before = of.now;
    of.now = {what.sequence, key.counts.hits, key.origin_loads};
  }

  void on_refresh(const refresh& what, const key_state& key, const rule_context& all) override {
    const moment delta = all.delta_of(*key.pattern);
    if (!what.last_hit || !what.lifetime_known || !what.last_store || delta <= moment{0}) return;
    if (what.ttl <= moment{0} || what.store.outcome != op_outcome::yes) return;
    const moment interval = what.store.sent - what.last_store->done;
    if (interval < delta) return;  // no load of its own fits in: one of those at once
    const moment load_max = load_max_of_delta * delta + load_slack;
    const stored before = last_stored(what, key);
    if (key.origin_loads == before.origin_loads && !is_gap_of_load(what, delta)) return;
    if (key.last_miss && what.store.sent - key.last_miss->done <= load_max) return;

    seen& of = of_[*key.pattern];
    of.left_parts.add(moment{part_of_ttl(what.left, what.ttl)});
    of.left.add(what.left);
    of.intervals.add(interval);
    if (of.ages.size() < ages_max) {
      of.ages.push_back({key.ref.slot, interval - delta, key.counts.hits - before.hits});
    }
    of.bad.add(static_cast<double>(part_of_ttl(what.left, what.ttl)), [&] {
      return proof_of(all, key, what.last_store->sent, what.store.done,
                      "Refreshed " + in_words(interval) + " after the last store, with " +
                          in_words(what.left) + " of " + in_words(what.ttl) + " left.");
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t refreshes = 0;
    bool failed = false;
    for (auto& [index, of] : of_) {
      const pattern_state& pattern = all.patterns()[index];
      if (all.role_of(pattern) != key_role::value || !all.is_cache_aside(pattern)) continue;
      refreshes += of.bad.count;
      if (of.bad.count < refreshes_min || !is_too_early(of, pattern, all.delta_of(pattern)) ||
          !is_by_chance(of, all.delta_of(pattern)) || is_no_cache(pattern)) {
        continue;
      }
      failed = true;
      out.found(judged(pattern, of, all.delta_of(pattern)));
    }
    out.covered(id(),
                failed                       ? coverage_line::status::fail
                : refreshes >= refreshes_min ? coverage_line::status::pass
                                             : coverage_line::status::not_exercised,
                counted(refreshes, "early refresh", "early refreshes") + " of live values");
  }

 private:
  /// Parts of a TTL are kept as millionths, so that they fit where durations are sampled.
  static constexpr std::int64_t whole = 1'000'000;
  static std::int64_t part_of_ttl(moment part, moment ttl) {
    return static_cast<std::int64_t>(static_cast<double>(part.count()) /
                                     static_cast<double>(ttl.count()) * static_cast<double>(whole));
  }

  struct aged {
    std::uint32_t key = 0;
    moment age{};             ///< of the value, when the load that refreshed it began
    std::uint64_t reads = 0;  ///< of it, by anybody, until it was replaced
  };
  struct sums {
    double count = 0;
    double ages = 0;
    double squares = 0;
    double reads = 0;

    void add(const aged& one) {
      const auto age = static_cast<double>(one.age.count());
      count += 1;
      ages += age;
      squares += age * age;
      reads += static_cast<double>(one.reads);
    }
  };
  struct seen {
    cases bad;
    median_sample left_parts;
    median_sample left;
    median_sample intervals;
    std::vector<aged> ages;
  };
  struct stored {
    std::uint64_t sequence = 0;
    std::uint64_t hits = 0;
    std::uint64_t origin_loads = 0;
  };
  /// How often the key had been hit and loaded at its last store, and at the one before.
  struct reads_seen {
    stored now;
    stored before;
  };

  /// What was known of the key when it was stored before.
  stored last_stored(const refresh& what, const key_state& key) {
    const reads_seen& of = reads_[key.ref];
    return of.now.sequence == what.store.sequence ? of.before : of.now;
  }

  /// The last hit of who stored is as long ago as a load takes. With pooled connections it may be
  /// somebody else's: then only the origin can tell a load.
  static bool is_gap_of_load(const refresh& what, moment delta) {
    const moment gap = what.store.sent - what.last_hit->sent;
    return gap <= load_max_of_delta * delta + load_slack &&
           static_cast<double>(gap.count()) >=
               interval_load_part * static_cast<double>(delta.count());
  }

  static bool is_too_early(const seen& of, const pattern_state& pattern, moment delta) {
    const double reads = static_cast<double>(std::max<std::uint64_t>(pattern.counts.reads(), 2));
    const double lead = static_cast<double>(delta.count()) * (std::log(reads) + lead_beyond);
    return static_cast<double>(of.left_parts.median().count()) > left_min * whole &&
           static_cast<double>(of.left.median().count()) > lead;
  }

  /// How far the ages at the refreshes are spread, as a share of each key's mean age; and what of
  /// that a plan would show as well: the waits for the next read, and not knowing which read of
  /// those in a load's time it was.
  static bool is_by_chance(const seen& of, moment delta) {
    std::unordered_map<std::uint32_t, sums> keys;
    for (const aged& each : of.ages) keys[each.key].add(each);
    double squares = 0;
    double waits = 0;
    double unclear = 0;
    double count = 0;
    for (const auto& [key, of_key] : keys) {
      if (of_key.count < 2 || of_key.ages <= 0 || of_key.reads <= 0) continue;
      const double mean = of_key.ages / of_key.count;
      squares += of_key.squares / (mean * mean) - of_key.count;
      waits += of_key.count * of_key.count / of_key.reads;
      unclear += of_key.count * static_cast<double>(delta.count()) / mean;
      count += of_key.count - 1;  // a mean of its own was taken from each key
    }
    if (count < 1) return false;
    const double spread = std::sqrt(squares / count);
    return spread > plan_spread + waits_weight * waits / count + unclear_weight * unclear / count;
  }

  static bool is_no_cache(const pattern_state& pattern) {
    if (looks_like_session(pattern.text)) return true;
    const std::uint64_t other =
        pattern.counts.stores - std::min(pattern.counts.stores, pattern.loads);
    return static_cast<double>(other) >
           other_stores_share * static_cast<double>(pattern.counts.reads());
  }

  [[nodiscard]] finding judged(const pattern_state& pattern, const seen& of, moment delta) const {
    finding made = finding_of(id(), pattern, of.bad);
    made.how_bad = severity::warning;
    made.how_sure = confidence::strong;
    made.message =
        counted(of.bad.count, "refresh", "refreshes") +
        " of live values, half of them with more than " +
        share_in_words(static_cast<std::uint64_t>(of.left_parts.median().count()), whole) +
        " of the TTL left, and " + in_words(of.intervals.median()) +
        " after the store before; a load takes " + in_words(delta) + '.';
    return made;
  }

  per_pattern<seen> of_;
  per_key<reads_seen> reads_;
};

}  // namespace

std::unique_ptr<rule> make_c404() { return std::make_unique<xfetch_miscalibrated>(); }

}  // namespace drover::audit
