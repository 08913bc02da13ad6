// SPDX-License-Identifier: MIT
// C104: a value that is still cached is refreshed by several callers at once.
#include <algorithm>

#include "audit/rules/coverage.hpp"
#include "audit/rules/herds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c104_text{
    .id = "C104",
    .name = "refresh-burst",
    .usual_severity = severity::warning,
    .severity_note = "info for pairs now and then, which random early expiration causes as well",
    .summary = "A value that is still cached is refreshed by several callers at once.",
    .why =
        "Early refreshing should protect the origin. Without a mark that a refresh is running, all "
        "callers that see the entry near its end refresh it together. This is a stampede without a "
        "miss.",
    .left_alone =
        "sessions and counters, which are stored about as often as they are read; pairs now and "
        "then.",
    .exercised_by = "a live value that is stored again while several callers read it",
    .advice =
        "Let one caller refresh: take a short mark with SET NX PX first, and renew it while the "
        "refresh runs. Or let one process do all refreshes.",
    .fix =
        "Before refreshing a value that can still be served, take a mark with `SET <key>:refresh "
        "<random token> NX PX <ms>`. Only the winner loads and stores; all others serve the value "
        "they have. The mark must last longer than the refresh: choose its PX accordingly, or "
        "renew it. Release it by compare-and-delete. Add a test in which 50 concurrent reads of an "
        "entry that is due cause one load.",
    .caching_rules = "2",
};

constexpr library_setting c104_settings[] = {
    {"Laravel",
     "pass the lock's seconds to `Cache::flexible($key, $ttl, $callback, ['seconds' => n])`"},
    {"bentocache",
     "set `grace` (before 1.0 `gracePeriod`) and a soft timeout, so that one caller refreshes "
     "while others get the old value"},
    {"Keyv",
     "remove `refreshThreshold` of cache-manager, which refreshes in every process at once, or put "
     "a lock in Redis "
     "around the function"},
};

constexpr std::uint64_t burst_min = 3;
constexpr std::uint64_t bursts_min = 2;
/// Random early expiration also causes three refreshes at once, in every second refresh of a busy
/// key. If every caller refreshes, at least four of five refreshes are bursts.
constexpr double bursts_share = 0.6;
/// Random early expiration now and then causes two refreshes at once.
constexpr std::uint64_t pairs_min = 3;
/// If nearly every refresh is at least a pair, and this often, it is no chance.
constexpr double doubled_share = 0.9;
constexpr std::uint64_t doubled_min = 8;
/// Stores that are further apart belong to different bursts.
constexpr moment quiet = std::chrono::milliseconds(100);
/// A miss within this many load times before the first store means that the stores end a cold
/// event.
constexpr int miss_near = 3;
/// A cache is read more often than it is refreshed.
constexpr std::uint64_t reads_for_each_store = 2;

