// SPDX-License-Identifier: MIT
// The facts that the engine makes of a stage, as they are told to rules.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "audit/engine/stage_for_test.hpp"

namespace drover::audit::testing {

/// Writes down the facts it is told.
class listener : public rule {
 public:
  struct heard {
    std::vector<cold_event> cold;
    std::vector<lock_hold> lock_holds;
    std::vector<load> loads;
    std::vector<refresh> refreshes;
    std::vector<settled_store> stores;
    std::vector<wait> waits;
    std::vector<std::pair<std::string, key_role>> roles;
  };

  explicit listener(heard& into) : into_(into) {}
  std::string_view id() const override { return "C000"; }
  interest::bits wants() const override {
    return interest::cold_events | interest::lock_holds | interest::loads | interest::refreshes |
           interest::settled_stores | interest::waits;
  }
  void on_cold_event(const cold_event& what, const key_state&, const rule_context&) override {
    into_.cold.push_back(what);
  }
  void on_lock_hold(const lock_hold& what, const key_state&, const rule_context&) override {
    into_.lock_holds.push_back(what);
  }
  void on_load(const load& what, const key_state&, const rule_context&) override {
    into_.loads.push_back(what);
  }
  void on_refresh(const refresh& what, const key_state&, const rule_context&) override {
    into_.refreshes.push_back(what);
  }
  void on_settled_store(const settled_store& what, const key_state&, const rule_context&) override {
    into_.stores.push_back(what);
  }
  void on_wait(const wait& what, const key_state&, const rule_context&) override {
    into_.waits.push_back(what);
  }
  void on_end(const rule_context& all, verdicts&) override {
    for (const pattern_state& each : all.patterns()) {
      into_.roles.emplace_back(each.text, all.role_of(each));
    }
  }

 private:
  heard& into_;
};

inline listener::heard hear(const stage& world) {
  listener::heard heard;
  std::vector<std::unique_ptr<rule>> rules;
  rules.push_back(std::make_unique<listener>(heard));
  (void)world.judged_by(std::move(rules));
  return heard;
}

}  // namespace drover::audit::testing
