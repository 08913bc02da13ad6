// SPDX-License-Identifier: MIT
#include "world/play/sweep.hpp"

#include <algorithm>
#include <utility>

namespace drover::world {
namespace {

constexpr std::uint64_t steps_max = 400'000;

void count(enumeration& into, const plan& of, const result& got) {
  ++into.schedules;
  into.fingerprints.insert(got.fingerprint);
  if (got.violations.empty()) return;
  ++into.failed;
  if (into.first) return;
  into.first = got.violations.front();
  into.first_plan = describe(of);
}

}  // namespace

enumeration sweep(std::string name, const plan& of,
                  const std::function<void(plan&, virtual_time)>& change) {
  enumeration all{.name = std::move(name), .fingerprints = {}, .first = {}, .first_plan = {}};
  const result undisturbed = carry_out(of, {.steps_max = steps_max, .records_moments = true});
  count(all, of, undisturbed);
  for (const virtual_time moment : undisturbed.moments) {
    plan changed = of;
    change(changed, moment);
    count(all, changed, carry_out(changed, {.steps_max = steps_max}));
  }
  return all;
}

enumeration sweep_bytes(std::string name, const plan& of, std::size_t bytes,
                        const std::function<void(plan&, std::size_t)>& change) {
  enumeration all{.name = std::move(name), .fingerprints = {}, .first = {}, .first_plan = {}};
  for (std::size_t amount = 0; amount <= bytes; ++amount) {
    plan changed = of;
    change(changed, amount);
    count(all, changed, carry_out(changed, {.steps_max = steps_max}));
  }
  return all;
}

// Depth first: the last decision that has another way is changed, those after it are forgotten.
enumeration explore(std::string name, const plan& of, unsigned preemptions,
                    std::uint64_t schedules_max) {
  enumeration all{.name = std::move(name), .fingerprints = {}, .first = {}, .first_plan = {}};
  std::vector<std::uint32_t> list;
  for (;;) {
    if (all.schedules >= schedules_max) {
      all.is_complete = false;
      return all;
    }
    listed_choices decide{list};
    count(all, of, carry_out(of, decide, {.steps_max = steps_max}));
    const auto& decisions = decide.decisions();
    std::vector<unsigned> spent{0};  // preemptions before each decision
    for (const auto& decision : decisions)
      spent.push_back(spent.back() + (decision.is_preemption_point && decision.taken > 0 ? 1 : 0));
    std::size_t at = decisions.size();
    while (at-- > 0) {
      const auto& decision = decisions[at];
      if (decision.taken + 1 >= decision.count) continue;
      const bool adds = decision.is_preemption_point && decision.taken == 0;
      if (!adds || spent[at] < preemptions) break;
    }
    if (at == static_cast<std::size_t>(-1)) return all;
    list.clear();
    for (std::size_t i = 0; i < at; ++i) list.push_back(decisions[i].taken);
    list.push_back(decisions[at].taken + 1);
  }
}

}  // namespace drover::world
