// SPDX-License-Identifier: MIT
// C402: a value is read, changed in the application and written back while other callers do the
// same.
#include <algorithm>
#include <set>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c402_text{
    .id = "C402",
    .name = "lost-update",
    .usual_severity = severity::error,
    .severity_note = "info if an update could have been lost, but was not",
    .summary =
        "A value is read, changed in the application and written back while other callers do the "
        "same.",
    .why =
        "If two callers read the same value, the second write discards the first caller's change. "
        "A pipeline does not help, because it is not a transaction.",
    .left_alone =
        "refreshes (a load runs between the read and the store), WATCH, scripts, keys that only "
        "one process uses.",
    .exercised_by = "two connections that read and then write one key",
    .advice =
        "Use an atomic command (INCRBY, HSET of one field), a Lua script, or WATCH with a retry.",
    .fix =
        "Replace the read, the change and the write by one atomic step. Use INCRBY or HINCRBY for "
        "numbers, HSET of one field, SADD or ZADD for collections. If no command fits, use a Lua "
        "script, or WATCH, GET, MULTI, SET, EXEC in a loop that starts again when EXEC returns "
        "nil. Add a test in which two callers change the value at once and both changes are kept.",
    .caching_rules = "10",
};

/// A change in the application takes no longer than this. A load takes longer.
constexpr moment change_max = std::chrono::milliseconds{50};
/// If at least this share of a load time lies between the hit and the store, they may be a refresh.
constexpr double load_part = 0.3;
/// A cache is read more often than stored. Keys that are stored nearly as often as read are state.
constexpr double stores_share_min = 0.4;
/// If at least this many values were written back, and this share of them was longer than the value
/// that was read, the clients append to it. Loaded anew, it would be shorter now and then.
constexpr std::uint64_t grown_min = 8;
constexpr double grown_share = 0.9;
/// A single case may be two replies that crossed on the way.
constexpr std::uint64_t lost_min = 2;
/// This many rounds by two or more connections are reported even if no update was lost.
constexpr std::uint64_t latent_min = 5;

