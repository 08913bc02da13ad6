// SPDX-License-Identifier: MIT
// The remembered failures of this client's loads. Exceptions are destroyed outside the lock,
// because their destructors may call the cache.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "cache/guarded.hpp"
#include "fetch/failure_memory.hpp"

namespace drover::detail {

class failures {
 public:
  explicit failures(std::size_t capacity) : memory_{capacity} {}

  /// When memory runs out, the failure is not remembered.
  void remember(std::string_view value_key, fetch::remembered_failure failure) noexcept {
    fetch::failure_memory::dropped dropped;
    try {
      const guard_lock lock{mutex_};
      dropped = memory_.remember(value_key, std::move(failure));
    } catch (...) {
      // Callers within the pause then start loads of their own.
    }
  }
  void forget(std::string_view value_key) noexcept {
    fetch::failure_memory::dropped dropped;
    const guard_lock lock{mutex_};
    dropped = memory_.forget(value_key);
  }
  [[nodiscard]] std::optional<fetch::remembered_failure> find(std::string_view value_key,
                                                              steady_time now) {
    const guard_lock lock{mutex_};
    return memory_.find(value_key, now);
  }
  [[nodiscard]] std::uint32_t attempts(std::string_view value_key, steady_time now) {
    const guard_lock lock{mutex_};
    return memory_.attempts(value_key, now);
  }

 private:
  guard_mutex mutex_;
  fetch::failure_memory memory_ DROVER_GUARDED_BY(mutex_);
};

}  // namespace drover::detail
