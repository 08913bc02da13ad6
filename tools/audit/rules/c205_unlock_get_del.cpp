// SPDX-License-Identifier: MIT
// C205: a lock is released by GET, a comparison in the application, and DEL.
#include <memory>

#include "audit/rules/lock_holds.hpp"

namespace drover::audit {
namespace {

/// Waiters that read the lock while they poll also come before a DEL: with this share of reads for
/// each DEL and more, it takes the same connection to tell.
constexpr double polls_for_each = 2.0;
constexpr std::uint64_t cases_min = 2;

class unlock_get_del final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C205"; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& what, const key_state& lock,
                    const rule_context& all) override {
    if (!was_released(what)) return;
    tally& seen = of_[*lock.pattern];
    ++seen.releases;
    if (what.end.kind != lock_hold::ending::removed) return;
    ++seen.pairs.opportunities;
    const std::optional<op_summary>& read = what.end.read_before;
    if (!read || !(read->value == what.won.value)) return;
    if (read->connection == what.end.command->connection &&
        !all.connections().is_multiplexed(read->connection)) {
      ++seen.same_connection;
    }
    const moment gap = what.end.command->sent - read->done;
    seen.pairs.add(static_cast<double>(gap.count()), [&] {
      return proof_of_lock_hold(
          all, what, lock, what.end.command->done,
          "The lock was read, and " + in_words(gap) +
              " later deleted: in between it may end and be taken by another.");
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t releases = 0;
    std::uint64_t bad = 0;
    for (auto& [index, seen] : of_) {
      const pattern_state& lock = all.patterns()[index];
      if (all.role_of(lock) != key_role::lock) continue;
      releases += seen.releases;
      if (!is_found(lock, seen)) continue;
      bad += seen.pairs.count;
      finding made = finding_of(id(), lock, seen.pairs);
      made.how_bad = severity::warning;
      made.how_sure = confidence::strong;
      made.message =
          in_words(seen.pairs.count) + " of " + counted(seen.pairs.opportunities, "DEL", "DELs") +
          " of " + lock_in_words(all, lock) + " came after a GET that returned the token; up " +
          "to " + in_words(moment{static_cast<std::int64_t>(seen.pairs.worst())}) + " lay between.";
      out.found(std::move(made));
    }
    out.covered(
        id(), status_of(bad, releases),
        counted(releases, "release", "releases") + ", " + in_words(bad) + " by GET and then DEL");
  }

 private:
  struct tally {
    cases pairs;
    std::uint64_t releases = 0;
    std::uint64_t same_connection = 0;
  };

  static bool is_found(const pattern_state& lock, const tally& seen) {
    if (seen.pairs.count < cases_min || 2 * seen.pairs.count < seen.pairs.opportunities) {
      return false;
    }
    const bool is_polled = static_cast<double>(lock.counts.hits) >
                           polls_for_each * static_cast<double>(seen.pairs.opportunities);
    return !is_polled || 2 * seen.same_connection >= seen.pairs.opportunities;
  }

  per_pattern<tally> of_;
};

}  // namespace

std::unique_ptr<rule> make_c205() { return std::make_unique<unlock_get_del>(); }

}  // namespace drover::audit
