// SPDX-License-Identifier: MIT
// Collects the facts that the engine reports to rules when a stage is played.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "audit/engine/stage_for_test.hpp"

namespace drover::audit::testing {

/// Records all facts that the engine reports.
class listener : public rule {
 public:
  struct facts {
    std::vector<cold_event> cold;
    std::vector<lock_hold> lock_holds;
    std::vector<load> loads;
    std::vector<refresh> refreshes;
    std::vector<settled_store> stores;
    std::vector<wait> waits;
    std::vector<std::pair<std::string, key_role>> roles;
  };

  explicit listener(facts& target) : facts_(target) {}
  std::string_view id() const override { return "C000"; }
  interest::bits wants() const override {
    return interest::cold_events | interest::lock_holds | interest::loads | interest::refreshes |
           interest::settled_stores | interest::waits;
  }
  void on_cold_event(const cold_event& cold, const key_state&, const rule_context&) override {
    facts_.cold.push_back(cold);
  }
  void on_lock_hold(const lock_hold& hold, const key_state&, const rule_context&) override {
    facts_.lock_holds.push_back(hold);
  }
  void on_load(const load& loaded, const key_state&, const rule_context&) override {
    facts_.loads.push_back(loaded);
  }
  void on_refresh(const refresh& refreshed, const key_state&, const rule_context&) override {
    facts_.refreshes.push_back(refreshed);
  }
  void on_settled_store(const settled_store& settled, const key_state&,
                        const rule_context&) override {
    facts_.stores.push_back(settled);
  }
  void on_wait(const wait& ended_wait, const key_state&, const rule_context&) override {
    facts_.waits.push_back(ended_wait);
  }
  void on_end(const rule_context& context, verdicts&) override {
    for (const pattern_state& pattern : context.patterns()) {
      facts_.roles.emplace_back(pattern.text, context.role_of(pattern));
    }
  }

 private:
  facts& facts_;
};

inline listener::facts collect_facts(const stage& world) {
  listener::facts facts;
  std::vector<std::unique_ptr<rule>> rules;
  rules.push_back(std::make_unique<listener>(facts));
  (void)world.judged_by(std::move(rules));
  return facts;
}

}  // namespace drover::audit::testing
