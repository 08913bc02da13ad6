// SPDX-License-Identifier: MIT
#include "campaign/campaign_round.hpp"

#include <thread>

#include "campaign/campaign_world.hpp"
#include "campaign/chaos.hpp"

namespace drover::campaign {

namespace {

constexpr std::chrono::milliseconds quiet_before{500};
constexpr std::chrono::milliseconds settled_reads{1500};

}  // namespace

round_result run_round(const round_settings& with) {
  world_settings settings;
  settings.program = with.program;
  settings.processes = with.processes;
  settings.seed = with.seed;
  settings.plan.threads = with.threads;
  settings.proxy_script = proxy_script(static_cast<unsigned>(with.chaos.count()));
  campaign_world world{settings};

  std::this_thread::sleep_for(quiet_before);
  chaos{world, with.seed}.run(with.chaos, with.is_interrupted);
  if (with.is_interrupted != nullptr && *with.is_interrupted) return {};
  world.set_phase(phase::settling);
  std::this_thread::sleep_for(with.settle);
  history::rules rules;
  rules.settled_ns = now_ns();
  std::this_thread::sleep_for(settled_reads);
  world.finish();

  rules.caches = rules_of_caches(false);
  rules.faults = rules_of_faults();
  const std::vector<history::record> records = world.records();
  round_result result;
  result.found = history::check(records, rules);
  result.records = records.size();
  for (history::violation& one : result.found.violations)
    one.text += "\n" + history::context_of(one, records, rules);
  result.processes_at_end = with.processes;
  for (std::size_t i = 0; i < result.events.size(); ++i) result.events[i] = world.table().events[i];
  return result;
}

}  // namespace drover::campaign
