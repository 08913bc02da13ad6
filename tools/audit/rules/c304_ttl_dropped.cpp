// SPDX-License-Identifier: MIT
// C304: a SET without TTL replaced a value that had one.
#include <memory>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {
namespace {

class ttl_dropped final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C304"; }
  [[nodiscard]] interest::bits wants() const override { return interest::settled_stores; }

  void on_settled_store(const settled_store& what, const key_state& key,
                        const rule_context& all) override {
    if (what.store.outcome != op_outcome::yes || what.store.part) return;
    cases& bad = of_[*key.pattern];
    // A store that gives a TTL, or keeps one, is a case in which it might have been dropped.
    if (what.dropped_ttl || what.kept || what.ttl.source != ttl_source::none) {
      ++bad.opportunities;
    }
    if (!what.dropped_ttl) return;
    bad.add(0, [&] {
      return proof_of(
          all, key, what.store.sent, what.store.done,
          "The key had a TTL, and has none since this " + std::string{what.store.command} + '.');
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t stores = 0;
    std::uint64_t dropped = 0;
    for (auto& [index, bad] : of_) {
      const pattern_state& pattern = all.patterns()[index];
      const key_role role = all.role_of(pattern);
      if (role != key_role::value && role != key_role::other) continue;
      stores += bad.opportunities;
      if (bad.count == 0) continue;
      dropped += bad.count;
      finding made = finding_of(id(), pattern, bad);
      made.how_bad = all.is_cache_aside(pattern) && role == key_role::value ? severity::warning
                                                                            : severity::info;
      made.how_sure = confidence::proof;
      made.message = counted(bad.count, "store", "stores") +
                     " without TTL or KEEPTTL took the TTL off a key that had one.";
      out.found(std::move(made));
    }
    const auto status = dropped > 0  ? coverage_line::status::fail
                        : stores > 0 ? coverage_line::status::pass
                                     : coverage_line::status::not_exercised;
    out.covered(id(), status,
                stores == 0 ? "no key with a TTL was stored"
                            : counted(stores, "store", "stores") + " of keys with a TTL, " +
                                  in_words(dropped) + " dropped it");
  }

 private:
  per_pattern<cases> of_;
};

}  // namespace

std::unique_ptr<rule> make_c304() { return std::make_unique<ttl_dropped>(); }

}  // namespace drover::audit