class lost_update final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c402_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::refreshes; }

  void on_refresh(const refresh& refresh, const key_state& key,
                  const rule_context& context) override {
    if (!refresh.last_hit || refresh.last_hit->connection != refresh.store.connection) return;
    if (context.connections().is_multiplexed(refresh.store.connection)) {
      const bool is_plain =
          refresh.store.condition == store_condition::none && !refresh.store.in_script;
      const moment gap = refresh.store.sent - refresh.last_hit->done;
      const auto load_time = static_cast<double>(context.delta_of(*key.pattern).count());
      const bool is_load =
          load_time > 0 && static_cast<double>(gap.count()) >= load_part * load_time;
      if (is_plain && !is_load && gap <= change_max) ++mixed_[*key.pattern];
      return;
    }
    // XX does not compare: it stores over whatever is there.
    const bool is_compared = refresh.store.condition != store_condition::none &&
                             refresh.store.condition != store_condition::present;
    if (refresh.store.watched || refresh.store.in_script || refresh.store.part || is_compared) {
      ++tallies_[*key.pattern].guarded;
      return;
    }
    if (refresh.store.transaction != 0 &&
        refresh.store.transaction == refresh.last_hit->transaction)
      return;
    const moment gap = refresh.store.sent - refresh.last_hit->done;
    const moment delta = context.delta_of(*key.pattern);
    const bool may_be_load =
        !refresh.is_modification && delta > moment{0} &&
        static_cast<double>(gap.count()) >= load_part * static_cast<double>(delta.count());
    if (gap > change_max) return;
    pattern_tally& tally = tallies_[*key.pattern];
    const digest& before = refresh.last_hit->value;
    const digest& after = refresh.store.value;
    if (before == after) return;  // stored again as it was
    ++tally.written_back;
    if (after.length > before.length) ++tally.grown;
    ++(may_be_load ? tally.unclear : tally.changed).opportunities;
    if (tally.writers.size() < 2) tally.writers.insert(refresh.store.connection);
    if (!refresh.last_store || refresh.last_store->connection == refresh.store.connection) return;
    const op_summary& other_store = *refresh.last_store;
    if (other_store.sent < refresh.last_hit->done || other_store.done > refresh.store.sent) return;
    cases& lost = may_be_load ? tally.unclear : tally.changed;
    if (refresh.is_modification) ++tally.certain;
    lost.add(static_cast<double>(gap.count()), [&] {
      return proof_of(
          context, key, refresh.last_hit->sent, refresh.store.done,
          "Read, then stored by another caller, then overwritten " +
              in_words(refresh.store.sent - other_store.done) +
              " later with the result of the first read.",
          {}, {{key.ref, *refresh.last_hit}, {key.ref, other_store}, {key.ref, refresh.store}});
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override {
    tallies_.unite(from, into);
    mixed_.unite(from, into);
  }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t rounds = 0;
    std::uint64_t lost = 0;
    std::uint64_t guarded = 0;
    bool latent = false;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      const key_role role = context.role_of(pattern);
      if (role != key_role::value && role != key_role::other) continue;
      // A value that grows with each write is changed, however long that takes.
      const bool grows =
          tally.written_back >= grown_min && tally.writers.size() > 1 &&
          static_cast<double>(tally.grown) >= grown_share * static_cast<double>(tally.written_back);
      tally.lost = tally.changed;
      if (grows) tally.lost.merge(tally.unclear);
      tally.lost.opportunities =
          tally.changed.opportunities + (grows ? tally.unclear.opportunities : 0);
      const bool is_state = static_cast<double>(pattern.counts.stores) >
                            stores_share_min * static_cast<double>(pattern.counts.reads());
      if (!is_state && !grows && tally.certain < lost_min) continue;
      rounds += tally.lost.opportunities;
      guarded += tally.guarded;
      if (tally.lost.count >= lost_min) {
        lost += tally.lost.count;
        out.add_finding(observed_finding(pattern, tally));
      } else if (tally.lost.opportunities >= latent_min && tally.writers.size() > 1 &&
                 !looks_like_session(pattern.text)) {
        latent = true;
        out.add_finding(possible_finding(pattern, tally));
      }
    }
    std::uint64_t mixed = 0;
    for (const auto& [index, number] : mixed_) {
      if (context.role_of(context.patterns()[index]) == key_role::value) mixed += number;
    }
    if (mixed > 0) {
      out.add_not_judged(id(), counted(mixed, "store", "stores") + " right after a hit",
                         "several callers share the connection, so that the hit may be of "
                         "another one");
    }
    out.add_coverage(id(), status_of(lost > 0 || latent, rounds + guarded),
                     rounds + guarded == 0
                         ? "no value was read and written back"
                         : counted(rounds, "value was", "values were") +
                               " read and written back, " + in_words(lost) +
                               " of them over another caller's change; " +
                               counted(guarded, "write was", "writes were") + " atomic or guarded");
  }

 private:
  struct pattern_tally {
    cases changed;  ///< much faster than a load
    cases unclear;  ///< may be refreshes
    cases lost;     ///< set at the end
    std::uint64_t written_back = 0;
    std::uint64_t grown = 0;    ///< the value became longer
    std::uint64_t certain = 0;  ///< lost updates by what the engine knows to be modifications
    std::uint64_t guarded = 0;
    std::set<std::uint64_t> writers;  ///< at most two are kept

    void merge(const pattern_tally& other) {
      changed.merge(other.changed);
      unclear.merge(other.unclear);
      lost.merge(other.lost);
      written_back += other.written_back;
      grown += other.grown;
      certain += other.certain;
      guarded += other.guarded;
      writers.insert(other.writers.begin(), other.writers.end());
    }
  };

  finding observed_finding(const pattern_state& pattern, const pattern_tally& tally) const {
    finding result = finding_of(id(), pattern, tally.lost);
    result.severity = severity::error;
    result.confidence = confidence::strong;
    result.message = in_words(tally.lost.count) + " of " +
                     counted(tally.lost.opportunities, "write-back", "write-backs") +
                     " overwrote a value that another caller had stored since the read.";
    return result;
  }

  finding possible_finding(const pattern_state& pattern, const pattern_tally& tally) const {
    finding result = finding_of(id(), pattern, tally.lost);
    result.severity = severity::info;
    result.confidence = confidence::suspected;
    result.keys = {pattern.first_key};
    result.message = counted(tally.lost.opportunities, "write-back", "write-backs") +
                     " after a read, by more than one connection and without WATCH or a script; " +
                     (tally.lost.count == 0 ? "none" : in_words(tally.lost.count)) +
                     " of them overlapped another one in this run.";
    return result;
  }

  per_pattern<pattern_tally> tallies_;
  per_pattern<std::uint64_t> mixed_;  // stores over shared connections
};

}  // namespace

rule_definition c402() { return {c402_text, {}, make_rule<lost_update>}; }

}  // namespace drover::audit
