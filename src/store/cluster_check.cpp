// SPDX-License-Identifier: MIT
#include "store/cluster_check.hpp"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "store/server_check.hpp"

namespace drover::store {
namespace {

constexpr milliseconds look_again{20};

struct node_report {
  std::string name;
  check_report found;
};

bool is_same(const check_problem& one, const check_problem& other) {
  return one.request == other.request && one.reason == other.reason && one.remedy == other.remedy;
}

bool has_problem(const check_report& report, const check_problem& problem) {
  return std::any_of(report.problems.begin(), report.problems.end(),
                     [&](const check_problem& known) { return is_same(known, problem); });
}

// The map is learned from the first node that answers.
std::vector<redis_store*> await_primaries(servers& all, steady_time deadline) {
  for (;;) {
    std::vector<redis_store*> found = all.in_use();
    if (!found.empty() || connection::now() >= deadline || all.map_refusal()) return found;
    static_cast<void>(all.at({}).verify({.deadline = deadline, .stop = {}}));
    std::this_thread::sleep_for(std::min<microseconds>(
        look_again, std::max(deadline - connection::now(), microseconds{0})));
  }
}

check_report without_a_map(const servers& all) {
  check_report report;
  const auto refusal = all.map_refusal();
  std::string reason = refusal ? refusal->text : all.reached().reason;
  if (reason.empty()) reason = "there was no connection in time";
  report.problems.push_back(
      {refusal ? "CLUSTER SHARDS" : "connect", std::move(reason),
       refusal ? "The owners of the slots are known by redirects only, one after another, and the "
                 "nodes were not checked."
               : "Every call loads without Redis.",
       refusal ? "grant +cluster|shards +cluster|slots" : "", !refusal});
  report.state = refusal ? readiness::degraded : readiness::unusable;
  return report;
}

// What all nodes have in common is said once.
check_report joined(std::vector<node_report> nodes) {
  check_report out = std::move(nodes.front().found);
  std::vector<check_problem> of_first = std::exchange(out.problems, {});
  nodes.front().found.problems = of_first;
  for (const node_report& node : nodes) {
    for (const check_problem& problem : node.found.problems) {
      const bool is_of_all = std::all_of(nodes.begin(), nodes.end(), [&](const node_report& other) {
        return has_problem(other.found, problem);
      });
      if (is_of_all && has_problem(out, problem)) continue;
      out.problems.push_back(problem);
      if (!is_of_all) out.problems.back().reason = node.name + ": " + problem.reason;
    }
    out.state = std::max(out.state, node.found.state);
    if (node.found.round_trip) {
      out.round_trip =
          std::max(out.round_trip.value_or(*node.found.round_trip), *node.found.round_trip);
    }
    if (out.version.empty()) out.version = node.found.version;
    if (out.server.empty()) out.server = node.found.server;
  }
  out.role = "primary";
  std::stable_partition(out.problems.begin(), out.problems.end(),
                        [](const check_problem& problem) { return problem.is_essential; });
  return out;
}

}  // namespace

check_report check_servers(servers& all, std::span<const std::string> names, const std::string& id,
                           steady_time deadline) {
  redis_store& only = all.home();
  // Its greeting says whether it is a node of a cluster.
  if (!all.is_cluster()) static_cast<void>(only.verify({.deadline = deadline, .stop = {}}));
  if (!all.is_cluster()) {
    check_report report = server_check{only.channel(), only.wakes(), id, deadline}.run(names);
    if (!all.is_cluster()) return report;
  }
  std::vector<node_report> nodes;
  for (redis_store* const on : await_primaries(all, deadline)) {
    const auto key_from = [&all, on](const std::string& beginning) {
      return all.key_at(*on, beginning, [](const std::string& key) { return key; });
    };
    nodes.push_back({all.name_of(*on),
                     server_check{on->channel(), on->wakes(), id, deadline, key_from}.run(names)});
  }
  return nodes.empty() ? without_a_map(all) : joined(std::move(nodes));
}

}  // namespace drover::store
