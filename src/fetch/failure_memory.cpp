// SPDX-License-Identifier: MIT
#include "fetch/failure_memory.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace drover::fetch {

namespace {

// Long enough for the attempt count to survive the longest pause (5 s) several times over.
constexpr std::chrono::seconds memory_of_attempts{60};

}  // namespace

void failure_memory::remember(std::string_view value_key, remembered_failure failure) {
  std::string key{value_key};
  if (held_.size() >= capacity_ && !held_.contains(key)) make_room(failure.until);
  held_.insert_or_assign(std::move(key), std::move(failure));
}

void failure_memory::forget(std::string_view value_key) { held_.erase(std::string{value_key}); }

std::optional<remembered_failure> failure_memory::find(std::string_view value_key,
                                                       steady_time now) const {
  const auto at = held_.find(std::string{value_key});
  if (at == held_.end() || at->second.until <= now) return std::nullopt;
  return at->second;
}

std::uint32_t failure_memory::attempts(std::string_view value_key, steady_time now) const {
  const auto at = held_.find(std::string{value_key});
  if (at == held_.end() || at->second.until + memory_of_attempts <= now) return 0;
  return at->second.attempts;
}

void failure_memory::make_room(steady_time now) {
  std::erase_if(held_,
                [&](const auto& one) { return one.second.until + memory_of_attempts <= now; });
  if (held_.size() < capacity_) return;
  const auto first = std::min_element(held_.begin(), held_.end(), [](const auto& a, const auto& b) {
    return a.second.until < b.second.until;
  });
  if (first != held_.end()) held_.erase(first);
}

}  // namespace drover::fetch
