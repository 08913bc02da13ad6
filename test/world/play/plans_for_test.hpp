// SPDX-License-Identifier: MIT
// Plans for the tests of the simulated world.
//
// Pure. Threads: values.
#pragma once

#include <algorithm>
#include <string_view>

#include "world/play/schedule.hpp"

namespace drover::world {

[[nodiscard]] inline planned_call call_of(planned_call::kind is, unsigned key = 0) {
  return {.is = is, .key = key, .deadline = {}, .stop_after = {}};
}

[[nodiscard]] inline planned_call rest_of(virtual_time span) {
  return {.is = planned_call::kind::rest, .span = span, .deadline = {}, .stop_after = {}};
}

/// Two processes read two keys again and again, and one of them changes them.
[[nodiscard]] inline plan busy_plan(sabotage wrong) {
  using kind = planned_call::kind;
  plan made;
  made.wrong = wrong;
  made.seed = 5;
  made.options.url = "redis://127.0.0.1:6379";
  made.policy.ttl = std::chrono::seconds{10};
  made.keys = 2;
  made.settle = std::chrono::seconds{1};
  for (int i = 0; i < 2; ++i) {
    planned_process process;
    process.threads.resize(2);
    for (auto& calls : process.threads) {
      for (int round = 0; round < 4; ++round) {
        for (const unsigned key : {0U, 1U}) {
          calls.push_back(call_of(kind::get, key));
          if (i == 0) calls.push_back(call_of(kind::write, key));
        }
      }
    }
    made.processes.push_back(process);
  }
  return made;
}

/// One process with one thread.
[[nodiscard]] inline plan small_plan(sabotage wrong, std::vector<planned_call> calls) {
  plan made = busy_plan(wrong);
  made.processes.resize(1);
  made.processes[0].threads = {std::move(calls)};
  return made;
}

[[nodiscard]] inline bool is_reported(const result& got, std::string_view rule) {
  return std::ranges::any_of(got.violations,
                             [rule](const violation& seen) { return seen.rule == rule; });
}

}  // namespace drover::world
