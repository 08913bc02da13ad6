// SPDX-License-Identifier: MIT
#include "audit/engine/line_choice.hpp"

#include <algorithm>

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

std::vector<std::size_t> chosen_lines(const std::vector<bool>& changed_a_key, std::size_t most) {
  const std::size_t count = changed_a_key.size();
  std::vector<std::size_t> chosen;
  std::vector<std::size_t> changes;
  std::vector<std::size_t> others;
  for (std::size_t i = 0; i < count; ++i) {
    if (count <= most || i == 0 || i + 1 == count) {
      chosen.push_back(i);
    } else {
      (changed_a_key[i] ? changes : others).push_back(i);
    }
  }
  for (const auto* const places : {&changes, &others}) {
    add_from_both_ends(*places, std::min(places->size(), most - std::min(most, chosen.size())),
                       chosen);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace drover::audit
