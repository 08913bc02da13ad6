// SPDX-License-Identifier: MIT
// C302: a value is stored with one command and gets its TTL with a second one.
#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c302_text{
    .id = "C302",
    .name = "ttl-by-second-command",
    .usual_severity = severity::warning,
    .summary = "A value is stored with one command and gets its TTL with a second one.",
    .why =
        "A process that dies or loses its connection between the two commands leaves a value that "
        "never expires. It also costs one more round trip.",
    .left_alone = "pairs in one MULTI, one pipeline or one script.",
    .exercised_by = "a value that is stored after a miss and gets a TTL",
    .advice = "Use SET with PX. For hashes use HSETEX, or HSET and PEXPIRE in one MULTI.",
    .fix =
        "Store the value and its TTL in one step: `SET <key> <value> PX <ms>` for strings. For "
        "hashes use HSETEX if the server has it; otherwise put HSET and PEXPIRE into one "
        "MULTI/EXEC.",
    .caching_rules = "8",
};

/// A single case may be a value that was stored without a TTL on purpose and got one by hand.
constexpr std::uint64_t two_steps_min = 2;

class ttl_by_second_command final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c302_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::settled_stores; }

  void on_settled_store(const settled_store& settled, const key_state& key,
                        const rule_context& context) override {
    if (settled.store.outcome != op_outcome::yes || settled.ttl.source == ttl_source::none) return;
    cases& bad = cases_[*key.pattern];
    ++bad.opportunities;
    if (settled.ttl.source != ttl_source::later || !settled.ttl.expire) return;
    const moment gap = settled.ttl.expire->sent - settled.store.done;
    bad.add(static_cast<double>(gap.count()), [&] {
      return proof_of(context, key, settled.store.sent, settled.ttl.expire->done,
                      "Without a TTL for " + in_words(gap) + ": " +
                          std::string{settled.store.command} + ", then " +
                          std::string{settled.ttl.expire->command} + " in a separate round trip.");
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { cases_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t stores = 0;
    std::uint64_t split = 0;
    for (auto& [index, bad] : cases_) {
      const pattern_state& pattern = context.patterns()[index];
      if (context.role_of(pattern) != key_role::value) continue;
      stores += bad.opportunities;
      if (bad.count < two_steps_min) continue;
      split += bad.count;
      finding result = finding_of(id(), pattern, bad);
      result.severity = severity::warning;
      result.confidence = confidence::proof;
      result.message = in_words(bad.count) + " of " +
                       counted(bad.opportunities, "store", "stores") +
                       " got the TTL in a second round trip; the longest gap was " +
                       in_words(moment{static_cast<std::int64_t>(bad.worst())}) + '.';
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(split, stores),
                     stores == 0 ? "no value was stored with a TTL"
                                 : counted(stores, "store", "stores") + " with a TTL, " +
                                       in_words(split) + " in two steps");
  }

 private:
  per_pattern<cases> cases_;
};

}  // namespace

rule_definition c302() { return {c302_text, {}, make_rule<ttl_by_second_command>}; }

}  // namespace drover::audit
