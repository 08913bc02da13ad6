// SPDX-License-Identifier: MIT
// C204: a lock is released by DEL, without looking whose it is.
#include <memory>

#include "audit/rules/lock_holds.hpp"

namespace drover::audit {
namespace {

/// Fewer than one in so many releases are an operator's, by hand.
constexpr std::uint64_t one_in = 10;

class unlock_plain_del final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C204"; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& what, const key_state& lock,
                    const rule_context& all) override {
    if (!was_released(what) || what.end.with_value) return;
    tally& seen = of_[*lock.pattern];
    ++seen.plain.opportunities;
    if (what.end.kind != lock_hold::ending::removed) return;
    if (what.end.by_other == lock_hold::other_remover::by_connection) ++seen.by_connection;
    if (what.end.by_other > lock_hold::other_remover::by_connection) ++seen.foreign;
    // A DEL with a GET of its own is another fault: C205.
    const bool looked =
        what.end.read_before && what.end.read_before->connection == what.end.command->connection;
    if (looked && what.end.by_other == lock_hold::other_remover::no) return;
    seen.plain.add(static_cast<double>(what.held().count()), [&] {
      return proof_of_lock_hold(all, what, lock, what.end.command->done,
                                std::string(what.end.command->command) + " released the lock " +
                                    in_words(what.held()) +
                                    " after it was won; it would have deleted anybody's.");
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t releases = 0;
    std::uint64_t bad = 0;
    for (auto& [index, seen] : of_) {
      const pattern_state& lock = all.patterns()[index];
      if (all.role_of(lock) != key_role::lock) continue;
      releases += seen.plain.opportunities;
      if (seen.plain.count == 0 || seen.plain.count * one_in < seen.plain.opportunities) continue;
      bad += seen.plain.count;
      if (!is_pooled(lock)) seen.foreign += seen.by_connection;
      finding made = finding_of(id(), lock, seen.plain);
      made.how_bad = seen.foreign > 0 ? severity::error : severity::warning;
      made.how_sure = confidence::proof;
      made.message = in_words(seen.plain.count) + " of " +
                     counted(seen.plain.opportunities, "release", "releases") + " of " +
                     lock_in_words(all, lock) + " were a plain DEL";
      if (seen.foreign > 0) {
        made.message += "; " + in_words(seen.foreign) + " of them deleted another holder's lock";
      }
      made.message += '.';
      out.found(std::move(made));
    }
    out.covered(id(), status_of(bad, releases),
                counted(releases, "release", "releases") + ", " + in_words(bad) + " by plain DEL");
  }

 private:
  struct tally {
    cases plain;
    std::uint64_t foreign = 0;
    std::uint64_t by_connection = 0;
  };
  per_pattern<tally> of_;
};

}  // namespace

std::unique_ptr<rule> make_c204() { return std::make_unique<unlock_plain_del>(); }

}  // namespace drover::audit
