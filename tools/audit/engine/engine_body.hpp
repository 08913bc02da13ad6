// SPDX-License-Identifier: MIT
// The implementation of the engine: the trackers, and the delivery of facts to rules.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "audit/engine/cold_tracker.hpp"
#include "audit/engine/connection_book.hpp"
#include "audit/engine/engine.hpp"
#include "audit/engine/fault_book.hpp"
#include "audit/engine/history.hpp"
#include "audit/engine/key_table.hpp"
#include "audit/engine/loads_by_second.hpp"
#include "audit/engine/lock_hold_tracker.hpp"
#include "audit/engine/normaliser.hpp"
#include "audit/engine/outage_book.hpp"
#include "audit/engine/plain_lock_tracker.hpp"
#include "audit/engine/store_tracker.hpp"
#include "audit/engine/timeline_builder.hpp"
#include "audit/engine/wait_tracker.hpp"

namespace drover::audit {

class engine::body final : public rule_context, private fact_sink {
 public:
  body(settings options, std::vector<std::unique_ptr<rule>> rules);

  void feed(const record& item);
  void feed(const event& command);
  audit_result finish();

  engine_progress progress;

  // rule_context:
  moment now() const override { return now_; }
  const capture_begun& capture() const override { return capture_; }
  const connection_book& connections() const override { return connections_; }
  const key_state* find(key_ref key) const override { return keys_.find(key); }
  const key_state* find(std::uint32_t database, std::string_view name) const override {
    return keys_.find(database, name);
  }
  const std::deque<pattern_state>& patterns() const override { return keys_.patterns(); }
  key_role role_of(const pattern_state& pattern) const override;
  moment delta_of(const pattern_state& pattern) const override { return pattern.load_time(); }
  bool is_cache_aside(const pattern_state& pattern) const override { return pattern.loads > 0; }
  bool is_perturbed(moment from, moment to) const override { return colds_.is_perturbed(from, to); }
  std::vector<moment_line> timeline(std::span<const key_ref> keys, moment from, moment to,
                                    std::span<const decisive_operation> decisive,
                                    std::size_t lines_max) const override;
  std::optional<std::uint64_t> origin_loads() const override;
  std::optional<std::int64_t> pttl_at_end(std::string_view key) const override;
  std::string_view eviction_policy() const override { return eviction_policy_; }
  const outage_book& outages() const override { return outages_; }

 private:
  static constexpr std::size_t bits = 32;
  using listeners = std::vector<rule*>;

  void take(const cold_event& cold, const key_state& key) override;
  void take(const lock_hold& hold, const key_state& lock) override;
  void take(const load& loaded, const key_state& key) override;
  void take(const refresh& refreshed, const key_state& key) override;
  void take(const settled_store& settled, const key_state& key) override;
  void take(const wait& ended_wait, const key_state& key) override;
  void retract_nx_loads(const cold_event& event, std::uint64_t count,
                        const key_state& key) override;

  /// Whether an injected fault may explain the fact.
  [[nodiscard]] bool is_excused(const cold_event& cold, const key_state& key) const;
  [[nodiscard]] bool is_excused(const lock_hold& hold, const key_state& lock) const;
  [[nodiscard]] bool is_excused(const key_state& key, std::uint64_t connection, moment from,
                                moment to) const;
  /// The same for a fact that counts as one of the others.
  [[nodiscard]] bool sets_aside(const key_state& key, std::uint64_t connection, moment from,
                                moment to);
  [[nodiscard]] bool is_out_of_step(const event& command);
  void add_fault(const fault_injected& fault);

  [[nodiscard]] const listeners& listeners_for(interest::bits bit) const;
  void apply(const op& operation, connection_facts& client);
  void apply(key_state& key, const op& operation, connection_facts& client);
  /// Applies what a SET .. NX GET tells of the value. True if the command did nothing but read.
  bool apply_told(key_state& key, const op& operation, connection_facts& client);
  /// Gives a key a pattern of its own if it is used in another way than its family.
  void place(key_state& key, const op& operation);
  void apply_read(key_state& key, const op& operation, connection_facts& client);
  bool apply_store(key_state& key, const op& operation, const connection_facts& client);
  [[nodiscard]] bool is_modification(const key_state& key, const op& operation,
                                     const connection_facts& client) const;
  void apply_acquire(key_state& key, const op& operation, const connection_facts& client);
  [[nodiscard]] bool is_remembered(const key_state& key, const op& operation) const;
  [[nodiscard]] std::optional<op_summary> last_hit_of(const key_state& key, const op& operation,
                                                      const connection_facts& client) const;
  void apply_without_keys(const event& command);
  void apply_sight_lost(const sight_lost& loss);
  [[nodiscard]] bool is_examined(std::string_view key) const;
  [[nodiscard]] bool is_comparable(const audit::origin_loads& loads) const;
  void add_origin_loads(const audit::origin_loads& loads);
  void close(key_state& key, bool run_over);
  void fill_figures(audit_result& result) const;
  void remove_loads(const pattern_state& pattern, moment at, std::uint64_t count);
  void fill_charts(run_timeline& timeline);

  settings settings_;
  std::vector<std::unique_ptr<rule>> rules_;
  std::array<listeners, bits> listeners_;

  capture_begun capture_;
  moment now_{};
  connection_book connections_;
  normaliser normaliser_;
  key_table keys_;
  history history_;
  cold_tracker colds_;
  lock_hold_tracker lock_holds_;
  store_tracker stores_;
  wait_tracker waits_;
  plain_lock_tracker plain_locks_;
  timeline_builder timeline_builder_;
  loads_by_second load_counts_;
  loads_by_second refresh_counts_;
  loads_by_second origin_counts_;
  fault_book faults_;
  fault_report fault_report_;
  outage_book outages_;

  std::uint64_t commands_ = 0;
  std::uint64_t commands_passed_ = 0;  // as the capture counted them; 0: it did not
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_lost_ = 0;
  std::uint64_t events_lost_ = 0;
  std::uint32_t keys_per_million_ = all_keys;
  std::uint64_t origin_loads_left_out_ = 0;  // of all keys, while a share of them is examined
  std::optional<std::uint64_t> origin_loads_;
  std::unordered_map<std::string, std::int64_t> pttls_;
  std::string eviction_policy_;
  bool settled_ = false;
};

}  // namespace drover::audit
