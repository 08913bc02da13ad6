// SPDX-License-Identifier: MIT
// C603: values of 100 KB or more are stored or read.
#include <algorithm>
#include <memory>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {
namespace {

constexpr std::uint64_t info_from = 100'000;
constexpr std::uint64_t warning_from = 1'000'000;

class big_value final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C603"; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::of(op_kind::store) | interest::of(op_kind::acquire);
  }

  void on_op(const op& what, const key_state& key, const rule_context& all) override {
    if (what.value.length < info_from || what.outcome == op_outcome::failed) return;
    cases& big = of_[*key.pattern];
    big.add(static_cast<double>(what.value.length), [&] {
      return proof_of(all, key, what.sent, what.done,
                      "A value of " + bytes_in_words(what.value.length) + " was stored.");
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t longest = 0;
    std::uint64_t judged = 0;
    bool failed = false;
    for (const pattern_state& each : all.patterns()) {
      if (all.role_of(each) == key_role::ignored) continue;
      if (each.counts.reads() + each.counts.stores + each.counts.won == 0) continue;
      ++judged;
      longest = std::max(longest, each.longest_value);
      if (each.longest_value < info_from) continue;
      failed = true;
      out.found(found(each));
    }
    out.covered(id(),
                failed       ? coverage_line::status::fail
                : judged > 0 ? coverage_line::status::pass
                             : coverage_line::status::not_exercised,
                judged == 0 ? "nothing was stored or read"
                            : "the longest value has " + bytes_in_words(longest));
  }

 private:
  finding found(const pattern_state& pattern) {
    cases& big = of_[pattern];
    finding made = finding_of(id(), pattern, big);
    if (made.keys.empty()) made.keys = {pattern.first_key};
    made.count = std::max<std::uint64_t>(made.count, 1);
    made.opportunities = std::max(made.count, pattern.counts.stores + pattern.counts.won);
    made.how_bad = pattern.longest_value >= warning_from ? severity::warning : severity::info;
    made.how_sure = confidence::proof;
    made.message = "The longest value has " + bytes_in_words(pattern.longest_value) + "; " +
                   counted(big.count, "store", "stores") + " of " + bytes_in_words(info_from) +
                   " or more, " + counted(pattern.counts.hits, "hit", "hits") + " of the pattern.";
    return made;
  }

  per_pattern<cases> of_;
};

}  // namespace

std::unique_ptr<rule> make_c603() { return std::make_unique<big_value>(); }

}  // namespace drover::audit
