// SPDX-License-Identifier: MIT
// C203: a lock is looked up first and set without NX afterwards. There are no lock holds to go by,
// since nothing proves who holds such a lock.
#include <algorithm>
#include <memory>
#include <vector>

#include "audit/rules/lock_holds.hpp"

namespace drover::audit {
namespace {

/// Between looking and setting there is nothing but the way to the server and back.
constexpr moment check_to_act = std::chrono::seconds(1);
/// "1", "locked", a time, a token.
constexpr std::uint64_t token_bytes_max = 64;
constexpr std::size_t checks_max = 32;

class check_then_act_lock final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C203"; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::of(op_kind::exists) | interest::of(op_kind::read) |
           interest::of(op_kind::store) | interest::of(op_kind::remove);
  }

  void on_op(const op& what, const key_state& key, const rule_context& all) override {
    if (!key.pattern->lock_name && key.pattern->given_role != key_role::lock) return;
    switch (what.kind) {
      case op_kind::exists:
      case op_kind::read:
        if (what.outcome == op_outcome::no) checked(what, key);
        break;
      case op_kind::store: set(what, key, all); break;
      case op_kind::remove: {
        state& here = states_[key.ref];
        if (here.holders > 0) {
          ++of_[*key.pattern].removed;
          --here.holders;
        }
        break;
      }
      default: break;
    }
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t sets = 0;
    std::uint64_t bad = 0;
    for (auto& [index, seen] : of_) {
      const pattern_state& lock = all.patterns()[index];
      if (all.role_of(lock) != key_role::lock) continue;
      sets += seen.taken.opportunities;
      // NX decides elsewhere: these stores renew what was won.
      if (lock.counts.won + lock.counts.lost > 0) continue;
      if (seen.taken.count == 0 || (seen.removed == 0 && seen.twice == 0)) continue;
      bad += seen.taken.count;
      finding made = finding_of(id(), lock, seen.taken);
      made.how_bad = severity::error;
      made.how_sure = seen.twice > 0    ? confidence::proof
                      : seen.looked > 0 ? confidence::strong
                                        : confidence::suspected;
      made.message = lock.text + " was set without NX " +
                     counted(seen.taken.count, "time", "times") +
                     (seen.looked > 0 ? ", after it had been looked up" : "");
      if (seen.twice > 0) {
        made.message += "; " + counted(seen.twice, "time", "times") +
                        " by a second caller while the first still held it";
      }
      made.message += '.';
      out.found(std::move(made));
    }
    std::uint64_t lock_holds = 0;
    for (const pattern_state& each : all.patterns()) {
      if (all.role_of(each) == key_role::lock) lock_holds += each.counts.won;
    }
    out.covered(id(), status_of(bad, sets + lock_holds),
                counted(sets, "plain SET", "plain SETs") + " of a key with the name of a lock, " +
                    counted(lock_holds, "acquisition", "acquisitions") + " by NX or script");
  }

 private:
  struct check {
    std::uint64_t connection = 0;
    std::uint32_t process = 0;
    moment sent{};
    moment done{};
  };
  struct state {
    std::vector<check> checks;
    unsigned holders = 0;
    moment set_sent{};
    std::uint64_t set_by = 0;
  };
  struct tally {
    cases taken;
    std::uint64_t looked = 0;
    std::uint64_t removed = 0;
    std::uint64_t twice = 0;
  };

  void checked(const op& what, const key_state& key) {
    std::vector<check>& checks = states_[key.ref].checks;
    if (checks.size() >= checks_max) checks.erase(checks.begin());
    checks.push_back({what.connection, what.process, what.sent, what.done});
  }

  void set(const op& what, const key_state& key, const rule_context& all) {
    if (what.condition != store_condition::none || !what.is_text || what.part || what.in_script)
      return;
    if (what.value.length > token_bytes_max || what.outcome != op_outcome::yes) return;
    tally& seen = of_[*key.pattern];
    state& here = states_[key.ref];
    ++seen.taken.opportunities;
    const auto mine = std::find_if(here.checks.rbegin(), here.checks.rend(), [&](const check& c) {
      return (c.connection == what.connection || c.process == what.process) &&
             c.done <= what.sent && what.sent - c.done < check_to_act;
    });
    const bool looked = mine != here.checks.rend();
    // Somebody set it between this one's look and its set, and has not deleted it since.
    const bool twice =
        looked && here.holders > 0 && here.set_sent >= mine->sent && here.set_by != what.connection;
    const moment from = looked ? mine->sent : what.sent;
    if (looked) {
      ++seen.looked;
      here.checks.erase(std::next(mine).base());
    }
    if (twice) ++seen.twice;
    here.holders = std::min(here.holders + 1, 1000U);
    here.set_sent = what.sent;
    here.set_by = what.connection;
    seen.taken.add(twice    ? 2
                   : looked ? 1
                            : 0,
                   [&] {
                     return proof_of(all, key, from, what.done,
                                     twice    ? "Two callers found the lock free and both set it."
                                     : looked ? "The lock was found free and then set, without NX."
                                              : "The lock was set without NX.");
                   });
  }

  per_pattern<tally> of_;
  per_key<state> states_;
};

}  // namespace

std::unique_ptr<rule> make_c203() { return std::make_unique<check_then_act_lock>(); }

}  // namespace drover::audit
