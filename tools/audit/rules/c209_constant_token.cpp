// SPDX-License-Identifier: MIT
// C209: each acquisition writes the same token into the lock.
#include <memory>

#include "audit/rules/lock_holds.hpp"

namespace drover::audit {
namespace {

constexpr std::uint64_t same_tenures_min = 3;

class constant_token final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C209"; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& what, const key_state& lock,
                    const rule_context& all) override {
    // By script a token may be that of a thread that may enter again, as Redisson's.
    if (what.won.in_script || what.won.value.length == 0) return;
    tally& seen = of_[*lock.pattern];
    ++seen.lock_holds;
    if (seen.lock_holds == 1) {
      seen.token = what.won.value;
    } else if (!(seen.token == what.won.value)) {
      seen.varies = true;
    }
    if (seen.varies) return;
    seen.same.add(static_cast<double>(seen.lock_holds), [&] {
      // From the acquisition on: that is where the token is.
      return proof_of(
          all, lock, what.won.sent, what.end.command ? what.end.command->done : what.won.done,
          seen.lock_holds == 1
              ? "The first acquisition with this token."
              : "The token is the same as that of the " +
                    counted(seen.lock_holds - 1, "acquisition", "acquisitions") + " before.",
          what.value.key);
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t lock_holds = 0;
    std::uint64_t bad = 0;
    for (auto& [index, seen] : of_) {
      const pattern_state& lock = all.patterns()[index];
      if (all.role_of(lock) != key_role::lock || seen.lock_holds < same_tenures_min) continue;
      lock_holds += seen.lock_holds;
      if (seen.varies) continue;
      bad += seen.lock_holds;
      finding made = finding_of(id(), lock, seen.same);
      made.how_bad = severity::warning;
      made.how_sure = confidence::proof;
      made.message = "All " + counted(seen.lock_holds, "acquisition", "acquisitions") + " of " +
                     lock_in_words(all, lock) + " wrote one token of " +
                     bytes_in_words(seen.token.length) + '.';
      out.found(std::move(made));
    }
    out.covered(id(), status_of(bad, lock_holds),
                lock_holds == 0 ? "fewer than three acquisitions of any lock"
                                : counted(lock_holds, "acquisition", "acquisitions") + ", " +
                                      in_words(bad) + " with one token for all");
  }

 private:
  struct tally {
    std::uint64_t lock_holds = 0;
    digest token;
    bool varies = false;
    cases same;
  };
  per_pattern<tally> of_;
};

}  // namespace

std::unique_ptr<rule> make_c209() { return std::make_unique<constant_token>(); }

}  // namespace drover::audit
