// SPDX-License-Identifier: MIT
// C301: a cached value is stored without a TTL.
#include <memory>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {
namespace {

/// A value without TTL that is stored again while it lives carries its own end inside (or is
/// refreshed by schedule): a mistake in invalidation ends there after all. Twice, as once may be a
/// write-through.
constexpr std::uint64_t refreshes_min = 2;
/// From how many on the shape cannot be one odd code path.
constexpr std::uint64_t strong_from = 3;

class value_no_ttl final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C301"; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::settled_stores | interest::refreshes;
  }

  void on_settled_store(const settled_store& what, const key_state& key,
                        const rule_context& all) override {
    if (!what.missed_before || what.store.part || what.store.outcome != op_outcome::yes) return;
    seen& of = of_[*key.pattern];
    ++of.bad.opportunities;
    if (what.ttl.source != ttl_source::none || what.kept) return;
    of.bad.add(0, [&] {
      return proof_of(all, key, what.store.sent, what.store.done,
                      "Stored by " + std::string{what.store.command} +
                          " without a TTL, and none followed within a second.");
    });
  }

  void on_refresh(const refresh& what, const key_state& key, const rule_context& /*all*/) override {
    if (what.last_hit && !what.lifetime_known) ++of_[*key.pattern].refreshes;
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t stores = 0;
    std::uint64_t without = 0;
    const bool evicts =
        all.eviction_policy() == "allkeys-lru" || all.eviction_policy() == "allkeys-lfu";
    for (auto& [index, of] : of_) {
      const pattern_state& pattern = all.patterns()[index];
      if (all.role_of(pattern) != key_role::value || !all.is_cache_aside(pattern)) continue;
      stores += of.bad.opportunities;
      if (of.bad.count == 0 || is_denied(of, all)) continue;
      without += of.bad.count;
      out.found(judged(pattern, of, evicts));
    }
    const auto status = without > 0  ? coverage_line::status::fail
                        : stores > 0 ? coverage_line::status::pass
                                     : coverage_line::status::not_exercised;
    out.covered(id(), status,
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
  static bool is_denied(seen& of, const rule_context& all) {
    bool denied = false;
    for (const std::string& key : of.bad.keys()) {
      const auto pttl = all.pttl_at_end(key);
      if (pttl && *pttl == -1) ++of.confirmed;
      if (pttl && *pttl >= 0) denied = true;
    }
    return denied && of.confirmed == 0;
  }

  finding judged(const pattern_state& pattern, const seen& of, bool evicts) const {
    finding made = finding_of(id(), pattern, of.bad);
    const bool ends_inside = of.refreshes >= refreshes_min;
    made.how_bad = evicts || ends_inside ? severity::warning : severity::error;
    made.how_sure = of.confirmed > 0              ? confidence::proof
                    : of.bad.count >= strong_from ? confidence::strong
                                                  : confidence::suspected;
    made.message = in_words(of.bad.count) + " of " +
                   counted(of.bad.opportunities, "store", "stores") + " after a miss set no TTL";
    if (of.confirmed > 0) made.message += "; the server confirmed it";
    made.message += '.';
    if (ends_inside) {
      made.message +=
          " The values seem to carry an end of their own inside, as they were stored "
          "again while they were there; Redis keeps them for ever all the same.";
    } else if (evicts) {
      made.message +=
          " The server evicts what is used least"
          ", so memory is bounded; a wrong value still has no end.";
    }
    return made;
  }

  per_pattern<seen> of_;
};

}  // namespace

std::unique_ptr<rule> make_c301() { return std::make_unique<value_no_ttl>(); }

}  // namespace drover::audit
