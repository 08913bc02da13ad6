// SPDX-License-Identifier: MIT
// One futex word that many threads wait on. A waiter costs its stack and nothing else.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>
#include <ctime>
#include <optional>

#include "base/time.hpp"

namespace drover::detail {

/// Read the word, look at the condition, then wait for the word to change: no change in between is
/// missed. Waiters are in two groups, so that one waiter of a group can be woken. Threads: any.
class wait_word {
 public:
  enum class group : std::uint32_t {
    can_lead = 1,  ///< may run a load on its own thread
    limited = 2,   ///< may not, because it may leave before the load ends
  };

  [[nodiscard]] std::uint32_t read() const noexcept {
    return word_.load(std::memory_order_acquire);
  }

  void wake_one(group of) noexcept { change_and_wake(1, static_cast<std::uint32_t>(of)); }
  void wake_all() noexcept { change_and_wake(INT_MAX, FUTEX_BITSET_MATCH_ANY); }

  /// Returns when the word is no longer `seen`, after `at_most`, or for no reason at all.
  void wait(std::uint32_t seen, std::optional<microseconds> at_most, group as) noexcept {
    timespec limit{};
    if (at_most) limit = after(*at_most);
    syscall(SYS_futex, address(), FUTEX_WAIT_BITSET_PRIVATE, seen, at_most ? &limit : nullptr,
            nullptr, static_cast<std::uint32_t>(as));
  }

 private:
  // FUTEX_WAIT_BITSET takes an absolute time on CLOCK_MONOTONIC.
  [[nodiscard]] static timespec after(microseconds wait) noexcept {
    constexpr std::int64_t longest_s = 10LL * 365 * 24 * 3600;
    timespec moment{};
    clock_gettime(CLOCK_MONOTONIC, &moment);
    const std::int64_t us = wait.count() < 0 ? 0 : wait.count();
    const std::int64_t seconds = us / 1'000'000;
    moment.tv_sec += static_cast<std::time_t>(seconds < longest_s ? seconds : longest_s);
    moment.tv_nsec += static_cast<long>(us % 1'000'000) * 1000;
    if (moment.tv_nsec >= 1'000'000'000) {
      moment.tv_nsec -= 1'000'000'000;
      ++moment.tv_sec;
    }
    return moment;
  }

  void change_and_wake(int how_many, std::uint32_t groups) noexcept {
    word_.fetch_add(1, std::memory_order_acq_rel);
    syscall(SYS_futex, address(), FUTEX_WAKE_BITSET_PRIVATE, how_many, nullptr, nullptr, groups);
  }

  [[nodiscard]] std::uint32_t* address() noexcept {
    static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));
    return reinterpret_cast<std::uint32_t*>(&word_);
  }

  std::atomic<std::uint32_t> word_{0};
};

}  // namespace drover::detail
