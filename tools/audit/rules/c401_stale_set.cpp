// SPDX-License-Identifier: MIT
// C401: a value that was loaded before an invalidation was stored after it.
#include <algorithm>
#include <array>
#include <memory>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {
namespace {

/// A reader that deletes what it found expired does so right after its hit.
constexpr moment lazy_within = std::chrono::milliseconds{20};
/// A miss so shortly before a store cannot be what the store came of: a load takes about delta.
constexpr double shortest_load = 0.5;
/// Misses after an invalidation that are kept, for a key: who they are matters, not how many.
constexpr std::size_t misses_max = 8;
constexpr std::string_view careful_words =
    "auth permission permissions perm perms acl role roles grant grants token session price prices "
    "stock inventory balance balances ban banned flag flags";

class stale_set final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C401"; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::loads | interest::of(op_kind::remove) | interest::of(op_kind::read);
  }

  void on_op(const op& what, const key_state& key, const rule_context& all) override {
    if (what.is_miss()) {
      removal* const last = last_.find(key.ref);
      if (last == nullptr || last->sequence == 0) return;
      last->misses[last->count++ % misses_max] = {what.sent, what.done, what.process};
      return;
    }
    // A key that is being loaded is not there: an invalidation then answers 0.
    if (what.kind != op_kind::remove || what.outcome == op_outcome::failed) return;
    removal now;
    now.sequence = what.sequence;
    now.lazy = key.last_hit && key.last_hit->connection == what.connection &&
               what.sent - key.last_hit->done <= lazy_within &&
               !all.connections().is_multiplexed(what.connection);
    last_[key.ref] = now;
    if (!now.lazy) ++of_[*key.pattern].removals;
  }

  void on_load(const load& what, const key_state& key, const rule_context& all) override {
    if (!what.deleted_between || !what.missed) return;
    const op_summary& removed = *what.deleted_between;
    const removal* const last = last_.find(key.ref);
    const bool known = last != nullptr && last->sequence == removed.sequence;
    if (known && last->lazy) return;
    if (removed.connection == what.store.connection &&
        !all.connections().is_multiplexed(removed.connection)) {
      return;  // its own
    }
    if (removed.transaction != 0 && removed.transaction == what.store.transaction) return;
    if (all.is_perturbed(removed.sent, removed.done)) return;
    seen& of = of_[*key.pattern];
    ++of.bad.opportunities;
    if (what.store.outcome != op_outcome::yes || what.store.condition != store_condition::none)
      return;
    if (known && may_be_later_load(*last, what, all.delta_of(*key.pattern), all)) {
      ++of.unclear;
      return;
    }
    const moment late = what.store.sent - removed.done;
    of.bad.add(static_cast<double>(late.count()), [&] {
      return proof_of(all, key, what.began, what.store.done,
                      "The load began " + in_words(removed.sent - what.began) +
                          " before the key was deleted by another, and was stored " +
                          in_words(late) + " after that, unconditionally.");
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t removals = 0;
    std::uint64_t crossed = 0;
    std::uint64_t stale = 0;
    std::uint64_t unclear = 0;
    for (auto& [index, of] : of_) {
      const pattern_state& pattern = all.patterns()[index];
      if (all.role_of(pattern) != key_role::value) continue;
      removals += of.removals;
      crossed += of.bad.opportunities;
      unclear += of.unclear;
      if (of.bad.count == 0) continue;
      stale += of.bad.count;
      finding made = finding_of(id(), pattern, of.bad);
      made.how_bad = severity::error;
      made.how_sure = of.bad.count > 1 ? confidence::proof : confidence::strong;
      made.message = in_words(of.bad.count) + " of " +
                     counted(of.bad.opportunities, "load", "loads") +
                     " that an invalidation fell into were stored after it: the old value came "
                     "back.";
      if (has_word_of(pattern.text, careful_words)) {
        made.message += " By their names these values decide who may do what, or what it costs.";
      }
      out.found(std::move(made));
    }
    const std::string text = counted(removals, "invalidation", "invalidations") + ", " +
                             in_words(crossed) + " of them during a load, " + in_words(stale) +
                             " overtaken by an old value" +
                             (unclear == 0 ? "" : ", " + in_words(unclear) + " unclear");
    out.covered(id(),
                stale > 0                ? coverage_line::status::fail
                : crossed - unclear == 0 ? coverage_line::status::not_exercised
                                         : coverage_line::status::pass,
                removals == 0 ? "no cached value was deleted by the application" : text);
  }

 private:
  struct miss {
    moment sent{};
    moment done{};
    std::uint32_t process = 0;
  };
  struct removal {
    std::uint64_t sequence = 0;
    bool lazy = false;
    std::size_t count = 0;
    std::array<miss, misses_max> misses{};  ///< since
  };
  struct seen {
    cases bad;
    std::uint64_t removals = 0;
    std::uint64_t unclear = 0;
  };

  /// Someone of the same process missed the key after the deletion, early enough for the store to
  /// come of that: threads of one process change connections, so it cannot be told.
  static bool may_be_later_load(const removal& last, const load& what, moment delta,
                                const rule_context& all) {
    const auto least =
        moment{static_cast<std::int64_t>(static_cast<double>(delta.count()) * shortest_load)};
    for (std::size_t i = 0; i < std::min(last.count, misses_max); ++i) {
      const miss& each = last.misses[i];
      if (all.connections().may_be_one(each.process, what.store.process) &&
          each.done <= what.store.sent && what.store.sent - each.sent >= least) {
        return true;
      }
    }
    return false;
  }

  per_key<removal> last_;
  per_pattern<seen> of_;
};

}  // namespace

std::unique_ptr<rule> make_c401() { return std::make_unique<stale_set>(); }

}  // namespace drover::audit
