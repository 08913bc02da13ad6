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

/// Read it, look at what you wait for, wait for it to change: nothing that was told in between is
/// missed. Threads: any.
class wait_word {
 public:
  [[nodiscard]] std::uint32_t read() const noexcept {
    return word_.load(std::memory_order_acquire);
  }

  void wake_one() noexcept { change_and_wake(1); }
  void wake_all() noexcept { change_and_wake(INT_MAX); }

  /// Returns when the word is no longer `seen`, after `at_most`, or for no reason at all.
  void wait(std::uint32_t seen, std::optional<microseconds> at_most) noexcept {
    timespec limit{};
    if (at_most) {
      const std::int64_t us = at_most->count() < 0 ? 0 : at_most->count();
      limit.tv_sec = static_cast<std::time_t>(us / 1'000'000);
      limit.tv_nsec = static_cast<long>(us % 1'000'000) * 1000;
    }
    syscall(SYS_futex, address(), FUTEX_WAIT_PRIVATE, seen, at_most ? &limit : nullptr, nullptr, 0);
  }

 private:
  void change_and_wake(int how_many) noexcept {
    word_.fetch_add(1, std::memory_order_acq_rel);
    syscall(SYS_futex, address(), FUTEX_WAKE_PRIVATE, how_many, nullptr, nullptr, 0);
  }

  [[nodiscard]] std::uint32_t* address() noexcept {
    static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));
    return reinterpret_cast<std::uint32_t*>(&word_);
  }

  std::atomic<std::uint32_t> word_{0};
};

}  // namespace drover::detail
