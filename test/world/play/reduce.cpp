// SPDX-License-Identifier: MIT
#include "world/play/reduce.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "world/play/schedule.hpp"

namespace drover::world {
namespace {

void remove_process(plan& from, std::size_t index) {
  const auto number = static_cast<unsigned>(index) + 1;
  from.processes.erase(from.processes.begin() + static_cast<std::ptrdiff_t>(index));
  std::erase_if(from.faults, [number](const planned_fault& fault) {
    return fault.process == number && is_of_process(fault.is);
  });
  for (planned_fault& fault : from.faults) {
    if (fault.process > number || (fault.process == number && number > 1)) --fault.process;
  }
}

template <class List>
void remove_at(List& from, std::size_t index) {
  from.erase(from.begin() + static_cast<std::ptrdiff_t>(index));
}

class reduction {
 public:
  reduction(plan failing, std::string_view rule, unsigned runs_max)
      : smallest_{std::move(failing)}, rule_{rule}, runs_left_{runs_max} {}

  plan run() {
    bool has_changed = true;
    while (has_changed && runs_left_ > 0) {
      has_changed = remove_parts();
      has_changed = simplify_settings() || has_changed;
    }
    return smallest_;
  }

 private:
  bool try_change(const std::function<void(plan&)>& change) {
    if (runs_left_ == 0) return false;
    plan candidate = smallest_;
    change(candidate);
    --runs_left_;
    const result got = carry_out(candidate);
    const bool still_fails = std::ranges::any_of(
        got.violations, [this](const violation& seen) { return seen.rule == rule_; });
    if (still_fails) smallest_ = std::move(candidate);
    return still_fails;
  }

  bool remove_parts() {
    bool has_changed = false;
    for (std::size_t i = smallest_.faults.size(); i-- > 0;) {
      if (try_change([i](plan& of) { remove_at(of.faults, i); })) has_changed = true;
    }
    for (std::size_t i = smallest_.processes.size(); i-- > 0 && smallest_.processes.size() > 1;) {
      if (try_change([i](plan& of) { remove_process(of, i); })) has_changed = true;
    }
    for (std::size_t p = 0; p < smallest_.processes.size(); ++p) {
      for (std::size_t t = smallest_.processes[p].threads.size(); t-- > 0;) {
        if (try_change([p, t](plan& of) { remove_at(of.processes[p].threads, t); })) {
          has_changed = true;
        } else {
          has_changed = remove_calls(p, t) || has_changed;
        }
      }
    }
    return has_changed;
  }

  bool remove_calls(std::size_t p, std::size_t t) {
    bool has_changed = false;
    for (std::size_t c = smallest_.processes[p].threads[t].size(); c-- > 0;) {
      if (try_change([=](plan& of) { remove_at(of.processes[p].threads[t], c); })) {
        has_changed = true;
        continue;
      }
      const planned_call& kept = smallest_.processes[p].threads[t][c];
      if (kept.deadline &&
          try_change([=](plan& of) { of.processes[p].threads[t][c].deadline.reset(); }))
        has_changed = true;
      if (smallest_.processes[p].threads[t][c].stop_after &&
          try_change([=](plan& of) { of.processes[p].threads[t][c].stop_after.reset(); }))
        has_changed = true;
    }
    return has_changed;
  }

  bool simplify_settings() {
    bool has_changed = false;
    const auto set = [&](auto get, auto usual) {
      if (get(smallest_) == usual) return;
      if (try_change([&](plan& of) { get(of) = usual; })) has_changed = true;
    };
    const path straight;
    set(
        [](plan & of) -> auto& { return of.network.slice_max; }, straight.slice_max);
    set(
        [](plan & of) -> auto& { return of.network.window; }, straight.window);
    set(
        [](plan & of) -> auto& { return of.network.duplicates; }, 0U);
    set(
        [](plan & of) -> auto& { return of.loader.failing; }, 0U);
    set(
        [](plan & of) -> auto& { return of.loader.hanging; }, 0U);
    set(
        [](plan & of) -> auto& { return of.loader.nested; }, 0U);
    set(
        [](plan & of) -> auto& { return of.loader.escaping; }, 0U);
    set(
        [](plan & of) -> auto& { return of.loader.obedient; }, 0U);
    set(
        [](plan & of) -> auto& { return of.loader.unstored; }, 0U);
    set(
        [](plan & of) -> auto& { return of.loader.absent; }, 0U);
    set(
        [](plan & of) -> auto& { return of.policy.early_beta; }, 0.0);
    set(
        [](plan & of) -> auto& { return of.policy.ttl_jitter; }, 0.0);
    set(
        [](plan & of) -> auto& { return of.policy.wait_max; }, duration{});
    set(
        [](plan & of) -> auto& { return of.policy.grace; }, duration{});
    set(
        [](plan & of) -> auto& { return of.preemption; }, 0.0);
    set(
        [](plan & of) -> auto& { return of.spurious; }, 0U);
    set(
        [](plan & of) -> auto& { return of.executor; }, executor_kind::none);
    for (std::size_t p = 0; p < smallest_.processes.size(); ++p) {
      set(
          [p](plan & of) -> auto& { return of.processes[p].drift_ppm; }, std::int64_t{0});
      set(
          [p](plan & of) -> auto& { return of.processes[p].drains; }, false);
      set(
          [p](plan & of) -> auto& { return of.processes[p].drops_client_first; }, false);
    }
    return has_changed;
  }

  plan smallest_;
  std::string_view rule_;
  unsigned runs_left_;
};

}  // namespace

plan reduce(plan failing, std::string_view rule, unsigned runs_max) {
  return reduction{std::move(failing), rule, runs_max}.run();
}

}  // namespace drover::world
