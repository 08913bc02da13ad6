// SPDX-License-Identifier: MIT
// C401: a value that was loaded before an invalidation was stored after it.
#include <algorithm>
#include <array>
#include <vector>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c401_text{
    .id = "C401",
    .name = "stale-set",
    .usual_severity = severity::error,
    .severity_note = "info if a second delete removed the old value shortly after",
    .summary = "A value that was loaded before an invalidation was stored after it.",
    .why =
        "The writer changed the row and deleted the key. A reader that had loaded the old row "
        "stored it afterwards. Everybody reads the old value until the TTL ends, although the "
        "invalidation succeeded. For permissions, prices or stock this is a security or money "
        "problem.",
    .left_alone =
        "a reader that deletes an expired entry it found, deletions at the end of the value's own "
        "TTL or of an earlier store's, by the process that stored it, deletion and store in one "
        "transaction, conditional stores, deletions by the tool.",
    .exercised_by = "an invalidation while a load of that key runs",
    .advice =
        "Refuse a store if an invalidation happened during the load: compare a version, a "
        "generation or the lease's token in one script. As a minimum, delete the key again shortly "
        "after the write, and keep the TTL short.",
    .fix =
        "Make the reader's store depend on what it saw before the load. For example: before the "
        "load, read (or create) a generation `<key>:gen`. The invalidation increments it and "
        "deletes the value, in one MULTI or script. The store is a script that compares the "
        "generation and sets the value only if it is unchanged. Or load under a lease whose token "
        "the invalidation removes, and compare the token when storing. Add a test: the load "
        "begins, the row changes and the key is invalidated, the load ends; the next read returns "
        "the new row.",
    .caching_rules = "11",
};

constexpr library_setting c401_settings[] = {
    {"Django",
     "use `cache.set(..., version=...)` with a version that the write path raises "
     "(`cache.incr_version`), or load under `cache.lock`"},
};

/// A reader that deletes an expired entry does so right after its hit.
constexpr moment lazy_within = std::chrono::milliseconds{20};
/// The second of two deletes comes within this time.
constexpr moment second_within = std::chrono::seconds{5};
/// Old values that are left prove nothing against double deletes if this many times as many were
/// removed: now and then a load outlasts the second delete as well.
constexpr std::uint64_t repaired_for_each = 2;
/// A timer deletes a value at the end of its life, give or take this or a twentieth of the ttl.
constexpr moment own_end_near = std::chrono::milliseconds{30};
/// On a busy machine the timer of the process that stored the value is up to this late, or a
/// quarter of the ttl if that is less.
constexpr moment timer_late_max = std::chrono::milliseconds{250};
/// If this share of the removals are such ends, others near an end are late or early ones.
constexpr double own_ends_share = 0.8;
/// The stores of a key that are kept until their life is over.
constexpr std::size_t lives_max = 32;
/// An EXPIRE belongs to a store of its process within this time.
constexpr moment ttl_within = std::chrono::seconds{1};
/// A miss that is closer to a store than this share of the load time did not cause the store.
constexpr double shortest_load = 0.5;
/// The number of misses after an invalidation that are kept for each key. Their processes matter,
/// not their number.
constexpr std::size_t misses_max = 8;
constexpr std::string_view careful_words =
    "auth permission permissions perm perms acl role roles grant grants token session price prices "
    "stock inventory balance balances ban banned flag flags";

