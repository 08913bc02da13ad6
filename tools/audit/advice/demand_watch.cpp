// SPDX-License-Identifier: MIT
#include "audit/advice/demand_watch.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "audit/engine/key_state.hpp"

namespace drover::audit {
namespace {

class demand_watch final : public rule {
 public:
  explicit demand_watch(std::shared_ptr<recorded_demand> into) : into_{std::move(into)} {}

  [[nodiscard]] std::string_view id() const override { return "advice"; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::hits | interest::ops(op_kind::read) | interest::ops(op_kind::remove) |
           interest::loads | interest::settled_stores | interest::cold_events;
  }

  void on_op(const op& operation, const key_state& key, const rule_context&) override {
    key_demand& demand = demand_of(key);
    if (operation.kind == op_kind::remove) {
      if (operation.outcome == op_outcome::yes) demand.invalidations.push_back(operation.sent);
      return;
    }
    if (!operation.is_hit() && !operation.is_miss()) return;
    if (reads_ == recorded_demand::reads_max) {
      ++into_->reads_left_out;
      return;
    }
    ++reads_;
    if (operation.is_hit() && demand.reads.empty()) demand.warm_until = moment::max();
    if (operation.is_miss() && demand.warm_until == moment::max()) {
      demand.warm_until = operation.sent;
    }
    demand.reads.push_back(operation.sent);
  }

  void on_load(const load& loaded, const key_state& key, const rule_context&) override {
    pattern_demand& pattern = patterns_[key.pattern->index];
    ++pattern.loads;
    if (loaded.missed && pattern.load_times.size() < recorded_demand::samples_max) {
      pattern.load_times.push_back(loaded.store.sent - loaded.began);
    }
  }

  void on_settled_store(const settled_store& settled, const key_state& key,
                        const rule_context&) override {
    pattern_demand& pattern = patterns_[key.pattern->index];
    if (settled.ttl.source == ttl_source::none && !settled.kept) {
      ++pattern.stores_without_ttl;
    } else if (settled.ttl.duration > moment{} &&
               pattern.ttls.size() < recorded_demand::samples_max) {
      pattern.ttls.push_back(settled.ttl.duration);
    }
  }

  void on_cold_event(const cold_event& cold, const key_state& key, const rule_context&) override {
    pattern_demand& pattern = patterns_[key.pattern->index];
    if (cold.demand.contended) ++pattern.contended_cold_events;
    if (cold.loading.count > 1) ++pattern.stampedes;
    if (!cold.lock_attempts.empty()) pattern.is_locked = true;
  }

  void on_end(const rule_context& context, verdicts& out) override {
    out.add_coverage(id(), coverage_line::status::not_exercised, {});
    for (auto& [identity, entry] : keys_) {
      auto& [index, demand] = entry;
      std::sort(demand.reads.begin(), demand.reads.end());
      std::sort(demand.invalidations.begin(), demand.invalidations.end());
      pattern_demand& pattern = patterns_[index];
      pattern.reads += demand.reads.size();
      pattern.keys.push_back(std::move(demand));
    }
    for (const pattern_state& pattern : context.patterns()) {
      pattern_demand& demand = patterns_[pattern.index];
      if (context.role_of(pattern) != key_role::value || demand.loads == 0) continue;
      demand.pattern = pattern.text;
      into_->patterns.push_back(std::move(demand));
    }
    std::stable_sort(into_->patterns.begin(), into_->patterns.end(),
                     [](const auto& a, const auto& b) { return a.loads > b.loads; });
  }

 private:
  /// A key keeps its demand when the engine forgets it.
  key_demand& demand_of(const key_state& key) {
    return keys_.try_emplace({key.database, key.name}, key.pattern->index, key_demand{})
        .first->second.second;
  }

  std::shared_ptr<recorded_demand> into_;
  std::map<std::pair<std::uint32_t, std::string>, std::pair<std::uint32_t, key_demand>> keys_;
  std::unordered_map<std::uint32_t, pattern_demand> patterns_;
  std::size_t reads_ = 0;
};

}  // namespace

std::unique_ptr<rule> watch_demand(std::shared_ptr<recorded_demand> into) {
  return std::make_unique<demand_watch>(std::move(into));
}

}  // namespace drover::audit
