// SPDX-License-Identifier: MIT
// C304: a SET without a TTL replaced a value that had one.
#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c304_text{
    .id = "C304",
    .name = "ttl-dropped",
    .usual_severity = severity::info,
    .severity_note = "warning for values that are stored after misses",
    .summary = "A SET without a TTL replaced a value that had one.",
    .why =
        "SET removes the TTL of the key. The value was supposed to expire, and now it does not. "
        "The fault is usually noticed weeks later, when a stale value is found.",
    .left_alone = "KEEPTTL; keys that are always stored without a TTL (C301).",
    .exercised_by = "a value with a TTL that is stored again",
    .advice = "Use SET ... KEEPTTL, or set the TTL again.",
    .fix =
        "Find the code that updates the value without a TTL, and give it one: `SET <key> <value> "
        "PX <ms>`, or KEEPTTL if the first TTL should continue.",
    .caching_rules = "8",
};

class ttl_dropped final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c304_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::settled_stores; }

  void on_settled_store(const settled_store& settled, const key_state& key,
                        const rule_context& context) override {
    if (settled.store.outcome != op_outcome::yes || settled.store.part) return;
    cases& bad = cases_[*key.pattern];
    // Each store that sets, keeps or drops a TTL had the opportunity to drop one.
    if (settled.dropped_ttl || settled.kept || settled.ttl.source != ttl_source::none) {
      ++bad.opportunities;
    }
    if (!settled.dropped_ttl) return;
    bad.add(0, [&] {
      return proof_of(
          context, key, settled.store.sent, settled.store.done,
          "The key had a TTL, and has none after this " + std::string{settled.store.command} + '.',
          {}, {{key.ref, settled.store}});
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { cases_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t stores = 0;
    std::uint64_t dropped = 0;
    for (auto& [index, bad] : cases_) {
      const pattern_state& pattern = context.patterns()[index];
      const key_role role = context.role_of(pattern);
      if (role != key_role::value && role != key_role::other) continue;
      stores += bad.opportunities;
      if (bad.count == 0) continue;
      dropped += bad.count;
      finding result = finding_of(id(), pattern, bad);
      result.severity = context.is_cache_aside(pattern) && role == key_role::value
                            ? severity::warning
                            : severity::info;
      result.confidence = confidence::proof;
      result.message = counted(bad.count, "store", "stores") +
                       " without a TTL or KEEPTTL removed the TTL of a key.";
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(dropped, stores),
                     stores == 0 ? "no key with a TTL was stored"
                                 : counted(stores, "store", "stores") + " of keys with a TTL, " +
                                       in_words(dropped) + " dropped it");
  }

 private:
  per_pattern<cases> cases_;
};

}  // namespace

rule_definition c304() { return {c304_text, {}, make_rule<ttl_dropped>}; }

}  // namespace drover::audit
