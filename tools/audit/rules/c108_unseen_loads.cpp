// SPDX-License-Identifier: MIT
// C108: the origin counted more loads than the traffic can explain. A counter that names no keys
// gives one number for the run, so the rule compares the totals of the run and no shorter times:
// loads of several keys overlap.
#include <algorithm>

#include "audit/rules/coverage.hpp"
#include "audit/rules/herds.hpp"
#include "audit/rules/origin_balance.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c108_text{
    .id = "C108",
    .name = "unseen-loads",
    .usual_severity = severity::warning,
    .summary = "The origin counted many more loads than values were stored.",
    .why =
        "Callers load and store nothing: they have given up waiting for a lock, the row does not "
        "exist, or the load fails. The cache looks healthy, and the origin carries the load all "
        "the same.",
    .left_alone =
        "origin counters that name the keys (C103 and C106 use them), queries that pass through "
        "--origin-tcp, which need not be loads of cached values, and small differences.",
    .exercised_by =
        "an origin counter (--origin-redis, --origin-cmd, or --origin-log without keys)",
    .advice =
        "Look for callers that load without storing: after a wait that ended, for missing rows, "
        "and after errors. Give --origin-log a regular expression with a group for the key to see "
        "which keys are loaded.",
    .fix =
        "Find the code path that calls the origin and does not store the result. A caller that "
        "lost the lock must not load when its wait ends: it serves a stale value or fails. Store a "
        "short marker for rows that do not exist, and remember failures for about a second. Add a "
        "test that counts the loads: 50 concurrent reads of one cold key cause one load.",
    .caching_rules = "2, 7, 9",
};

class unseen_loads final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c108_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::cold_events | interest::records;
  }

  void on_record(const record& item, const rule_context&) override {
    balance_.add(item);
    const auto* const loads = std::get_if<origin_loads>(&item);
    if (loads != nullptr && loads->key.empty() && loads->source.starts_with("tcp")) {
      queries_ += loads->count;
    }
  }

  void on_cold_event(const cold_event& cold, const key_state& key,
                     const rule_context& context) override {
    pattern_keys& keys = keys_[*key.pattern];
    if (keys.count == 0 || !(keys.first == key.ref)) ++keys.count;
    if (keys.count == 1) {
      keys.first = key.ref;
      keys.name = key.name;
    }
    if (cold.demand.misses < 2) return;
    const std::uint64_t asked =
        cold.demand.misses - std::min(cold.demand.misses, cold.loading.count);
    cases& seen = cold_[*key.pattern];
    seen.add(static_cast<double>(asked), [&] {
      return proof_of(context, key, cold.from, cold.to,
                      counted(cold.demand.misses, "miss", "misses") + " and " +
                          counted(cold.loading.count, "load", "loads") + " that were stored.");
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override {
    cold_.unite(from, into);
    keys_.unite(from, into);
  }
  void on_end(const rule_context& context, verdicts& out) override {
    const pattern_state* coldest = nullptr;
    for (const pattern_state& pattern : context.patterns()) {
      if (context.role_of(pattern) != key_role::value) continue;
      const op_counts& counts = pattern.counts;
      if (coldest == nullptr || counts.misses > coldest->counts.misses) coldest = &pattern;
    }
    const std::uint64_t stored = origin_balance::stored(context);
    const std::uint64_t surplus = balance_.surplus(context);
    const bool failed = coldest != nullptr && surplus > 0;
    if (failed) {
      const pattern_keys* const only = only_cold_key(context);
      report(only == nullptr ? *coldest : context.patterns()[only->pattern], only, surplus, stored,
             out);
    }
    if (queries_ > 0) {
      out.add_not_judged(id(), counted(queries_, "query", "queries") + " through --origin-tcp",
                         "not each query need be a load of a cached value");
    }
    out.add_coverage(id(), status_of(failed, balance_.is_told() && coldest != nullptr),
                     !balance_.is_told()
                         ? "no origin counter without keys"
                         : "the origin counted " + counted(balance_.told(), "load", "loads") +
                               "; " + counted(stored, "value was", "values were") +
                               " stored or refused");
  }

 private:
  /// The keys of a pattern that were cold; `count` is 2 or more for several.
  struct pattern_keys {
    std::uint32_t pattern = 0;
    std::uint64_t count = 0;
    key_ref first;
    std::string name;

    void merge(const pattern_keys& other) {
      if (count == 0) {
        first = other.first;
        name = other.name;
      }
      count += other.count;
    }
  };

  /// The only key of the run that was cold; null if there were several.
  const pattern_keys* only_cold_key(const rule_context& context) {
    const pattern_keys* only = nullptr;
    for (auto& [index, keys] : keys_) {
      if (context.role_of(context.patterns()[index]) != key_role::value || keys.count == 0)
        continue;
      if (only != nullptr || keys.count > 1) return nullptr;
      keys.pattern = index;
      only = &keys;
    }
    return only;
  }

  void report(const pattern_state& pattern, const pattern_keys* only, std::uint64_t surplus,
              std::uint64_t stored, verdicts& out) {
    cases& seen = cold_[pattern];
    finding result = finding_of(id(), pattern, seen);
    result.count = surplus;
    result.opportunities = balance_.told();
    result.severity = severity::warning;
    result.confidence = only != nullptr ? confidence::proof : confidence::strong;
    result.keys = seen.keys().empty() ? std::vector{pattern.first_key} : seen.keys();
    result.message = "The origin counted " + counted(balance_.told(), "load", "loads") +
                     ", but only " + counted(stored, "value was", "values were") +
                     " stored: " + in_words(surplus) + " loads left no trace in the cache.";
    if (only != nullptr) {
      result.keys = {only->name};
      result.message +=
          " They were loads of " + only->name + ", the only cached key that was cold.";
    }
    out.add_finding(std::move(result));
  }

  origin_balance balance_;
  std::uint64_t queries_ = 0;
  per_pattern<cases> cold_;
  per_pattern<pattern_keys> keys_;
};

}  // namespace

rule_definition c108() { return {c108_text, {}, make_rule<unseen_loads>}; }

}  // namespace drover::audit