class stale_set final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c401_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::loads | interest::ops(op_kind::remove) | interest::ops(op_kind::read) |
           interest::ops(op_kind::store) | interest::ops(op_kind::expire);
  }

  void on_op(const op& operation, const key_state& key, const rule_context& context) override {
    if (operation.is_miss()) {
      removal* const last = last_removals_.find(key.ref);
      if (last == nullptr || last->sequence == 0) return;
      last->misses[last->count++ % misses_max] = {operation.sent, operation.done,
                                                  operation.process};
      return;
    }
    if (operation.kind == op_kind::store || operation.kind == op_kind::expire) {
      lives_[key.ref].note(operation);
      return;
    }
    // A key that is being loaded does not exist, so the invalidation returns 0.
    if (operation.kind != op_kind::remove || operation.outcome == op_outcome::failed) return;
    pattern_tally& tally = tallies_[*key.pattern];
    removal now;
    now.key = key.ref;
    now.sequence = operation.sequence;
    now.sent = operation.sent;
    now.process = operation.process;
    now.lazy = is_lazy(operation, key, context);
    if (!now.lazy) now.at_end = end_of_life(operation, key, context);
    removal& last = last_removals_[key.ref];
    if (last.sequence != 0) follow(last, now, tally);
    last = now;
    if (now.lazy) return;
    ++tally.removals;
    if (now.at_end == closeness::at) ++tally.own_ends;
  }

  void on_load(const load& load, const key_state& key, const rule_context& context) override {
    if (!load.deleted_between || !load.missed) return;
    const op_summary& removed = *load.deleted_between;
    const removal* const last = last_removals_.find(key.ref);
    const bool known = last != nullptr && last->sequence == removed.sequence;
    if (known && (last->lazy || last->at_end == closeness::at)) return;
    if (removed.connection == load.store.connection &&
        !context.connections().is_multiplexed(removed.connection)) {
      return;  // the reader deleted the key itself
    }
    if (removed.transaction != 0 && removed.transaction == load.store.transaction) return;
    if (context.is_perturbed(removed.sent, removed.done)) return;
    pattern_tally& tally = tallies_[*key.pattern];
    cases& bad = known && last->at_end == closeness::near ? tally.near_an_end : tally.bad;
    ++bad.opportunities;
    if (load.store.outcome != op_outcome::yes || load.store.condition != store_condition::none)
      return;
    if (known && may_be_later_load(*last, load, context.delta_of(*key.pattern), context)) {
      ++tally.unclear;
      return;
    }
    if (removal* const crossed = last_removals_.find(key.ref); crossed != nullptr && known)
      ++crossed->stale;
    const moment late = load.store.sent - removed.done;
    bad.add(static_cast<double>(late.count()), [&] {
      return proof_of(context, key, load.began, load.store.done,
                      "The load began " + in_words(removed.sent - load.began) +
                          " before another caller deleted the key, and the value was stored " +
                          in_words(late) + " after the delete, unconditionally.",
                      {}, {{key.ref, removed}, {key.ref, load.store}});
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t removals = 0;
    std::uint64_t crossed = 0;
    std::uint64_t stale = 0;
    std::uint64_t unclear = 0;
    last_removals_.for_each([&](const removal& last) { settle(last, context); });
    for (auto& [index, tally] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      if (context.role_of(pattern) != key_role::value) continue;
      const bool ends_by_timer =
          tally.own_ends > 0 && static_cast<double>(tally.own_ends) >=
                                    own_ends_share * static_cast<double>(tally.removals);
      if (!ends_by_timer) tally.bad.merge(tally.near_an_end);
      removals += tally.removals - tally.own_ends;
      crossed += tally.bad.opportunities;
      unclear += tally.unclear;
      if (tally.bad.count == 0) continue;
      finding result = finding_of(id(), pattern, tally.bad);
      const std::uint64_t left = tally.bad.count - std::min(tally.bad.count, tally.repaired);
      const bool is_repaired = tally.repaired > 0 && left <= tally.repaired / repaired_for_each;
      if (is_repaired) {
        result.severity = severity::info;
        result.confidence = confidence::strong;
        result.message = counted(tally.repaired, "old value", "old values") +
                         " came back after a delete, and a second delete removed " +
                         (tally.repaired == 1 ? "it" : "them") + " shortly after" +
                         (left == 0 ? "." : "; " + in_words(left) + " came back after both.");
        out.add_finding(std::move(result));
        continue;
      }
      stale += tally.bad.count;
      result.severity = severity::error;
      result.confidence = tally.bad.count > 1 ? confidence::proof : confidence::strong;
      result.message =
          in_words(tally.bad.count) + " of " + counted(tally.bad.opportunities, "load", "loads") +
          " that overlapped an invalidation were stored after it: the old value came back.";
      if (has_word_of(pattern.text, careful_words)) {
        result.message += " Judging by their names, these values control permissions or prices.";
      }
      out.add_finding(std::move(result));
    }
    const std::string text = counted(removals, "invalidation", "invalidations") + ", " +
                             in_words(crossed) + " of them during a load, " + in_words(stale) +
                             " followed by a store of the old value" +
                             (unclear == 0 ? "" : ", " + in_words(unclear) + " unclear");
    if (unclear > 0) {
      out.add_not_judged(id(), counted(unclear, "store", "stores") + " after an invalidation",
                         "a later load may have stored the value that was current then");
    }
    out.add_coverage(id(), status_of(stale, crossed - unclear),
                     removals == 0 ? "no cached value was deleted by the application" : text);
  }

 private:
  /// Whether a removal came at the end of a value's life.
  enum class closeness : std::uint8_t { far, near, at };
  /// The life of one store.
  struct life {
    std::uint32_t process = 0;
    moment end{};
    moment ttl{};

    [[nodiscard]] bool ends_by_timer(moment removed) const {
      const moment late = std::clamp(ttl / 4, own_end_near, timer_late_max);
      return removed >= end - own_end_near && removed <= end + late;
    }
    /// How far from the end a removal may still be near it.
    [[nodiscard]] moment slack() const { return std::max(ttl / 4, timer_late_max); }
  };
  /// The lives of all recent stores of a key, not only of the last one: a timer deletes the key at
  /// the end of the store that started it, whatever has been stored since.
  struct key_lives {
    struct start {
      std::uint32_t process = 0;
      std::uint64_t batch = 0;
      moment done{};
    };
    std::vector<start> starts;  ///< stores whose ttl may follow by EXPIRE
    std::vector<life> lives;

    void note(const op& operation) {
      if (operation.outcome != op_outcome::yes) return;
      const bool sets_ttl = operation.on_ttl == ttl_effect::set && operation.ttl > moment{};
      std::erase_if(starts,
                    [&](const start& old) { return old.done + ttl_within < operation.sent; });
      if (operation.kind == op_kind::store && !sets_ttl) {
        if (starts.size() >= lives_max) starts.erase(starts.begin());
        starts.push_back({operation.process, operation.batch, operation.done});
        return;
      }
      if (!sets_ttl) return;
      if (operation.kind == op_kind::expire) {
        // An EXPIRE without a store before it prolongs a life, and starts no timer.
        const auto own = std::find_if(starts.begin(), starts.end(), [&](const start& store) {
          return store.process == operation.process;
        });
        if (own == starts.end()) return;
        const start store = *own;
        std::erase_if(starts, [&](const start& same) {
          return same.process == store.process && same.batch == store.batch;
        });
      }
      std::erase_if(lives, [&](const life& old) { return old.end + old.slack() < operation.sent; });
      if (lives.size() >= lives_max) lives.erase(lives.begin());
      lives.push_back({operation.process, operation.done + operation.ttl, operation.ttl});
    }
  };
  struct miss {
    moment sent{};
    moment done{};
    std::uint32_t process = 0;
  };
  struct removal {
    key_ref key;
    std::uint64_t sequence = 0;
    moment sent{};
    std::uint32_t process = 0;
    bool lazy = false;
    closeness at_end = closeness::far;
    std::uint64_t stale = 0;  ///< old values that were stored after it
    /// Old values that were stored after the removal before this one, and which this one removed.
    std::uint64_t repairs = 0;
    moment after_first{};  ///< the time since the removal before this one
    std::size_t count = 0;
    std::array<miss, misses_max> misses{};  ///< since the removal
  };
  struct pattern_tally {
    cases bad;
    cases near_an_end;  ///< the same, for removals near the end of a value's life
    std::uint64_t removals = 0;
    std::uint64_t unclear = 0;
    std::uint64_t repaired = 0;  ///< old values that the second of two deletes removed
    std::uint64_t own_ends = 0;  ///< removals at the end of the value's own life

    void merge(const pattern_tally& other) {
      bad.merge(other.bad);
      near_an_end.merge(other.near_an_end);
      removals += other.removals;
      unclear += other.unclear;
      repaired += other.repaired;
      own_ends += other.own_ends;
    }
  };

  /// Whether a reader deletes what it has read and found expired: judged by its own last read of
  /// the key, whatever others have read since.
  static bool is_lazy(const op& operation, const key_state& key, const rule_context& context) {
    if (context.connections().is_multiplexed(operation.connection)) return false;
    const connection_facts* const client = context.connections().find(operation.connection);
    if (client == nullptr) return false;
    return std::any_of(client->hits.begin(), client->hits.end(), [&](const auto& hit) {
      return hit.sequence != 0 && hit.key == key.ref && hit.done <= operation.sent &&
             operation.sent - hit.done <= lazy_within;
    });
  }

  /// Whether a value would end now by itself. The last store: a timer deletes it, or a reader that
  /// found the end of its life in the value; any process may do so. An earlier store: the timer of
  /// the process that stored it, once.
  closeness end_of_life(const op& operation, const key_state& key, const rule_context& context) {
    if (is_own_end(operation, key)) {
      forget_life(key.ref, operation, context);
      return closeness::at;
    }
    if (forget_life(key.ref, operation, context)) return closeness::at;
    const key_lives* const known = lives_.find(key.ref);
    const bool is_near =
        known != nullptr &&
        std::any_of(known->lives.begin(), known->lives.end(), [&](const life& one) {
          return operation.sent >= one.end - one.slack() && operation.sent <= one.end + one.slack();
        });
    return is_near ? closeness::near : closeness::far;
  }

  /// Forgets the store of this process whose life ends now, and returns whether there was one.
  bool forget_life(key_ref key, const op& operation, const rule_context& context) {
    key_lives* const known = lives_.find(key);
    if (known == nullptr) return false;
    std::vector<life>& lives = known->lives;
    const auto ends = std::find_if(lives.begin(), lives.end(), [&](const life& one) {
      return one.ends_by_timer(operation.sent) &&
             context.connections().may_be_same_process(one.process, operation.process);
    });
    if (ends == lives.end()) return false;
    lives.erase(ends);
    return true;
  }

  static bool is_own_end(const op& operation, const key_state& key) {
    if (!key.last_store) return false;
    if (key.last_store->on_ttl != ttl_effect::set || key.last_store->ttl <= moment{}) return false;
    const moment age = operation.sent - key.last_store->done;
    const moment near = std::max(key.last_store->ttl / 20, own_end_near);
    return age >= key.last_store->ttl - near && age <= key.last_store->ttl + near;
  }

  /// The next removal of the key after `last`. Two by one process, close together, are a double
  /// delete, unless the process goes on to delete at this pace.
  static void follow(const removal& last, removal& next, pattern_tally& tally) {
    const moment gap = next.sent - last.sent;
    if (last.repairs > 0 && gap >= 2 * last.after_first) tally.repaired += last.repairs;
    next.after_first = gap;
    const bool is_second = next.process == last.process && gap <= second_within && !next.lazy &&
                           next.at_end != closeness::at &&
                           (last.after_first == moment{} || last.after_first >= 2 * gap);
    if (is_second) next.repairs = last.stale;
  }

  /// The last removal of a key at the end of the run.
  void settle(const removal& last, const rule_context& context) {
    if (last.repairs == 0) return;
    const key_state* const key = context.find(last.key);
    if (key != nullptr) tallies_[*key->pattern].repaired += last.repairs;
  }

  /// Whether the store may belong to a load that began after the deletion: a caller of the same
  /// process missed the key after it, early enough to cause the store. Threads of one process swap
  /// connections, so the two cases look the same.
  static bool may_be_later_load(const removal& last, const load& load, moment delta,
                                const rule_context& context) {
    const auto shortest =
        moment{static_cast<std::int64_t>(static_cast<double>(delta.count()) * shortest_load)};
    for (std::size_t i = 0; i < std::min(last.count, misses_max); ++i) {
      const miss& miss = last.misses[i];
      if (context.connections().may_be_same_process(miss.process, load.store.process) &&
          miss.done <= load.store.sent && load.store.sent - miss.sent >= shortest) {
        return true;
      }
    }
    return false;
  }

  per_key<removal> last_removals_;
  per_key<key_lives> lives_;
  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c401() { return {c401_text, c401_settings, make_rule<stale_set>}; }

}  // namespace drover::audit
