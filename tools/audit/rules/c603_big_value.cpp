// SPDX-License-Identifier: MIT
// C603: values of 100 KB or more are stored or read.
#include <algorithm>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c603_text{
    .id = "C603",
    .name = "big-value",
    .usual_severity = severity::info,
    .severity_note = "warning from 1 MB",
    .summary = "Values of 100 KB or more are stored or read.",
    .why =
        "Redis and the connection are busy with the value while all other clients wait. With many "
        "readers of one such key, the network is saturated before the server is.",
    .left_alone = "values under 100 KB.",
    .exercised_by = "values that are stored or read",
    .advice = "Compress the value, split it, or store only the fields that are read.",
    .fix =
        "Store only the fields that readers use. Compress values larger than about 10 KB. Split "
        "lists into pages with one key each. Add a size limit to the code that stores, and count "
        "the values that exceed it.",
    .caching_rules = "12",
};

constexpr std::uint64_t info_from = 100'000;
constexpr std::uint64_t warning_from = 1'000'000;

class big_value final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c603_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::ops(op_kind::store) | interest::ops(op_kind::acquire);
  }

  void on_op(const op& operation, const key_state& key, const rule_context& context) override {
    if (operation.value.length < info_from || operation.outcome == op_outcome::failed) return;
    cases& big = cases_[*key.pattern];
    big.add(static_cast<double>(operation.value.length), [&] {
      return proof_of(context, key, operation.sent, operation.done,
                      "A value of " + bytes_in_words(operation.value.length) + " was stored.", {},
                      {{key.ref, op_summary(operation)}});
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { cases_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t longest = 0;
    std::uint64_t judged = 0;
    bool failed = false;
    for (const pattern_state& pattern : context.patterns()) {
      if (context.role_of(pattern) == key_role::ignored) continue;
      if (pattern.counts.reads() + pattern.counts.stores + pattern.counts.won == 0) continue;
      ++judged;
      longest = std::max(longest, pattern.longest_value);
      if (pattern.longest_value < info_from) continue;
      failed = true;
      out.add_finding(finding_for(pattern));
    }
    out.add_coverage(id(), status_of(failed, judged),
                     judged == 0 ? "nothing was stored or read"
                                 : "the longest value has " + bytes_in_words(longest));
  }

 private:
  finding finding_for(const pattern_state& pattern) {
    cases& big = cases_[pattern];
    finding result = finding_of(id(), pattern, big);
    if (result.keys.empty()) result.keys = {pattern.first_key};
    result.count = std::max<std::uint64_t>(result.count, 1);
    result.opportunities = std::max(result.count, pattern.counts.stores + pattern.counts.won);
    result.severity = pattern.longest_value >= warning_from ? severity::warning : severity::info;
    result.confidence = confidence::proof;
    result.message = "The longest value has " + bytes_in_words(pattern.longest_value) + "; " +
                     counted(big.count, "store", "stores") + " of " + bytes_in_words(info_from) +
                     " or more, " + counted(pattern.counts.hits, "hit", "hits") +
                     " of the pattern.";
    return result;
  }

  per_pattern<cases> cases_;
};

}  // namespace

rule_definition c603() { return {c603_text, {}, make_rule<big_value>}; }

}  // namespace drover::audit
