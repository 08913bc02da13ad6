// SPDX-License-Identifier: MIT
#include "fetch/failure_memory.hpp"

#include <chrono>
#include <utility>

namespace drover::fetch {

namespace {

// Many times the longest pause (5 s), so that the attempt count survives it.
constexpr std::chrono::seconds memory_of_attempts{60};
// More than one `remember` adds, and few enough to drop under a lock.
constexpr int old_ones_at_once = 8;

}  // namespace

failure_memory::dropped failure_memory::remember(std::string_view value_key,
                                                 remembered_failure failure) {
  const steady_time until = failure.until;
  shelf entry;
  entry.emplace(until, kept_failure{std::move(failure)});
  const auto [at, is_new] = by_key_.try_emplace(std::string{value_key});
  entry.begin()->second.key = &at->first;
  dropped out;
  if (!is_new) out.insert(by_end_.extract(at->second));
  const auto drops_one = [&] {
    return !by_end_.empty() &&
           (by_end_.size() >= capacity_ || by_end_.begin()->first + memory_of_attempts <= until);
  };
  for (int i = 0; i < old_ones_at_once && drops_one(); ++i) {
    drop(by_key_.find(*by_end_.begin()->second.key), out);
  }
  at->second = by_end_.insert(entry.extract(entry.begin()));
  return out;
}

failure_memory::dropped failure_memory::forget(std::string_view value_key) noexcept {
  dropped out;
  if (const auto at = by_key_.find(value_key); at != by_key_.end()) drop(at, out);
  return out;
}

std::optional<remembered_failure> failure_memory::find(std::string_view value_key,
                                                       steady_time now) const noexcept {
  const auto at = by_key_.find(value_key);
  if (at == by_key_.end() || at->second->first <= now) return std::nullopt;
  return at->second->second.failure;
}

std::uint32_t failure_memory::attempts(std::string_view value_key, steady_time now) const noexcept {
  const auto at = by_key_.find(value_key);
  if (at == by_key_.end() || at->second->first + memory_of_attempts <= now) return 0;
  return at->second->second.failure.attempts;
}

void failure_memory::drop(key_table::iterator at, dropped& out) noexcept {
  out.insert(by_end_.extract(at->second));
  by_key_.erase(at);
}

}  // namespace drover::fetch
