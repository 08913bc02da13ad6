// SPDX-License-Identifier: MIT
// C102: a caller that waited for the lock loads again what was stored while it waited. The store is
// the proof: had it read again, it would have had a hit.
#include <algorithm>
#include <memory>

#include "audit/rules/herds.hpp"

namespace drover::audit {
namespace {

/// Whoever takes the lock later than this after the store may have a reason of its own: 150 ms are
/// more than the usual retry pauses (25 to 100 ms); slower ones by three of their own pauses.
constexpr moment soon = std::chrono::milliseconds(150);
constexpr int retry_gaps = 3;
constexpr std::uint64_t error_min = 2;

class no_double_check final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C102"; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& what, const key_state& lock,
                    const rule_context& all) override {
    stored& before = last_[lock.ref];
    bool again = false;
    if (before.value.is_set() && waited_for(before, what)) {
      cases& seen = of_[*lock.pattern];
      ++seen.opportunities;
      again = loaded_again(before, what);
      if (again) note(before, what, lock, all, seen);
    }
    // What comes after this one is judged by its store.
    const moment earlier = again || !before.value.is_set() ? before.earlier : before.store.done;
    before = {};
    before.earlier = earlier;
    const bool released = what.end.kind == lock_hold::ending::removed ||
                          what.end.kind == lock_hold::ending::compare_removed ||
                          what.end.kind == lock_hold::ending::release_unseen;
    if (what.value.stores.empty() || !released) return;
    before.value = what.value.stores.front().key;
    before.store = what.value.stores.front().store;
    before.won = what.won;
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t waited = 0;
    std::uint64_t again = 0;
    for (auto& [index, seen] : of_) {
      const pattern_state& lock = all.patterns()[index];
      if (all.role_of(lock) != key_role::lock) continue;
      if (lock.paired && is_written_like_a_session(all.patterns()[*lock.paired])) continue;
      waited += seen.opportunities;
      again += seen.count;
      if (seen.count > 0) report(lock, seen, all, out);
    }
    const auto status = again > 0    ? coverage_line::status::fail
                        : waited > 0 ? coverage_line::status::pass
                                     : coverage_line::status::not_exercised;
    out.covered(id(), status,
                waited == 0 ? "nobody who had lost a lock took it right after the store"
                            : counted(waited, "caller", "callers") +
                                  " took the lock after having waited for it, " + in_words(again) +
                                  " loaded again");
  }

 private:
  struct stored {
    key_ref value;
    op_summary store;
    op_summary won;
    moment earlier{};  ///< the store before those of this queue was done
  };

  /// It had lost the lock before the store, and took it soon after.
  static bool waited_for(const stored& before, const lock_hold& what) {
    if (!what.retry.last_loss || what.retry.last_loss->sent >= before.store.sent) return false;
    // It waited for the value, and did not just want to refresh it; and the value was not gone
    // again, when loading would be right.
    if (!what.value.missed || what.value.missed->sent < before.earlier) return false;
    if (what.value.missed->sent >= before.store.done) return false;
    const moment after = what.won.sent - before.store.done;
    return after >= moment::zero() && after <= std::max(soon, retry_gaps * what.retry.gap);
  }

  static bool loaded_again(const stored& before, const lock_hold& what) {
    if (what.value.looked_again_here || what.value.missed_again || what.value.stores.empty())
      return false;
    const load& own = what.value.stores.front();
    return own.key == before.value && own.store.condition == store_condition::none;
  }

  static void note(const stored& before, const lock_hold& what, const key_state& lock,
                   const rule_context& all, cases& seen) {
    const load& own = what.value.stores.front();
    const moment took = own.store.done - what.won.done;
    seen.add(static_cast<double>(took.count()), [&] {
      const key_state* const value = all.find(before.value);
      return proof_of(all, value == nullptr ? lock : *value, before.won.sent, own.store.done,
                      "The lock was taken " + in_words(what.won.sent - before.store.done) +
                          " after the value had been stored, by a caller that had lost it " +
                          "before; " + in_words(took) + " later it stored the value once more.",
                      lock.ref);
    });
  }

  void report(const pattern_state& lock, const cases& seen, const rule_context& all,
              verdicts& out) const {
    const pattern_state& shown = lock.paired ? all.patterns()[*lock.paired] : lock;
    finding made = finding_of(id(), shown, seen);
    made.how_bad = seen.count >= error_min ? severity::error : severity::warning;
    made.how_sure = seen.count >= error_min ? confidence::proof : confidence::strong;
    made.message = in_words(seen.count) + " of " +
                   counted(seen.opportunities, "caller", "callers") + " that took the lock " +
                   lock.text +
                   " after waiting for it loaded a value that "
                   "had been stored meanwhile.";
    out.found(std::move(made));
  }

  per_pattern<cases> of_;
  per_key<stored> last_;
};

}  // namespace

std::unique_ptr<rule> make_c102() { return std::make_unique<no_double_check>(); }

}  // namespace drover::audit
