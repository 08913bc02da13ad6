// SPDX-License-Identifier: MIT
#include "history/checker.hpp"

#include <algorithm>
#include <limits>

#include "history/run_index.hpp"

namespace drover::history {

std::string to_string(property broken) {
  switch (broken) {
    case property::identity: return "identity";
    case property::not_written: return "not written";
    case property::fresh: return "fresh";
    case property::stale: return "stale";
    case property::bypassed: return "bypassed";
    case property::one_load: return "one load";
    case property::ended: return "ended";
    case property::converged: return "converged";
  }
  return "?";
}

findings check(const std::vector<record>& records, const rules& with) {
  findings found;
  std::uint64_t origin_ns = std::numeric_limits<std::uint64_t>::max();
  for (const record& one : records) {
    if (one.action != action::nothing) origin_ns = std::min(origin_ns, one.begin_ns);
  }
  const run_index run{records, with};
  accuser into{found, origin_ns};
  check_gets(run, with, into, found.figures);
  check_leases(run, with, into, found.figures);
  check_ends(run, with, into, found.figures);
  count_overlaps(run, with, found.figures);
  return found;
}

void check_ends(const run_index& run, const rules& with, accuser& into, figures& counted) {
  counted.processes = run.processes.size();
  for (const auto& [number, life] : run.processes) {
    if (life->outcome == outcome::crashed) into.accuse(property::ended, *life, *life, "it crashed");
    if (life->outcome == outcome::hung) into.accuse(property::ended, *life, *life, "it hung");
  }
  std::map<std::uint32_t, std::uint64_t> settled;
  for (const auto& [key, all] : run.by_key) {
    for (const record* one : all) {
      if (one->action == action::load) continue;
      const auto life = run.processes.find(one->process);
      if (life == run.processes.end()) continue;
      const outcome end = life->second->outcome;
      if (!one->has_ended() && (end == outcome::ended || end == outcome::hung))
        into.accuse(property::ended, *life->second, *one, "a call never ended");
      if (one->action == action::get && with.settled_ns != 0 && one->begin_ns >= with.settled_ns)
        ++settled[one->process];
    }
  }
  counted.settled_processes = settled.size();
}

}  // namespace drover::history
