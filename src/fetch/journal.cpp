// SPDX-License-Identifier: MIT
#include "fetch/journal.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace drover::fetch {

namespace {

constexpr std::chrono::seconds memory{60};

}  // namespace

invalidation_journal::number invalidation_journal::add(std::vector<std::string> keys,
                                                       bool acknowledged, steady_time now) {
  forget_old(now);
  if (held_.size() >= capacity_ && !held_.empty()) {
    const auto done =
        std::find_if(held_.begin(), held_.end(), [](const kept& one) { return one.acknowledged; });
    held_.erase(done == held_.end() ? held_.begin() : done);
  }
  held_.push_back({next_, std::move(keys), acknowledged, now});
  return next_++;
}

void invalidation_journal::acknowledged(number which, steady_time now) {
  for (kept& one : held_) {
    if (one.which != which) continue;
    one.acknowledged = true;
    one.at = now;
  }
}

std::vector<invalidation_journal::due> invalidation_journal::replay(bool is_another_server,
                                                                    steady_time now) {
  forget_old(now);
  std::vector<due> out;
  for (kept& one : held_) {
    const bool again = is_another_server && one.at + memory > now;
    if (one.acknowledged && !again) continue;
    one.acknowledged = false;  // not by this server
    out.push_back({one.which, one.keys});
  }
  return out;
}

void invalidation_journal::forget_old(steady_time now) {
  while (!held_.empty() && held_.front().acknowledged && held_.front().at + memory <= now) {
    held_.pop_front();
  }
}

}  // namespace drover::fetch
