// SPDX-License-Identifier: MIT
#include <algorithm>
#include <limits>

#include "history/checker.hpp"

namespace drover::history {

namespace {

constexpr std::uint64_t before_ns = 300'000'000;
constexpr std::size_t lines_max = 120;

}  // namespace

std::string context_of(const violation& found, const std::vector<record>& records,
                       const rules& with) {
  const record& last = found.second;
  std::uint64_t begin = std::min(found.first.begin_ns, last.begin_ns);
  std::uint64_t origin_ns = std::numeric_limits<std::uint64_t>::max();
  for (const record& one : records) {
    if (one.action == action::nothing) continue;
    origin_ns = std::min(origin_ns, one.begin_ns);
    // The load of the value is part of the story.
    if (one.action == action::load && one.load_id == last.load_id)
      begin = std::min(begin, one.begin_ns);
  }
  begin -= std::min(begin, before_ns);
  std::vector<const record*> near;
  for (const record& one : records) {
    const bool is_of_key = one.key == last.key && one.action != action::process;
    const bool is_general = one.action == action::connection_down ||
                            (one.action == action::fault && (one.flags & is_proxied) == 0) ||
                            (one.action == action::process && one.outcome != outcome::ended);
    const bool is_near = one.last_ns() >= begin && one.begin_ns <= last.last_ns();
    if (one.action != action::nothing && is_near && (is_of_key || is_general)) near.push_back(&one);
  }
  std::sort(near.begin(), near.end(),
            [](const record* a, const record* b) { return a->begin_ns < b->begin_ns; });
  if (near.size() > lines_max) near.erase(near.begin(), near.end() - lines_max);
  std::string text;
  for (const record* one : near) {
    text += "  " + describe(*one, origin_ns);
    if (one->action == action::fault && one->detail < with.faults.size())
      text += " (" + with.faults[one->detail].name + ")";
    text += "\n";
  }
  return text;
}

}  // namespace drover::history