class refresh_burst final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c104_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::refreshes; }

  void on_refresh(const refresh& refresh, const key_state& key,
                  const rule_context& context) override {
    if (!refresh.last_hit) return;  // a process that never read the value is a writer
    if (refresh.is_modification) return;
    run& burst = last_runs_[key.ref];
    const bool is_same_burst = burst.stores > 0 && refresh.store.sent - burst.last.done <= quiet;
    // The stores of one lock hold follow each other; they are not concurrent.
    if (refresh.lock_hold != 0 && refresh.lock_hold == burst.lock_hold && is_same_burst) return;
    if (!is_same_burst) {
      finish(burst, key, context);
      burst = {};
      burst.first = refresh.store;
      const moment delta = std::max(context.delta_of(*key.pattern), moment(quiet / miss_near));
      burst.after_miss =
          key.cold != nullptr ||
          (key.last_miss && refresh.store.sent - key.last_miss->done < miss_near * delta);
    }
    if (burst.stores > 0 && (burst.first.connection != refresh.store.connection ||
                             context.connections().is_multiplexed(refresh.store.connection))) {
      burst.by_several_callers = true;
    }
    burst.last = refresh.store;
    burst.lock_hold = refresh.lock_hold;
    ++burst.stores;
    if (!pending_full_) remember(key);
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    for (const key_ref ref : pending_) {
      const key_state* const key = context.find(ref);
      run* const burst = last_runs_.find(ref);
      if (key != nullptr && burst != nullptr) finish(*burst, *key, context);
    }
    std::uint64_t refreshes = 0;
    std::uint64_t bad = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      if (context.role_of(pattern) != key_role::value) continue;
      refreshes += tally.bursts.opportunities;
      bad += judge(pattern, tally, out);
    }
    out.add_coverage(id(), status_of(bad, refreshes),
                     refreshes == 0
                         ? "no live value was stored again"
                         : counted(refreshes, "refresh", "refreshes") + " of live values, " +
                               in_words(bad) + " in bursts of three or more");
  }

 private:
  struct run {
    op_summary first;
    op_summary last;
    std::uint64_t stores = 0;
    std::uint64_t lock_hold = 0;
    bool after_miss = false;
    /// Several callers stored. Repeated stores by one caller are no burst.
    bool by_several_callers = false;
  };
  struct pattern_tally {
    cases bursts;
    cases pairs;

    void merge(const pattern_tally& other) {
      bursts.merge(other.bursts);
      pairs.merge(other.pairs);
    }
  };
  /// The last run of these keys is judged at the end.
  static constexpr std::size_t pending_max = 10'000;

  void remember(const key_state& key) {
    if (last_runs_[key.ref].stores != 1) return;
    if (pending_.size() >= pending_max) {
      pending_full_ = true;
      return;
    }
    if (pending_.empty() || !(pending_.back() == key.ref)) pending_.push_back(key.ref);
  }

  void finish(run& burst, const key_state& key, const rule_context& context) {
    if (burst.stores == 0) return;
    pattern_tally& tally = tallies_[*key.pattern];
    ++tally.bursts.opportunities;
    ++tally.pairs.opportunities;
    if (burst.after_miss || burst.stores < 2 || !burst.by_several_callers) {
      burst.stores = 0;
      return;
    }
    cases& matching_cases = burst.stores >= burst_min ? tally.bursts : tally.pairs;
    matching_cases.add(static_cast<double>(burst.stores), [&] {
      const moment lead = std::max(context.delta_of(*key.pattern), moment(quiet));
      return proof_of(context, key, burst.first.sent - lead, burst.last.done,
                      counted(burst.stores, "store", "stores") + " of a live value within " +
                          in_words(burst.last.done - burst.first.sent) +
                          ", without a miss before.");
    });
    burst.stores = 0;
  }

  std::uint64_t judge(const pattern_state& pattern, const pattern_tally& tally,
                      verdicts& out) const {
    const op_counts& counts = pattern.counts;
    if (counts.reads() < reads_for_each_store * (counts.stores + counts.won)) return 0;
    const bool bursts = tally.bursts.count >= bursts_min &&
                        static_cast<double>(tally.bursts.count) >=
                            bursts_share * static_cast<double>(tally.bursts.opportunities);
    const std::uint64_t several = tally.pairs.count + tally.bursts.count;
    if (!bursts && several < pairs_min) return 0;
    const bool doubled = !bursts && several >= doubled_min &&
                         static_cast<double>(several) >=
                             doubled_share * static_cast<double>(tally.bursts.opportunities);
    cases reported = tally.bursts;
    if (!bursts) reported.merge(tally.pairs);
    reported.opportunities = tally.bursts.opportunities;
    finding result = finding_of(id(), pattern, reported);
    result.severity = bursts || doubled ? severity::warning : severity::info;
    result.confidence = confidence::strong;
    result.message = doubled ? "A live value was refreshed by two or more callers at once " +
                                   counted(reported.count, "time", "times") + ", out of " +
                                   in_words(reported.opportunities) + " refreshes."
                     : bursts ? "A live value was refreshed by several callers at once " +
                                    counted(reported.count, "time", "times") + ", by " +
                                    in_words(static_cast<std::uint64_t>(reported.worst())) +
                                    " in the worst case."
                              : "A live value was refreshed by two or three callers at once " +
                                    counted(reported.count, "time", "times") +
                                    ", which random early expiration causes now and then.";
    out.add_finding(std::move(result));
    return bursts || doubled ? reported.count : 0;
  }

  per_pattern<pattern_tally> tallies_;
  per_key<run> last_runs_;
  std::vector<key_ref> pending_;
  bool pending_full_ = false;
};

}  // namespace

rule_definition c104() { return {c104_text, c104_settings, make_rule<refresh_burst>}; }

}  // namespace drover::audit
