// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>
#include <string_view>

#include "simulate/scenario.hpp"
#include "simulate/simulate.hpp"
#include "strategies/strategy.hpp"

namespace drover::simulate {
namespace {

std::string line(std::string_view name, std::string_view text, std::size_t width) {
  return "  " + std::string{name} + std::string(width - name.size() + 2, ' ') + std::string{text} +
         '\n';
}

template <class Named>
std::size_t widest(const Named& all) {
  std::size_t width = 0;
  for (const auto& each : all) width = std::max(width, each.name.size());
  return width;
}

}  // namespace

std::string list_of_all() {
  std::string text = "Scenarios (--scenario):\n";
  const std::size_t names = widest(scenarios());
  for (const scenario& each : scenarios()) {
    text += line(each.name, each.title, names) + line("", each.look_for, names);
  }
  text += line("long-run", "Early refresh over hours of traffic, in virtual time", names) +
          line("", "Queries per hour of each formula, next to the analytic curve.", names);
  text += "\nStrategies (--strategy):\n";
  const std::size_t kinds = widest(strategies());
  for (const strategy_kind& each : strategies()) text += line(each.name, each.summary, kinds);
  text += line("command", "a program of yours, by --strategy-command", kinds);
  text +=
      "\nOrigins (--origin):\n"
      "  sqlite            a file of the simulation's own; its trace hook counts the queries\n"
      "  postgresql        a private server, started and removed; its query log counts them\n"
      "  postgresql://...  yours, in a schema made and removed; its statistics count\n";
  return text;
}

}  // namespace drover::simulate
