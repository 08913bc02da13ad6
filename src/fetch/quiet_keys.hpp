// SPDX-License-Identifier: MIT
// Keys that another process refreshes. For a while stale reads of this process do not request their
// refresh mark again.
//
// Threads: one at a time. Bounded: over `capacity` keys are forgotten, which costs one request
//          each.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.hpp"

namespace drover::fetch {

class quiet_keys {
 public:
  explicit quiet_keys(std::size_t capacity) : capacity_{capacity} {}

  void note(std::string_view value_key, steady_time until) {
    if (until_.size() >= capacity_) until_.clear();
    until_.insert_or_assign(std::string{value_key}, until);
  }

  /// Forgets the key when its time is over.
  [[nodiscard]] bool is_quiet(std::string_view value_key, steady_time now) {
    const auto at = until_.find(std::string{value_key});
    if (at == until_.end()) return false;
    if (at->second > now) return true;
    until_.erase(at);
    return false;
  }

 private:
  const std::size_t capacity_;
  std::unordered_map<std::string, steady_time> until_;
};

}  // namespace drover::fetch
