// SPDX-License-Identifier: MIT
// A futex word that many threads wait on until it changes. A waiter needs no memory but its stack.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "futex/futex.hpp"

namespace drover::detail {

/// Use: read the word, check the condition, then wait for the word to change. No change between the
/// read and the wait is missed. Waiters form two groups, so that one waiter of a group can be
/// woken. Threads: any.
class wait_word {
 public:
  enum class group : std::uint32_t {
    can_lead = 1,  ///< may run a load on its own thread
    limited = 2,   ///< may not run a load, because it may leave before the load ends
  };

  [[nodiscard]] std::uint32_t read() const noexcept {
    return word_.load(std::memory_order_acquire);
  }

  void wake_one(group woken_group) noexcept {
    change_and_wake(1, static_cast<std::uint32_t>(woken_group));
  }
  void wake_all() noexcept { change_and_wake(futex::every_waiter, futex::every_group); }

  /// Returns when the word is no longer `expected`, or after `at_most`. It may also return
  /// spuriously.
  void wait(std::uint32_t expected, std::optional<microseconds> at_most, group own_group) noexcept {
    futex::wait(word_, expected, at_most, static_cast<std::uint32_t>(own_group));
  }

 private:
  void change_and_wake(int waiters, std::uint32_t groups) noexcept {
    word_.fetch_add(1, std::memory_order_acq_rel);
    futex::wake(&word_, waiters, groups);
  }

  std::atomic<std::uint32_t> word_{0};
};

}  // namespace drover::detail
