// SPDX-License-Identifier: MIT
// C102: a caller that waited for the lock loads a value that was stored while it waited. The store
// proves it: a second read would have been a hit.
#include <algorithm>

#include "audit/rules/coverage.hpp"
#include "audit/rules/herds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c102_text{
    .id = "C102",
    .name = "no-double-check",
    .usual_severity = severity::error,
    .severity_note = "warning if it was seen once",
    .summary = "A caller that waited for the lock loads a value that was stored while it waited.",
    .why =
        "The lock turns the stampede into a queue: every waiter takes the lock in turn and loads a "
        "value that is already stored. The origin does all the work anyway, and the last caller "
        "waits for all earlier loads.",
    .left_alone =
        "refreshes of a value that is still stored, holders that never waited, an acquisition long "
        "after the store.",
    .exercised_by = "a caller that lost the lock and takes it after the winner's store",
    .advice =
        "Read the value again right after taking the lock, and load it only if it is still "
        "missing.",
    .fix =
        "After taking the lock, and before loading anything, read the value again. If it is "
        "stored, release the lock and return the value. Add a test in which two callers miss at "
        "the same time and the second one gets the lock after the first one's store. The loader "
        "must have run once.",
    .caching_rules = "4",
};

constexpr library_setting c102_settings[] = {
    {"Redisson", "read the value again after `lock()`"},
    {"redsync", "read the value again after `mutex.Lock()`"},
    {"redlock (Node)", "read the value again inside `redlock.using(...)` or after `acquire`"},
    {"redlock-py", "read the value again after `lock()`"},
};

/// A caller that takes the lock later than this after the store may have another reason. 150 ms is
/// longer than the usual retry pauses (25 to 100 ms). For callers with longer pauses, the limit is
/// three pauses.
constexpr moment soon = std::chrono::milliseconds(150);
constexpr int retry_gaps = 3;
constexpr std::uint64_t error_min = 2;

class no_double_check final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c102_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& hold, const key_state& lock,
                    const rule_context& context) override {
    store_under_lock& before = last_stores_[lock.ref];
    bool is_repeat = false;
    if (before.value.is_set() && has_waited_for(before, hold)) {
      cases& repeated = cases_[*lock.pattern];
      ++repeated.opportunities;
      is_repeat = has_loaded_again(before, hold);
      if (is_repeat) note(before, hold, lock, context, repeated);
    }
    // The next lock hold is compared with the store of this one.
    const moment earlier = is_repeat || !before.value.is_set() ? before.earlier : before.store.done;
    before = {};
    before.earlier = earlier;
    const bool released = hold.end.kind == lock_hold::ending::removed ||
                          hold.end.kind == lock_hold::ending::compare_removed ||
                          hold.end.kind == lock_hold::ending::release_unseen;
    if (hold.value.stores.empty() || !released) return;
    before.value = hold.value.stores.front().key;
    before.store = hold.value.stores.front().store;
    before.won = hold.won;
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { cases_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t waited = 0;
    std::uint64_t repeats = 0;
    for (auto& [index, repeated] : cases_) {
      const pattern_state& lock = context.patterns()[index];
      if (context.role_of(lock) != key_role::lock) continue;
      if (lock.paired && is_written_like_a_session(context.patterns()[*lock.paired])) continue;
      waited += repeated.opportunities;
      repeats += repeated.count;
      if (repeated.count > 0) report(lock, repeated, context, out);
    }
    out.add_coverage(id(), status_of(repeats, waited),
                     waited == 0 ? "no caller took a lock it had lost right after the store"
                                 : counted(waited, "caller", "callers") +
                                       " took the lock after waiting for it, " + in_words(repeats) +
                                       " loaded again");
  }

 private:
  struct store_under_lock {
    key_ref value;
    op_summary store;
    op_summary won;
    /// When the last store before this queue of callers was done.
    moment earlier{};
  };

  /// Whether the caller had lost the lock before the store, and took it soon after.
  static bool has_waited_for(const store_under_lock& before, const lock_hold& hold) {
    if (!hold.retry.last_loss || hold.retry.last_loss->sent >= before.store.sent) return false;
    // The caller missed the value after the previous store, so it does not refresh it. The miss
    // came before this store was done. After a later miss the value had been deleted again, and
    // loading it would be correct.
    if (!hold.value.missed || hold.value.missed->sent < before.earlier) return false;
    if (hold.value.missed->sent >= before.store.done) return false;
    // The miss led to this wait, and the wait to this hold.
    if (hold.retry.first_loss - hold.value.missed->done > soon) return false;
    const moment pause = std::max(soon, retry_gaps * hold.retry.gap);
    if (hold.won.sent - hold.retry.last_loss->done > pause) return false;
    const moment after = hold.won.sent - before.store.done;
    return after >= moment::zero() && after <= pause;
  }

  static bool has_loaded_again(const store_under_lock& before, const lock_hold& hold) {
    if (hold.value.looked_again_at_once || hold.value.missed_again || hold.value.stores.empty())
      return false;
    const load& own = hold.value.stores.front();
    return own.key == before.value && own.store.condition == store_condition::none;
  }

  static void note(const store_under_lock& before, const lock_hold& hold, const key_state& lock,
                   const rule_context& context, cases& repeated) {
    const load& own = hold.value.stores.front();
    const moment load_time = own.store.done - hold.won.done;
    repeated.add(static_cast<double>(load_time.count()), [&] {
      const key_state* const value = context.find(before.value);
      return proof_of(
          context, value == nullptr ? lock : *value, before.won.sent, own.store.done,
          "The lock was taken " + in_words(hold.won.sent - before.store.done) +
              " after the value was stored, by a caller that had lost it " + "before; " +
              in_words(load_time) + " later the caller stored the value again.",
          lock.ref, {{lock.ref, hold.won}, {before.value, before.store}, {own.key, own.store}});
    });
  }

  void report(const pattern_state& lock, const cases& repeated, const rule_context& context,
              verdicts& out) const {
    const pattern_state& reported = lock.paired ? context.patterns()[*lock.paired] : lock;
    finding result = finding_of(id(), reported, repeated);
    result.severity = repeated.count >= error_min ? severity::error : severity::warning;
    result.confidence = repeated.count >= error_min ? confidence::proof : confidence::strong;
    result.message = in_words(repeated.count) + " of " +
                     counted(repeated.opportunities, "caller", "callers") + " that took the lock " +
                     lock.text + " after waiting for it loaded a value that was already stored.";
    out.add_finding(std::move(result));
  }

  per_pattern<cases> cases_;
  per_key<store_under_lock> last_stores_;
};

}  // namespace

rule_definition c102() { return {c102_text, c102_settings, make_rule<no_double_check>}; }

}  // namespace drover::audit
