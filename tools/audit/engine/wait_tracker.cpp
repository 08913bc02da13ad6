// SPDX-License-Identifier: MIT
#include "audit/engine/wait_tracker.hpp"

#include <algorithm>

namespace drover::audit {

namespace {

constexpr std::size_t open_waits_max = 128;
/// Not asked again for so many times its longest gap, and at least so long: it has given up.
constexpr int silent_gaps = 10;
constexpr moment silent_min = std::chrono::seconds(2);

bool is_over(const wait& what, moment now) {
  return now - what.last > std::max(silent_gaps * what.longest_gap, silent_min);
}

}  // namespace

void wait_tracker::tell(const key_state& key, wait& what) {
  // Asked once is no waiting.
  if (what.polls < 2) return;
  if (what.how == wait::ending::silent) what.ended = what.last;
  sink_.take(what, key);
}

void wait_tracker::refused(key_state& key, const op& what) {
  if (key.waits == nullptr) key.waits = std::make_unique<wait_book>();
  std::vector<wait>& open = key.waits->open;
  auto at = std::find_if(open.begin(), open.end(), [&](const wait& w) {
    return w.connection == what.connection && w.by == what.is;
  });
  if (at != open.end() && is_over(*at, what.sent)) {
    tell(key, *at);
    open.erase(at);
    at = open.end();
  }
  if (at == open.end()) {
    if (open.size() >= open_waits_max) {
      const auto oldest = std::min_element(
          open.begin(), open.end(), [](const wait& a, const wait& b) { return a.last < b.last; });
      tell(key, *oldest);
      open.erase(oldest);
    }
    wait made;
    made.key = key.ref;
    made.connection = what.connection;
    made.process = what.process;
    made.by = what.is;
    made.polls = 1;
    made.first = what.sent;
    made.last = what.done;
    made.in_cold_event = key.cold != nullptr;
    open.push_back(made);
    return;
  }
  const moment gap = what.sent - at->last;
  at->shortest_gap = at->polls == 1 ? gap : std::min(at->shortest_gap, gap);
  at->longest_gap = std::max(at->longest_gap, gap);
  at->last_gap = gap;
  at->last = std::max(at->last, what.done);
  ++at->polls;
}

void wait_tracker::satisfied(key_state& key, const op& what) {
  std::vector<wait>& open = key.waits->open;
  const bool stored = what.is == op_kind::store || what.is == op_kind::acquire;
  for (std::size_t i = 0; i < open.size();) {
    if (open[i].connection != what.connection || (open[i].by != what.is && !stored)) {
      ++i;
      continue;
    }
    open[i].how = wait::ending::satisfied;
    open[i].ended = what.done;
    tell(key, open[i]);
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (open.empty()) key.waits.reset();
}

void wait_tracker::close(key_state& key) {
  for (wait& each : key.waits->open) tell(key, each);
  key.waits.reset();
}

}  // namespace drover::audit
