// SPDX-License-Identifier: MIT
// C301: a cached value is stored without a TTL.
#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c301_text{
    .id = "C301",
    .name = "value-no-ttl",
    .usual_severity = severity::error,
    .severity_note =
        "warning if the server evicts by LRU or LFU, or if the value carries its own expiry time",
    .summary = "A cached value is stored without a TTL.",
    .why =
        "Every missed invalidation stays forever, and so does every key that is never requested "
        "again. Memory grows until the server evicts keys or refuses writes.",
    .left_alone =
        "counters, queues, leaderboards, sessions: only keys that are read, found missing and then "
        "stored count; stores that keep the TTL of the key; flags and documents that somebody sets "
        "and changes, and nobody loads.",
    .exercised_by = "a value that is stored after a miss",
    .advice = "Set a TTL in the command that stores the value, with 10 to 20 % jitter.",
    .fix =
        "Give every cached value a TTL in the command that stores it: `SET <key> <value> PX <ms>`, "
        "with PX = ttl * (1 + a random number between -0.1 and 0.1). Choose the TTL by how old the "
        "value may become. If a library stores the value, set its option for the TTL. Delete the "
        "existing keys without a TTL, or give them one (SCAN, then PEXPIRE).",
    .caching_rules = "8",
};

constexpr library_setting c301_settings[] = {
    {"dogpile.cache",
     "set `redis_expiration_time` above the region's `expiration_time`: the latter is only written "
     "inside the value, and Redis keeps it forever"},
    {"Django",
     "set TIMEOUT in CACHES (default 300 s; None means forever), and do not pass `timeout=None`"},
    {"Laravel", "use `Cache::remember` or `put` with a TTL instead of `rememberForever`"},
    {"Spring Data Redis",
     "set `entryTtl(...)` in RedisCacheConfiguration: there is no TTL by default"},
    {"Keyv",
     "pass a ttl to `set` (of cache-manager and cacheable to `wrap` and `getOrSet` as well), or "
     "set "
     "`ttl` where the cache is created: there is no TTL by default"},
    {"StackExchange.Redis", "pass an expiry to `StringSet`: there is no TTL by default"},
    {"Symfony", "set `default_lifetime` of the pool, or call `$item->expiresAfter(...)`"},
    {"Rails", "set `expires_in:` in `config.cache_store` or `fetch`: there is no TTL by default"},
};

/// A value without a TTL that is stored again while it exists carries its own expiry time inside
/// (or is refreshed by a schedule), so a missed invalidation has an effect only until then. A
/// single such store may be a write-through.
constexpr std::uint64_t refreshes_min = 2;
/// With this many stores, the cause is not one unusual code path.
constexpr std::uint64_t strong_from = 3;

/// A document is written at least this often for each time that it is created.
constexpr std::uint64_t changes_per_creation = 10;

/// Between the hit and the store of a refresh a load ran.
constexpr moment refresh_gap_min = std::chrono::milliseconds{10};
constexpr moment refresh_gap_max = std::chrono::seconds{30};
constexpr std::uint64_t inside_min = 3;
/// A cache is read much more often than it is stored.
constexpr std::uint64_t reads_per_refresh = 5;

