// SPDX-License-Identifier: MIT
// C402: a value is read, changed in the application and written back, while others do the same.
#include <algorithm>
#include <memory>
#include <set>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {
namespace {

/// Changing a value takes the application no longer; what takes longer is a load.
constexpr moment change_max = std::chrono::milliseconds{50};
/// From this part of the load time on, hit and store may as well be a refresh.
constexpr double load_part = 0.3;
/// A cache is read more often than stored; what is stored nearly as often as read is state.
constexpr double stores_share_min = 0.4;
/// Seen once it may be two answers that crossed.
constexpr std::uint64_t lost_min = 2;
/// So many rounds by two or more connections show the shape, though nothing was lost yet.
constexpr std::uint64_t latent_min = 5;

class lost_update final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C402"; }
  [[nodiscard]] interest::bits wants() const override { return interest::refreshes; }

  void on_refresh(const refresh& what, const key_state& key, const rule_context& all) override {
    if (!what.last_hit || what.last_hit->connection != what.store.connection) return;
    if (all.connections().is_multiplexed(what.store.connection)) return;
    if (what.store.watched || what.store.in_script || what.store.part ||
        what.store.condition != store_condition::none) {
      ++of_[*key.pattern].guarded;
      return;
    }
    if (what.store.transaction != 0 && what.store.transaction == what.last_hit->transaction) return;
    const moment gap = what.store.sent - what.last_hit->done;
    const moment delta = all.delta_of(*key.pattern);
    const bool may_be_load =
        delta > moment{0} &&
        static_cast<double>(gap.count()) >= load_part * static_cast<double>(delta.count());
    if (gap > change_max || may_be_load) return;

    seen& of = of_[*key.pattern];
    ++of.lost.opportunities;
    if (of.writers.size() < 2) of.writers.insert(what.store.connection);
    if (!what.last_store || what.last_store->connection == what.store.connection) return;
    const op_summary& other = *what.last_store;
    if (other.sent < what.last_hit->done || other.done > what.store.sent) return;
    of.lost.add(static_cast<double>(gap.count()), [&] {
      return proof_of(all, key, what.last_hit->sent, what.store.done,
                      "Read, then stored by another, then overwritten " +
                          in_words(what.store.sent - other.done) +
                          " later by what came of the first read.");
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t rounds = 0;
    std::uint64_t lost = 0;
    std::uint64_t guarded = 0;
    bool latent = false;
    for (auto& [index, of] : of_) {
      const pattern_state& pattern = all.patterns()[index];
      const key_role role = all.role_of(pattern);
      if (role != key_role::value && role != key_role::other) continue;
      if (static_cast<double>(pattern.counts.stores) <=
          stores_share_min * static_cast<double>(pattern.counts.reads())) {
        continue;
      }
      rounds += of.lost.opportunities;
      guarded += of.guarded;
      if (of.lost.count >= lost_min) {
        lost += of.lost.count;
        out.found(observed(pattern, of));
      } else if (of.lost.opportunities >= latent_min && of.writers.size() > 1 &&
                 !looks_like_session(pattern.text)) {
        latent = true;
        out.found(possible(pattern, of));
      }
    }
    out.covered(id(),
                lost > 0 || latent      ? coverage_line::status::fail
                : rounds + guarded == 0 ? coverage_line::status::not_exercised
                                        : coverage_line::status::pass,
                rounds + guarded == 0
                    ? "no value was read and written back"
                    : counted(rounds, "value was", "values were") + " read and written back, " +
                          in_words(lost) + " of them over another's; " +
                          counted(guarded, "write was", "writes were") + " atomic or guarded");
  }

 private:
  struct seen {
    cases lost;
    std::uint64_t guarded = 0;
    std::set<std::uint64_t> writers;  ///< two are enough to know
  };

  finding observed(const pattern_state& pattern, const seen& of) const {
    finding made = finding_of(id(), pattern, of.lost);
    made.how_bad = severity::error;
    made.how_sure = confidence::strong;
    made.message = in_words(of.lost.count) + " of " +
                   counted(of.lost.opportunities, "write-back", "write-backs") +
                   " overwrote what another had stored since the read.";
    return made;
  }

  finding possible(const pattern_state& pattern, const seen& of) const {
    finding made = finding_of(id(), pattern, of.lost);
    made.how_bad = severity::info;
    made.how_sure = confidence::suspected;
    made.keys = {pattern.first_key};
    made.message = counted(of.lost.opportunities, "write-back", "write-backs") +
                   " after a read, by more than one connection and without WATCH or a script; " +
                   (of.lost.count == 0 ? "none" : in_words(of.lost.count)) +
                   " of them crossed another in this run.";
    return made;
  }

  per_pattern<seen> of_;
};

}  // namespace

std::unique_ptr<rule> make_c402() { return std::make_unique<lost_update>(); }

}  // namespace drover::audit
