// SPDX-License-Identifier: MIT
// C203: a lock is checked first and then set without NX. The engine reports no lock holds for it,
// since nothing proves which caller holds such a lock.
#include <algorithm>
#include <vector>

#include "audit/rules/coverage.hpp"
#include "audit/rules/lock_holds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c203_text{
    .id = "C203",
    .name = "check-then-act-lock",
    .usual_severity = severity::error,
    .summary = "A lock is checked first and then set without NX.",
    .why =
        "Two callers can both find the lock free and both set it. It only makes the race less "
        "likely, so the fault appears under load and not in tests.",
    .left_alone = "keys that are not named or used like locks.",
    .exercised_by = "a SET of a key with the name of a lock",
    .advice = "Let Redis decide in one step: SET key token NX PX ms, and check the reply.",
    .fix =
        "Replace the check (EXISTS or GET of the lock) and the plain SET by one `SET <lock> "
        "<random token> NX PX <ms>`. Only the caller that gets OK may load. Release the lock by "
        "compare-and-delete with the same token. Add a test in which two callers try at once and "
        "exactly one of them gets the lock.",
    .caching_rules = "3",
};

/// The longest time between a check and the SET that depends on it. Only one round trip lies
/// between them.
constexpr moment check_to_act = std::chrono::seconds(1);
/// The longest value of a lock, such as "1", "locked", a time or a token.
constexpr std::uint64_t token_bytes_max = 64;
constexpr std::size_t checks_max = 32;

class check_then_act_lock final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c203_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::ops(op_kind::exists) | interest::ops(op_kind::read) |
           interest::ops(op_kind::store) | interest::ops(op_kind::remove);
  }

  void on_op(const op& operation, const key_state& key, const rule_context& context) override {
    if (!key.pattern->lock_name && key.pattern->given_role != key_role::lock) return;
    switch (operation.kind) {
      case op_kind::exists:
      case op_kind::read:
        if (operation.outcome == op_outcome::no) add_check(operation, key);
        break;
      case op_kind::store: add_store(operation, key, context); break;
      case op_kind::remove: {
        state& lock_state = states_[key.ref];
        if (lock_state.holders > 0) {
          ++tallies_[*key.pattern].removed;
          --lock_state.holders;
        }
        break;
      }
      default: break;
    }
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t sets = 0;
    std::uint64_t bad = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& lock = context.patterns()[index];
      if (context.role_of(lock) != key_role::lock) continue;
      sets += tally.stores.opportunities;
      // If the lock is taken with NX elsewhere, these stores renew it.
      if (lock.counts.won + lock.counts.lost > 0) continue;
      if (tally.stores.count == 0 || (tally.removed == 0 && tally.second_holders == 0)) continue;
      bad += tally.stores.count;
      finding result = finding_of(id(), lock, tally.stores);
      result.severity = severity::error;
      result.confidence = tally.second_holders > 0 ? confidence::proof
                          : tally.checked > 0      ? confidence::strong
                                                   : confidence::suspected;
      result.message = lock.text + " was set without NX " +
                       counted(tally.stores.count, "time", "times") +
                       (tally.checked > 0 ? ", after a check" : "");
      if (tally.second_holders > 0) {
        result.message += "; " + counted(tally.second_holders, "time", "times") +
                          " by a second caller while the first still held it";
      }
      result.message += '.';
      out.add_finding(std::move(result));
    }
    std::uint64_t lock_holds = 0;
    for (const pattern_state& pattern : context.patterns()) {
      if (context.role_of(pattern) == key_role::lock) lock_holds += pattern.counts.won;
    }
    out.add_coverage(id(), status_of(bad, sets + lock_holds),
                     counted(sets, "plain SET", "plain SETs") +
                         " of a key with the name of a lock, " +
                         counted(lock_holds, "acquisition", "acquisitions") + " by NX or script");
  }

 private:
  struct lock_check {
    std::uint64_t connection = 0;
    std::uint32_t process = 0;
    moment sent{};
    moment done{};
  };
  struct state {
    std::vector<lock_check> checks;
    unsigned holders = 0;
    moment set_sent{};
    std::uint64_t set_by = 0;
  };
  struct pattern_tally {
    cases stores;
    std::uint64_t checked = 0;
    std::uint64_t removed = 0;
    std::uint64_t second_holders = 0;

    void merge(const pattern_tally& other) {
      stores.merge(other.stores);
      checked += other.checked;
      removed += other.removed;
      second_holders += other.second_holders;
    }
  };

  void add_check(const op& operation, const key_state& key) {
    std::vector<lock_check>& checks = states_[key.ref].checks;
    if (checks.size() >= checks_max) checks.erase(checks.begin());
    checks.push_back({operation.connection, operation.process, operation.sent, operation.done});
  }

  void add_store(const op& operation, const key_state& key, const rule_context& context) {
    if (operation.condition != store_condition::none || !operation.is_text || operation.part ||
        operation.in_script)
      return;
    if (operation.value.length > token_bytes_max || operation.outcome != op_outcome::yes) return;
    pattern_tally& tally = tallies_[*key.pattern];
    state& lock_state = states_[key.ref];
    ++tally.stores.opportunities;
    const auto own_check = std::find_if(
        lock_state.checks.rbegin(), lock_state.checks.rend(), [&](const lock_check& check) {
          return (check.connection == operation.connection || check.process == operation.process) &&
                 check.done <= operation.sent && operation.sent - check.done < check_to_act;
        });
    const bool was_checked = own_check != lock_state.checks.rend();
    // Another caller set the lock between this caller's check and its SET, and has not deleted it
    // since.
    const bool is_second_holder = was_checked && lock_state.holders > 0 &&
                                  lock_state.set_sent >= own_check->sent &&
                                  lock_state.set_by != operation.connection;
    const moment from = was_checked ? own_check->sent : operation.sent;
    if (was_checked) {
      ++tally.checked;
      lock_state.checks.erase(std::next(own_check).base());
    }
    if (is_second_holder) ++tally.second_holders;
    lock_state.holders = std::min(lock_state.holders + 1, 1000U);
    lock_state.set_sent = operation.sent;
    lock_state.set_by = operation.connection;
    tally.stores.add(is_second_holder ? 2
                     : was_checked    ? 1
                                      : 0,
                     [&] {
                       return proof_of(
                           context, key, from, operation.done,
                           is_second_holder ? "Two callers found the lock free and both set it."
                           : was_checked
                               ? "The check found the lock free, and the caller set it without NX."
                               : "The lock was set without NX.",
                           {}, {{key.ref, op_summary(operation)}});
                     });
  }

  per_pattern<pattern_tally> tallies_;
  per_key<state> states_;
};

}  // namespace

rule_definition c203() { return {c203_text, {}, make_rule<check_then_act_lock>}; }

}  // namespace drover::audit
