// SPDX-License-Identifier: MIT
// C302: a value is stored with one command and gets its TTL with a second one.
#include <memory>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {
namespace {

/// Once may be a value that was stored on purpose without a TTL, and given one by hand.
constexpr std::uint64_t two_steps_min = 2;

class ttl_by_second_command final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C302"; }
  [[nodiscard]] interest::bits wants() const override { return interest::settled_stores; }

  void on_settled_store(const settled_store& what, const key_state& key,
                        const rule_context& all) override {
    if (what.store.outcome != op_outcome::yes || what.ttl.source == ttl_source::none) return;
    cases& bad = of_[*key.pattern];
    ++bad.opportunities;
    if (what.ttl.source != ttl_source::later || !what.ttl.expire) return;
    const moment gap = what.ttl.expire->sent - what.store.done;
    bad.add(static_cast<double>(gap.count()), [&] {
      return proof_of(all, key, what.store.sent, what.ttl.expire->done,
                      "Without a TTL for " + in_words(gap) + ": " +
                          std::string{what.store.command} + ", and then " +
                          std::string{what.ttl.expire->command} + " in a round trip of its own.");
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t stores = 0;
    std::uint64_t split = 0;
    for (auto& [index, bad] : of_) {
      const pattern_state& pattern = all.patterns()[index];
      if (all.role_of(pattern) != key_role::value) continue;
      stores += bad.opportunities;
      if (bad.count < two_steps_min) continue;
      split += bad.count;
      finding made = finding_of(id(), pattern, bad);
      made.how_bad = severity::warning;
      made.how_sure = confidence::proof;
      made.message = in_words(bad.count) + " of " + counted(bad.opportunities, "store", "stores") +
                     " got the TTL in a second round trip; the longest gap was " +
                     in_words(moment{static_cast<std::int64_t>(bad.worst())}) + '.';
      out.found(std::move(made));
    }
    const auto status = split > 0    ? coverage_line::status::fail
                        : stores > 0 ? coverage_line::status::pass
                                     : coverage_line::status::not_exercised;
    out.covered(id(), status,
                stores == 0 ? "no value was stored with a TTL"
                            : counted(stores, "store", "stores") + " with a TTL, " +
                                  in_words(split) + " in two steps");
  }

 private:
  per_pattern<cases> of_;
};

}  // namespace

std::unique_ptr<rule> make_c302() { return std::make_unique<ttl_by_second_command>(); }

}  // namespace drover::audit