class value_no_ttl final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c301_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::settled_stores | interest::refreshes;
  }

  void on_settled_store(const settled_store& settled, const key_state& key,
                        const rule_context& context) override {
    if (settled.store.part || settled.store.outcome != op_outcome::yes) return;
    if (!settled.missed_before) {
      note_refresh(settled, key, context);
      return;
    }
    pattern_tally& tally = tallies_[*key.pattern];
    ++tally.bad.opportunities;
    if (settled.ttl.source != ttl_source::none || settled.kept) return;
    tally.bad.add(0, [&] {
      return proof_of(context, key, settled.store.sent, settled.store.done,
                      "Stored by " + std::string{settled.store.command} +
                          " without a TTL, and no EXPIRE followed within a second.");
    });
  }

  void on_refresh(const refresh& refresh, const key_state& key,
                  const rule_context& /*context*/) override {
    if (!refresh.last_hit || refresh.lifetime_known || refresh.is_modification) return;
    ++tallies_[*key.pattern].refreshes;
    const moment gap = refresh.store.sent - refresh.last_hit->done;
    if (gap >= refresh_gap_min && gap <= refresh_gap_max) {
      last_refreshes_[key.ref] = refresh.store.sequence;
    }
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t stores = 0;
    std::uint64_t without = 0;
    const bool evicts =
        context.eviction_policy() == "allkeys-lru" || context.eviction_policy() == "allkeys-lfu";
    for (auto& [index, tally] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      if (context.role_of(pattern) != key_role::value) continue;
      if (!context.is_cache_aside(pattern)) {
        without += judge_refreshes(pattern, tally, context, out);
        continue;
      }
      stores += tally.bad.opportunities;
      if (tally.bad.count == 0 || is_document(pattern.counts, tally)) continue;
      if (is_denied(tally.bad, tally, context)) continue;
      without += tally.bad.count;
      out.add_finding(finding_for(pattern, tally, evicts));
    }
    out.add_coverage(id(), status_of(without, stores),
                     stores == 0 ? "no value was stored after a miss"
                                 : counted(stores, "store", "stores") + " after misses, " +
                                       in_words(without) + " without a TTL");
  }

 private:
  struct pattern_tally {
    cases bad;
    std::uint64_t confirmed = 0;  ///< examples for which the server reported a PTTL of -1
    std::uint64_t refreshes = 0;
    cases inside;  ///< refreshes without a ttl: the value carries its own end

    void merge(const pattern_tally& other) {
      bad.merge(other.bad);
      confirmed += other.confirmed;
      refreshes += other.refreshes;
      inside.merge(other.inside);
    }
  };

  /// Whether the server contradicts the rule: at the end of the run at least one example had a TTL,
  /// and none had a PTTL of -1. The keys got the TTL in a way that the tool did not see. Also
  /// counts the examples with a PTTL of -1.
  static bool is_denied(const cases& examples, pattern_tally& tally, const rule_context& context) {
    bool denied = false;
    for (const std::string& key : examples.keys()) {
      const auto pttl = context.pttl_at_end(key);
      if (pttl && *pttl == -1) ++tally.confirmed;
      if (pttl && *pttl >= 0) denied = true;
    }
    return denied && tally.confirmed == 0;
  }

  /// A document that clients write again and again, and before which no load runs: a list of flags.
  /// The client that creates it has missed it before, too.
  static bool is_document(const op_counts& counts, const pattern_tally& tally) {
    return changes_per_creation * tally.bad.count <= counts.stores &&
           2 * tally.inside.count <= counts.stores;
  }

  void note_refresh(const settled_store& settled, const key_state& key,
                    const rule_context& context) {
    const std::uint64_t* const last = last_refreshes_.find(key.ref);
    if (last == nullptr || *last != settled.store.sequence) return;
    if (settled.ttl.source != ttl_source::none || settled.kept || settled.dropped_ttl) return;
    tallies_[*key.pattern].inside.add(0, [&] {
      return proof_of(
          context, key, settled.store.sent, settled.store.done,
          "Stored without a TTL by a client that had found the old value a load before.");
    });
  }

  /// Values that were there from the start, and are loaded again when the time that they carry is
  /// over. Returns the number of stores without a ttl.
  std::uint64_t judge_refreshes(const pattern_state& pattern, pattern_tally& tally,
                                const rule_context& context, verdicts& out) const {
    const op_counts& counts = pattern.counts;
    if (tally.inside.count < inside_min || counts.hits < reads_per_refresh * counts.stores)
      return 0;
    if (10 * tally.inside.count < 8 * counts.stores || looks_like_session(pattern.text)) return 0;
    if (pattern.small_stores > 0 || is_denied(tally.inside, tally, context)) return 0;
    tally.inside.opportunities = counts.stores;
    finding result = finding_of(id(), pattern, tally.inside);
    result.severity = severity::warning;
    result.confidence = tally.confirmed > 0 ? confidence::proof : confidence::strong;
    result.message =
        in_words(tally.inside.count) + " of " + counted(counts.stores, "store", "stores") +
        " set no TTL, and replaced a value that the client had found and loaded anew. The values "
        "seem to carry their own expiry time. Redis still keeps them forever.";
    out.add_finding(std::move(result));
    return tally.inside.count;
  }

  finding finding_for(const pattern_state& pattern, const pattern_tally& tally, bool evicts) const {
    finding result = finding_of(id(), pattern, tally.bad);
    const bool ends_inside = tally.refreshes >= refreshes_min;
    result.severity = evicts || ends_inside ? severity::warning : severity::error;
    result.confidence = tally.confirmed > 0              ? confidence::proof
                        : tally.bad.count >= strong_from ? confidence::strong
                                                         : confidence::suspected;
    result.message = in_words(tally.bad.count) + " of " +
                     counted(tally.bad.opportunities, "store", "stores") +
                     " after a miss set no TTL";
    if (tally.confirmed > 0) result.message += "; the server confirmed it";
    result.message += '.';
    if (ends_inside) {
      result.message +=
          " The values seem to carry their own expiry time, because they were stored again while "
          "they existed. Redis still keeps them forever.";
    } else if (evicts) {
      result.message +=
          " The server evicts the least used keys, so memory is bounded. A wrong value still never "
          "expires.";
    }
    return result;
  }

  per_pattern<pattern_tally> tallies_;
  per_key<std::uint64_t> last_refreshes_;  ///< the sequence of the last refresh by a load
};

}  // namespace

rule_definition c301() { return {c301_text, c301_settings, make_rule<value_no_ttl>}; }

}  // namespace drover::audit
