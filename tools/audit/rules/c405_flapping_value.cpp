// SPDX-License-Identifier: MIT
// C405: the value of one key changes back and forth between a few values.
#include <algorithm>
#include <array>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c405_text{
    .id = "C405",
    .name = "flapping-value",
    .usual_severity = severity::warning,
    .severity_note = "info if no process always stores the same value",
    .summary = "The value of one key changes back and forth between a few values.",
    .why =
        "Something that the value depends on is missing from the key: the tenant, the language, "
        "the user's rights. The last load decides which value all callers get.",
    .left_alone =
        "flags and other small values; values that never return to an earlier one; loads that ran "
        "while another value was stored; fewer than eight loads.",
    .exercised_by = "a key that is loaded again and again with several values",
    .advice = "Put everything that the value depends on into the key.",
    .fix =
        "Compare the code that loads the value with the code that builds its key. Add to the key "
        "each input that changes the value: tenant, language, currency, rights, version of the "
        "format. Add a test: two callers who differ in this input never get each other's value.",
    .caching_rules = "12",
};

/// More values are no flapping.
constexpr std::size_t c405_values_max = 4;
constexpr std::uint64_t c405_loads_min = 8;
/// The share of changes that lead back to an earlier value.
constexpr double c405_returns_share = 0.5;
/// Loads by each process whose value is always its own.
constexpr std::uint64_t loads_by_process_min = 3;

class flapping_value final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c405_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::loads; }

  void on_load(const load& loaded, const key_state& key, const rule_context& context) override {
    const op_summary& store = loaded.store;
    if (store.outcome != op_outcome::yes || store.part || store.in_script) return;
    if (store.value.length <= mark_bytes_max || loaded.deleted_between) return;
    key_values& values = values_[key.ref];
    if (values.is_many || loaded.began < values.stored) return;
    values.stored = store.done;
    ++values.loads;
    const auto known = std::find_if(values.seen.begin(), values.seen.begin() + values.count,
                                    [&](const value& v) { return v.hash == store.value.hash; });
    if (known == values.seen.begin() + values.count) {
      if (values.count == c405_values_max) {
        values.is_many = true;
        return;
      }
      values.seen[values.count++] = {store.value.hash, store.process, 1, false};
    } else {
      ++known->loads;
      known->by_several = known->by_several || known->process != store.process;
    }
    const bool is_change = values.loads > 1 && values.last != store.value.hash;
    values.last = store.value.hash;
    if (!is_change) return;
    ++values.changes;
    if (known == values.seen.begin() + values.count) return;
    ++values.returns;
    if (!is_flapping(values)) return;
    const bool by_process = has_own_values(values);
    pattern_tally& tally = tallies_[*key.pattern];
    (by_process ? tally.by_process : tally.unclear).add(static_cast<double>(values.returns), [&] {
      return proof_of(context, key, loaded.began, store.done,
                      in_words(values.returns) + " of " +
                          counted(values.changes, "change", "changes") +
                          " led back to an earlier value" +
                          (by_process ? "; each process stored a value of its own." : "."));
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t loads = 0;
    values_.for_each([&](const key_values& values) {
      if (values.loads >= c405_loads_min) loads += values.loads;
    });
    std::uint64_t bad = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      if (context.role_of(pattern) != key_role::value || looks_like_session(pattern.text)) continue;
      const bool is_sure = tally.by_process.count > 0;
      bad += tally.by_process.count;
      finding result = finding_of(id(), pattern, is_sure ? tally.by_process : tally.unclear);
      result.severity = is_sure ? severity::warning : severity::info;
      result.confidence = is_sure ? confidence::strong : confidence::suspected;
      result.message = is_sure ? "Processes replace each other's value of the same key, each with "
                                 "a value of its own."
                               : "Loads of the same key lead back to an earlier value again and "
                                 "again.";
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(bad, loads),
                     loads == 0 ? "no key was loaded eight times"
                                : counted(loads, "load", "loads") + " of keys with eight or more");
  }

 private:
  struct value {
    std::uint64_t hash = 0;
    std::uint32_t process = 0;
    std::uint64_t loads = 0;
    bool by_several = false;
  };
  struct key_values {
    std::array<value, c405_values_max> seen{};
    std::uint8_t count = 0;
    bool is_many = false;
    std::uint64_t last = 0;
    moment stored{};
    std::uint64_t loads = 0;
    std::uint64_t changes = 0;
    std::uint64_t returns = 0;
  };
  struct pattern_tally {
    cases by_process;
    cases unclear;

    void merge(const pattern_tally& other) {
      by_process.merge(other.by_process);
      unclear.merge(other.unclear);
    }
  };

  static bool is_flapping(const key_values& values) {
    return values.loads >= c405_loads_min && values.changes >= c405_loads_min / 2 &&
           static_cast<double>(values.returns) >=
               c405_returns_share * static_cast<double>(values.changes);
  }
  /// Whether each value is stored by one process, and each process stores one value.
  static bool has_own_values(const key_values& values) {
    if (values.count < 2) return false;
    for (std::size_t i = 0; i < values.count; ++i) {
      const value& own = values.seen[i];
      if (own.process == 0 || own.by_several || own.loads < loads_by_process_min) return false;
      for (std::size_t j = 0; j < i; ++j) {
        if (values.seen[j].process == own.process) return false;
      }
    }
    return true;
  }

  per_key<key_values> values_;
  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c405() { return {c405_text, {}, make_rule<flapping_value>}; }

}  // namespace drover::audit
