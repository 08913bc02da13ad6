// SPDX-License-Identifier: MIT
#include "simulate/run/connection_need.hpp"

#include <algorithm>

namespace drover::simulate {
namespace {

constexpr std::uint32_t background_loads = 4;    // in each process, in addition to its callers
constexpr std::uint32_t connections_aside = 50;  // for the first fill, the writer, the coordinator

}  // namespace

std::uint32_t connections_for(const run_plan& plan) {
  const std::uint32_t loads = plan.callers + background_loads;
  return connections_aside +
         plan.processes * (plan.capacity > 0 ? std::min(loads, plan.capacity) : loads);
}

std::string advice_for_room(const run_plan& plan, std::uint32_t room) {
  const std::uint32_t shared = room > connections_aside ? room - connections_aside : 0;
  const std::uint32_t per_process = shared / plan.processes;
  if (per_process > background_loads) {
    return "with --processes " + std::to_string(plan.processes) + ", at most --callers " +
           std::to_string(per_process - background_loads) + " fit";
  }
  if (shared > background_loads) {
    return "at most --processes 1 --callers " + std::to_string(shared - background_loads) + " fit";
  }
  return "no simulation fits: it needs room for at least " +
         std::to_string(connections_aside + background_loads + 1);
}

}  // namespace drover::simulate
