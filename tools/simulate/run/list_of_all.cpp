// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

#include "simulate/run/scenario.hpp"
#include "simulate/run/simulate.hpp"
#include "simulate/strategies/strategy.hpp"
#include "text/text_layout.hpp"

namespace drover::simulate {
namespace {

constexpr std::size_t page_width = 80;

std::string line(std::string_view name, std::string_view text, std::size_t width) {
  std::string made = "  " + std::string{name};
  made.resize(width + 4, ' ');
  const std::string indent(made.size(), ' ');
  for (const char each : text::wrapped(text, page_width - indent.size(), 0)) {
    made += each;
    if (each == '\n') made += indent;
  }
  return made + '\n';
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
  text += "\nStrategies (--strategy):\n";
  const std::size_t kinds = widest(strategies());
  for (const strategy_kind& each : strategies()) text += line(each.name, each.summary, kinds);
  text += line("command", "a program of yours, by --strategy-command", kinds);
  text += "\nOrigins (--origin):\n";
  constexpr std::string_view yours = "postgresql://...";
  for (const auto& [name, what] : std::initializer_list<std::array<std::string_view, 2>>{
           {"sqlite", "a file of the simulation's own; its trace hook counts the queries"},
           {"postgresql", "a private server, started and removed; its query log counts them"},
           {yours, "yours: a schema is made in it and removed; its statistics count them"}}) {
    text += line(name, what, yours.size());
  }
  return text;
}

}  // namespace drover::simulate
