// SPDX-License-Identifier: MIT
#include "connection/timer_queue.hpp"

#include <utility>

namespace drover::connection {

timer_queue::id timer_queue::add(steady_time when, std::function<void()> task) {
  const id number = ++last_;
  const auto inserted = waiting_.emplace(place{when, number}, std::move(task)).first;
  try {
    when_.emplace(number, when);
  } catch (...) {
    waiting_.erase(inserted);
    throw;
  }
  return number;
}

std::function<void()> timer_queue::remove(id timer) {
  const auto due = when_.find(timer);
  if (due == when_.end()) return {};
  auto node = waiting_.extract(place{due->second, timer});
  when_.erase(due);
  return std::move(node.mapped());
}

std::optional<steady_time> timer_queue::next() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->first.when;
}

std::function<void()> timer_queue::take_due(steady_time now) {
  if (waiting_.empty() || waiting_.begin()->first.when > now) return {};
  auto node = waiting_.extract(waiting_.begin());
  when_.erase(node.key().number);
  return std::move(node.mapped());
}

}  // namespace drover::connection
