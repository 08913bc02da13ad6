// SPDX-License-Identifier: MIT
#include "audit/engine/line_choice.hpp"

#include <algorithm>
#include <array>

namespace drover::audit {
namespace {

/// Adds `count` of the places, half of them from each end.
void add_from_both_ends(const std::vector<std::size_t>& places, std::size_t count,
                        std::vector<std::size_t>& into) {
  const std::size_t from_end = count / 2;
  const std::size_t from_start = count - from_end;
  into.insert(into.end(), places.begin(), places.begin() + static_cast<std::ptrdiff_t>(from_start));
  into.insert(into.end(), places.end() - static_cast<std::ptrdiff_t>(from_end), places.end());
}

}  // namespace

line_weight weight_of(const moment_line& line) {
  return line.decisive      ? line_weight::decisive
         : line.changed_key ? line_weight::changed_key
                            : line_weight::other;
}

std::vector<shown_line> shown_lines(const std::vector<moment_line>& timeline, std::size_t most) {
  std::vector<line_weight> weights;
  std::vector<std::size_t> commands;
  for (std::size_t i = 0; i < timeline.size(); ++i) {
    if (timeline[i].left_out > 0) continue;
    weights.push_back(weight_of(timeline[i]));
    commands.push_back(i);
  }
  std::vector<shown_line> shown;
  std::size_t next = 0;
  for (const std::size_t choice : chosen_lines(weights, most)) {
    shown_line line{commands[choice]};
    for (; next < line.place; ++next) {
      line.left_out += std::max<std::uint64_t>(timeline[next].left_out, 1);
    }
    ++next;
    shown.push_back(line);
  }
  return shown;
}

std::vector<std::size_t> chosen_lines(const std::vector<line_weight>& weights, std::size_t most) {
  const std::size_t count = weights.size();
  std::vector<std::size_t> chosen;
  std::array<std::vector<std::size_t>, 3> places;
  for (std::size_t i = 0; i < count; ++i) {
    if (count <= most || i == 0 || i + 1 == count) {
      chosen.push_back(i);
    } else {
      places[static_cast<std::size_t>(weights[i])].push_back(i);
    }
  }
  for (auto heaviest = places.rbegin(); heaviest != places.rend(); ++heaviest) {
    add_from_both_ends(*heaviest, std::min(heaviest->size(), most - std::min(most, chosen.size())),
                       chosen);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace drover::audit
