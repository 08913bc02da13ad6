// SPDX-License-Identifier: MIT
// C404: a value is refreshed far too early, again and again.
//
// Early expiration at random (Vattani, Chierichetti, Lowenstein, PVLDB 8(8), 2015) refreshes about
// delta * beta * ln(reads per load time) before the end.
#include <algorithm>
#include <cmath>
#include <memory>

#include "audit_rules/telling.hpp"

namespace drover::audit {
namespace {

/// Fewer are no habit.
constexpr std::uint64_t refreshes_min = 8;
/// More than this share of the TTL was left: for the formula to be right, a load would have to take
/// a good part of the TTL.
constexpr double left_min = 0.5;
/// And again after so small a part of the TTL: about as often as a load takes.
constexpr double interval_max = 0.02;
/// What comes at a regular interval, much longer than a load, is a schedule.
constexpr double regular_spread = 0.3;
constexpr int schedule_of_delta = 4;
/// A store this long after the last hit or miss has nothing to do with it; a store so shortly after
/// a miss is the cold event's.
constexpr int load_max_of_delta = 4;
constexpr moment load_slack = std::chrono::milliseconds{100};
/// Shorter than this part of a load: it was changed, not loaded (C402).
constexpr double load_part = 0.3;

class xfetch_miscalibrated final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C404"; }
  [[nodiscard]] interest::bits wants() const override { return interest::refreshes; }

  void on_refresh(const refresh& what, const key_state& key, const world& all) override {
    const moment delta = all.delta_of(*key.pattern);
    if (!what.last_hit || !what.lifetime_known || !what.last_store || delta <= moment{0}) return;
    if (what.ttl <= moment{0} || what.store.came != op::outcome::yes) return;
    const moment load_max = load_max_of_delta * delta + load_slack;
    const moment gap = what.store.sent - what.last_hit->sent;
    if (gap > load_max ||
        static_cast<double>(gap.count()) < load_part * static_cast<double>(delta.count())) {
      return;
    }
    if (key.last_miss && what.store.sent - key.last_miss->done <= load_max) return;

    seen& of = of_[*key.pattern];
    const moment interval = what.store.sent - what.last_store->done;
    of.left.add(moment{part_of_ttl(what.left, what.ttl)});
    of.intervals.add(interval);
    of.interval_parts.add(moment{part_of_ttl(interval, what.ttl)});
    const auto number = static_cast<double>(interval.count());
    of.sum += number;
    of.squares += number * number;
    of.bad.add(static_cast<double>(part_of_ttl(what.left, what.ttl)), [&] {
      return proof_of(all, key, what.last_store->sent, what.store.done,
                      "Refreshed " + in_words(interval) + " after the last store, with " +
                          in_words(what.left) + " of " + in_words(what.ttl) + " left.");
    });
  }

  void on_end(const world& all, verdicts& out) override {
    std::uint64_t refreshes = 0;
    bool failed = false;
    for (auto& [index, of] : of_) {
      const pattern_state& pattern = all.patterns()[index];
      if (all.role_of(pattern) != key_role::value || !all.is_cache_aside(pattern)) continue;
      refreshes += of.bad.count;
      const moment delta = all.delta_of(pattern);
      if (of.bad.count < refreshes_min || share(of.left) <= left_min ||
          share(of.interval_parts) >= interval_max || is_schedule(of, delta)) {
        continue;
      }
      failed = true;
      finding made = finding_of(id(), pattern, of.bad);
      made.how_bad = severity::warning;
      made.how_sure = confidence::strong;
      made.message = counted(of.bad.count, "refresh", "refreshes") +
                     " of live values, half of them "
                     "with more than " +
                     share_in_words(static_cast<std::uint64_t>(of.left.median().count()), whole) +
                     " of the TTL left, and " + in_words(of.intervals.median()) +
                     " after the store before; a load takes " + in_words(delta) + '.';
      out.found(std::move(made));
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
  static double share(const median_sample& of) {
    return static_cast<double>(of.median().count()) / static_cast<double>(whole);
  }

  struct seen {
    cases bad;
    median_sample left;
    median_sample intervals;
    median_sample interval_parts;
    double sum = 0;
    double squares = 0;
  };

  static bool is_schedule(const seen& of, moment delta) {
    const auto count = static_cast<double>(of.bad.count);
    const double mean = of.sum / count;
    const double spread = std::sqrt(std::max(0.0, of.squares / count - mean * mean));
    return of.intervals.median() > schedule_of_delta * delta && spread < regular_spread * mean;
  }

  per_pattern<seen> of_;
};

}  // namespace

std::unique_ptr<rule> make_c404() { return std::make_unique<xfetch_miscalibrated>(); }

}  // namespace drover::audit
