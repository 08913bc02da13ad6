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
        "warning when the server evicts by LRU or LFU, or when the value carries an end of its own "
        "inside",
    .summary = "A cached value is stored without a TTL.",
    .why =
        "Every mistake in invalidation stays for ever, and so does every key that nobody asks for "
        "any more: memory only grows, until the server evicts at random or refuses writes.",
    .left_alone =
        "counters, queues, leaderboards, sessions: only keys that are read, found missing and then "
        "stored count; stores that keep the TTL a key has.",
    .exercised_by = "a value that is stored after a miss",
    .advice = "A TTL in the command that stores, with 10 to 20 % jitter.",
    .fix =
        "Give every cached value a TTL in the command that stores it: `SET <key> <value> PX <ms>`, "
        "with PX = ttl * (1 + a random number between -0.1 and 0.1). Choose the TTL from how old "
        "the value may get. If a library stores it, set its option for that. Delete or give a TTL "
        "to the keys that are there already (SCAN, then PEXPIRE).",
    .caching_rules = "8",
};

constexpr library_setting c301_settings[] = {
    {"dogpile.cache",
     "set `redis_expiration_time` above the region's `expiration_time`: the latter is only written "
     "inside the value, and Redis keeps it for ever"},
    {"Django",
     "set TIMEOUT in CACHES (300 s unless set; None means for ever), and do not pass "
     "`timeout=None`"},
    {"Laravel", "use `Cache::remember` or `put` with a TTL in place of `rememberForever`"},
    {"Spring Data Redis",
     "set `entryTtl(...)` in RedisCacheConfiguration: there is none unless set"},
    {"cache-manager",
     "pass a ttl to `wrap` and `set`, or set `ttl` in `createCache`: there is none unless set"},
    {"StackExchange.Redis", "pass an expiry to `StringSet`: there is none unless passed"},
    {"Symfony", "set `default_lifetime` of the pool, or `$item->expiresAfter(...)`"},
    {"Rails", "set `expires_in:` in `config.cache_store` or `fetch`: there is none unless set"},
};

/// A value without TTL that is stored again while it lives carries its own end inside (or is
/// refreshed by schedule): a mistake in invalidation ends there after all. Twice, as once may be a
/// write-through.
constexpr std::uint64_t refreshes_min = 2;
/// From how many on the shape cannot be one odd code path.
constexpr std::uint64_t strong_from = 3;

class value_no_ttl final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c301_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::settled_stores | interest::refreshes;
  }

  void on_settled_store(const settled_store& settled, const key_state& key,
                        const rule_context& context) override {
    if (!settled.missed_before || settled.part || settled.store.came != op::outcome::yes) return;
    seen& of = of_[*key.pattern];
    ++of.bad.opportunities;
    if (settled.ttl_came != lock_hold::ttl_by::none || settled.kept) return;
    of.bad.add(0, [&] {
      return proof_of(context, key, settled.store.sent, settled.store.done,
                      "Stored by " + std::string{settled.store.command} +
                          " without a TTL, and none followed within a second.");
    });
  }

  void on_refresh(const refresh& refresh, const key_state& key,
                  const rule_context& /*context*/) override {
    if (refresh.last_hit && !refresh.lifetime_known) ++of_[*key.pattern].refreshes;
  }

  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t stores = 0;
    std::uint64_t without = 0;
    const bool evicts =
        context.eviction_policy() == "allkeys-lru" || context.eviction_policy() == "allkeys-lfu";
    for (auto& [index, of] : of_) {
      const pattern_state& pattern = context.patterns()[index];
      if (context.role_of(pattern) != key_role::value || !context.is_cache_aside(pattern)) continue;
      stores += of.bad.opportunities;
      if (of.bad.count == 0 || is_denied(of, context)) continue;
      without += of.bad.count;
      out.found(judged(pattern, of, evicts));
    }
    out.covered(id(), status_of(without, stores),
                stores == 0 ? "no value was stored after a miss"
                            : counted(stores, "store", "stores") + " after misses, " +
                                  in_words(without) + " without a TTL");
  }

 private:
  struct seen {
    cases bad;
    std::uint64_t confirmed = 0;  ///< examples of which PTTL said -1
    std::uint64_t refreshes = 0;
  };

  /// What the server said at the end of the examples' TTLs: all of them have one after all, which
  /// came in a way that was not seen.
  static bool is_denied(seen& of, const rule_context& context) {
    bool denied = false;
    for (const std::string& key : of.bad.keys()) {
      const auto pttl = context.pttl_at_end(key);
      if (pttl && *pttl == -1) ++of.confirmed;
      if (pttl && *pttl >= 0) denied = true;
    }
    return denied && of.confirmed == 0;
  }

  finding judged(const pattern_state& pattern, const seen& of, bool evicts) const {
    finding result = finding_of(id(), pattern, of.bad);
    const bool ends_inside = of.refreshes >= refreshes_min;
    result.how_bad = evicts || ends_inside ? severity::warning : severity::error;
    result.how_sure = of.confirmed > 0              ? confidence::proof
                      : of.bad.count >= strong_from ? confidence::strong
                                                    : confidence::suspected;
    result.message = in_words(of.bad.count) + " of " +
                     counted(of.bad.opportunities, "store", "stores") + " after a miss set no TTL";
    if (of.confirmed > 0) result.message += "; the server confirmed it";
    result.message += '.';
    if (ends_inside) {
      result.message +=
          " The values seem to carry an end of their own inside, as they were stored "
          "again while they were there; Redis keeps them for ever all the same.";
    } else if (evicts) {
      result.message +=
          " The server evicts what is used least"
          ", so memory is bounded; a wrong value still has no end.";
    }
    return result;
  }

  per_pattern<seen> of_;
};

}  // namespace

rule_definition c301() { return {c301_text, c301_settings, make_rule<value_no_ttl>}; }

}  // namespace drover::audit
