// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/origins/make_origin.hpp"
#include "simulate/run/scenario.hpp"
#include "simulate/run/simulate.hpp"
#include "simulate/strategies/strategy.hpp"
#include "text/text_layout.hpp"

namespace drover::simulate {
namespace {

constexpr std::size_t page_width = 80;

struct listed_origin {
  std::string_view name;
  std::string_view description;
  origin_choice::kind kind;
};

constexpr std::array<listed_origin, 3> known_origins{
    {{"sqlite", "a file of the simulation; SQLite's trace hook counts the queries",
      origin_choice::kind::sqlite},
     {"postgresql", "a private server, started and removed; its query log counts the queries",
      origin_choice::kind::postgresql_private},
     {"postgresql://...",
      "a server of yours, in a schema that is removed at the end; its statistics count the queries",
      origin_choice::kind::postgresql}}};

/// The origins that this program and machine support.
std::vector<listed_origin> usable_origins() {
  std::vector<listed_origin> usable;
  std::ranges::copy_if(known_origins, std::back_inserter(usable), [](const listed_origin& origin) {
    return missing_requirement({.which = origin.kind, .url = {}}, {}).empty();
  });
  return usable;
}

std::string entry(std::string_view name, std::string_view description, std::size_t width) {
  std::string text = "  " + std::string{name};
  text.resize(width + 4, ' ');
  const std::string indent(text.size(), ' ');
  for (const char byte : text::wrapped(description, page_width - indent.size(), 0)) {
    text += byte;
    if (byte == '\n') text += indent;
  }
  return text + '\n';
}

template <class Named>
std::size_t widest(const Named& all) {
  std::size_t width = 0;
  for (const auto& item : all) width = std::max(width, item.name.size());
  return width;
}

}  // namespace

std::string list_of_all() {
  std::string text = "Scenarios (--scenario):\n";
  std::size_t width = widest(scenarios());
  for (const scenario& situation : scenarios()) {
    text += entry(situation.name, situation.title, width) + entry("", situation.look_for, width);
  }
  text += "\nStrategies (--strategy, several with commas, or all):\n";
  width = widest(strategies());
  for (const strategy_kind& strategy : strategies()) {
    text += entry(strategy.name, strategy.summary, width);
  }
  text += "\nOrigins (--origin):\n";
  const std::vector<listed_origin> origins = usable_origins();
  width = widest(origins);
  for (const listed_origin& origin : origins) text += entry(origin.name, origin.description, width);
  return text + "\nTo play a client program of yours: --strategy-command.\n";
}

}  // namespace drover::simulate
