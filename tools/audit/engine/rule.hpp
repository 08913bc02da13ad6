// SPDX-License-Identifier: MIT
// A rule gets facts during the run. At the end it reports its findings and its coverage. Each rule
// is a file in tools/audit/rules; `all_rules()` creates one object of each.
//
// Facts arrive before the roles of keys are final. A rule therefore collects cases for each
// pattern, and decides in `on_end`, when roles and pairings are final. Its state must be bounded:
// use `per_pattern`, `per_key` and `cases`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/engine/cases.hpp"
#include "audit/engine/rule_context.hpp"

namespace drover::audit {

/// The calls that a rule wants. It gets no others. Ops are selected by kind, because there are so
/// many of them.
struct interest {
  using bits = std::uint32_t;
  static constexpr bits ops(op_kind kind) { return bits{1} << static_cast<unsigned>(kind); }
  static constexpr bits all_ops = (bits{1} << (static_cast<unsigned>(op_kind::opaque) + 1)) - 1;
  /// Hits are most of the traffic and have a bit of their own. `ops(op_kind::read)` means misses
  /// and failed reads only.
  static constexpr bits hits = bits{1} << 16;
  static constexpr bits cold_events = bits{1} << 17;
  static constexpr bits lock_holds = bits{1} << 18;
  static constexpr bits loads = bits{1} << 19;
  static constexpr bits refreshes = bits{1} << 20;
  static constexpr bits settled_stores = bits{1} << 21;
  static constexpr bits waits = bits{1} << 22;
  static constexpr bits events = bits{1} << 23;   ///< all commands, including those without keys
  static constexpr bits records = bits{1} << 24;  ///< all records other than commands
};

/// The results of the rules. Names, advice and fix prompts are filled in later from the catalogue.
class verdicts {
 public:
  void add_finding(finding result) { findings.push_back(std::move(result)); }
  void add_notice(finding result) { notices.push_back(std::move(result)); }
  void add_coverage(std::string_view rule, coverage_line::status state, std::string detail) {
    coverage.push_back({std::string(rule), {}, state, std::move(detail), {}});
  }
  /// What the rule has seen and cannot judge: "3 waits", "no lease is known".
  void add_not_judged(std::string_view rule, std::string_view seen, std::string_view reason) {
    not_judged.emplace_back(rule, std::string(seen) + ", because " + std::string(reason));
  }

  std::vector<finding> findings;
  std::vector<finding> notices;
  std::vector<coverage_line> coverage;
  std::vector<std::pair<std::string, std::string>> not_judged;  // the rule, what it cannot judge
};

class rule {
 public:
  rule() = default;
  rule(const rule&) = delete;
  rule& operator=(const rule&) = delete;
  virtual ~rule() = default;

  [[nodiscard]] virtual std::string_view id() const = 0;  ///< "C101"
  [[nodiscard]] virtual interest::bits wants() const = 0;

  /// `key` is in its state before this op.
  virtual void on_op(const op& /*operation*/, const key_state& /*key*/,
                     const rule_context& /*context*/) {}
  virtual void on_event(const event& /*command*/, const rule_context& /*context*/) {}
  virtual void on_record(const record& /*item*/, const rule_context& /*context*/) {}
  virtual void on_cold_event(const cold_event& /*cold*/, const key_state& /*key*/,
                             const rule_context& /*context*/) {}
  virtual void on_lock_hold(const lock_hold& /*hold*/, const key_state& /*lock*/,
                            const rule_context& /*context*/) {}
  virtual void on_load(const load& /*loaded*/, const key_state& /*key*/,
                       const rule_context& /*context*/) {}
  virtual void on_refresh(const refresh& /*refreshed*/, const key_state& /*key*/,
                          const rule_context& /*context*/) {}
  virtual void on_settled_store(const settled_store& /*settled*/, const key_state& /*key*/,
                                const rule_context& /*context*/) {}
  virtual void on_wait(const wait& /*ended_wait*/, const key_state& /*key*/,
                       const rule_context& /*context*/) {}
  /// Called before `on_end` for each pattern whose keys showed to be one pattern with others: its
  /// facts belong to the pattern `into`.
  virtual void on_united(std::uint32_t /*from*/, std::uint32_t /*into*/) {}
  /// Called once, at the end of the run. Calls `add_coverage` exactly once, and `add_finding` at
  /// most once for each pattern.
  virtual void on_end(const rule_context& context, verdicts& out) = 0;
};

/// A finding with the counts, keys and evidence of `collected`. The caller adds severity,
/// confidence and message.
[[nodiscard]] finding finding_of(std::string_view rule, const pattern_state& pattern,
                                 const cases& collected);

}  // namespace drover::audit
