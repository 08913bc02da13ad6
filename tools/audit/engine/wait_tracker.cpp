// SPDX-License-Identifier: MIT
#include "audit/engine/wait_tracker.hpp"

#include <algorithm>

namespace drover::audit {

namespace {

constexpr std::size_t open_waits_max = 128;
/// A client has given up when it has not polled for this many times its longest gap, and at least
/// for this long.
constexpr int silent_gaps = 10;
constexpr moment silent_min = std::chrono::seconds(2);

bool is_over(const wait& ended_wait, moment now) {
  return now - ended_wait.last > std::max(silent_gaps * ended_wait.longest_gap, silent_min);
}

}  // namespace

void wait_tracker::report(const key_state& key, wait& ended_wait) {
  // A single request is not a wait.
  if (ended_wait.polls < 2) return;
  if (ended_wait.result == wait::outcome::silent) ended_wait.ended = ended_wait.last;
  sink_.take(ended_wait, key);
}

void wait_tracker::refused(key_state& key, const op& operation) {
  if (key.waits == nullptr) key.waits = std::make_unique<wait_book>();
  std::vector<wait>& open = key.waits->open;
  auto at = std::find_if(open.begin(), open.end(), [&](const wait& w) {
    return w.connection == operation.connection && w.poll_kind == operation.kind;
  });
  if (at != open.end() && is_over(*at, operation.sent)) {
    report(key, *at);
    open.erase(at);
    at = open.end();
  }
  if (at == open.end()) {
    if (open.size() >= open_waits_max) {
      const auto oldest = std::min_element(
          open.begin(), open.end(), [](const wait& a, const wait& b) { return a.last < b.last; });
      report(key, *oldest);
      open.erase(oldest);
    }
    wait new_wait;
    new_wait.key = key.ref;
    new_wait.connection = operation.connection;
    new_wait.process = operation.process;
    new_wait.poll_kind = operation.kind;
    new_wait.polls = 1;
    new_wait.first = operation.sent;
    new_wait.last = operation.done;
    new_wait.in_cold_event = key.cold != nullptr;
    open.push_back(new_wait);
    return;
  }
  const moment gap = operation.sent - at->last;
  at->shortest_gap = at->polls == 1 ? gap : std::min(at->shortest_gap, gap);
  at->longest_gap = std::max(at->longest_gap, gap);
  at->last_gap = gap;
  at->last = std::max(at->last, operation.done);
  ++at->polls;
}

void wait_tracker::satisfied(key_state& key, const op& operation) {
  std::vector<wait>& open = key.waits->open;
  const bool is_store = operation.kind == op_kind::store || operation.kind == op_kind::acquire;
  for (std::size_t i = 0; i < open.size();) {
    if (open[i].connection != operation.connection ||
        (open[i].poll_kind != operation.kind && !is_store)) {
      ++i;
      continue;
    }
    open[i].result = wait::outcome::satisfied;
    open[i].ended = operation.done;
    report(key, open[i]);
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
  }
  if (open.empty()) key.waits.reset();
}

void wait_tracker::close(key_state& key) {
  for (wait& ended_wait : key.waits->open) report(key, ended_wait);
  key.waits.reset();
}

}  // namespace drover::audit
