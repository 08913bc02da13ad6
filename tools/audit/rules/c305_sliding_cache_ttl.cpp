// SPDX-License-Identifier: MIT
// C305: reading a cached value extends its TTL.
#include <algorithm>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c305_text{
    .id = "C305",
    .name = "sliding-cache-ttl",
    .usual_severity = severity::warning,
    .summary = "Reading a cached value extends its TTL.",
    .why =
        "A hot key never expires, so it is never loaded again: the values that are read most are "
        "the oldest. It also costs a write for each read.",
    .left_alone = "sessions, tokens, presence: entries that should live as long as they are used.",
    .exercised_by = "a value that is read several times within its TTL",
    .advice = "Use a fixed TTL that starts at the store. Extend the TTL of sessions only.",
    .fix =
        "Remove the EXPIRE (or GETEX with a TTL) from the read path. Set the TTL only when the "
        "value is stored. If hot values must not become cold, refresh them in the background "
        "before they expire, one caller at a time.",
    .caching_rules = "8",
};

/// An EXPIRE within this time after a read belongs to the same request.
constexpr moment same_request = std::chrono::milliseconds{100};
/// The least share of hits that are followed by an EXPIRE. A smaller share is a policy of the
/// application, such as "hot keys live longer".
constexpr double extensions_share_min = 0.5;
/// A value that is older than this many TTLs and was never stored again is kept alive by reads. The
/// last extension before the traffic ended may add one TTL.
constexpr int ages_min = 3;
/// Fewer extensions of one key may be a coincidence.
constexpr std::uint64_t extensions_min = 3;

class sliding_cache_ttl final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c305_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::ops(op_kind::expire); }

  void on_op(const op& operation, const key_state& key, const rule_context& context) override {
    if (operation.outcome != op_outcome::yes || operation.on_ttl != ttl_effect::set) return;
    if (!key.last_hit || !key.last_store) return;
    const bool same_flow = key.last_hit->connection == operation.connection ||
                           (operation.process != 0 && key.last_hit->process == operation.process);
    if (!same_flow || operation.sent - key.last_hit->sent > same_request) return;
    key_extensions& extensions = extensions_[key.ref];
    if (extensions.store != key.last_store->sequence) {
      extensions = {};
      extensions.store = key.last_store->sequence;
      extensions.hits_before = key.counts.hits > 0 ? key.counts.hits - 1 : 0;
    }
    ++extensions.count;
    ++tallies_[*key.pattern].extensions;
    const std::uint64_t hits = key.counts.hits - extensions.hits_before;
    const moment age = operation.sent - key.last_store->done;
    if (extensions.count < extensions_min || age <= ages_min * operation.ttl ||
        static_cast<double>(extensions.count) < extensions_share_min * static_cast<double>(hits) ||
        extensions.reported) {
      return;
    }
    extensions.reported = true;
    tallies_[*key.pattern].bad.add(static_cast<double>(age.count()), [&] {
      return proof_of(context, key, operation.sent - 2 * operation.ttl, operation.done,
                      "Stored " + in_words(age) + " ago with a TTL of " + in_words(operation.ttl) +
                          ", extended " + in_words(extensions.count) + " times in " +
                          in_words(hits) + " reads, and never loaded again.",
                      {}, {{key.ref, *key.last_store}, {key.ref, op_summary(operation)}});
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t failed = 0;
    std::uint64_t extended = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      if (!is_judged(pattern, context)) continue;
      extended += tally.extensions;
      if (tally.bad.count == 0) continue;
      failed += tally.bad.count;
      finding result = finding_of(id(), pattern, tally.bad);
      result.opportunities = std::max(pattern.keys, tally.bad.count);
      result.severity = severity::warning;
      result.confidence = confidence::strong;
      result.message = counted(tally.bad.count, "key", "keys") +
                       " outlived three TTLs, because reads extend the TTL; the oldest value was " +
                       in_words(moment{static_cast<std::int64_t>(tally.bad.worst())}) + " old.";
      out.add_finding(std::move(result));
    }
    std::uint64_t hits = 0;
    for (const pattern_state& pattern : context.patterns()) {
      if (is_judged(pattern, context)) hits += pattern.counts.hits;
    }
    std::string detail = counted(hits, "hit", "hits") + " of cached values, " + in_words(extended) +
                         " extended a TTL";
    if (failed > 0) {
      detail += "; " + counted(failed, "key was", "keys were") + " kept alive by reads";
    } else if (extended > 0) {
      detail += ", but no value got older than three TTLs";
    }
    // Reads that extended a TTL without keeping a value alive prove neither a pass nor a fault.
    out.add_coverage(id(), status_of(failed, extended > 0 ? 0 : hits),
                     failed == 0 && hits == 0 ? "no cached value was read" : std::move(detail));
  }

 private:
  struct key_extensions {
    std::uint64_t store = 0;  ///< sequence number of the store before them
    std::uint64_t hits_before = 0;
    std::uint64_t count = 0;
    bool reported = false;
  };

  struct pattern_tally {
    cases bad;
    std::uint64_t extensions = 0;

    void merge(const pattern_tally& other) {
      bad.merge(other.bad);
      extensions += other.extensions;
    }
  };

  static bool is_judged(const pattern_state& pattern, const rule_context& context) {
    return context.role_of(pattern) == key_role::value && context.is_cache_aside(pattern) &&
           !looks_like_session(pattern.text);
  }

  per_key<key_extensions> extensions_;
  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c305() { return {c305_text, {}, make_rule<sliding_cache_ttl>}; }

}  // namespace drover::audit
