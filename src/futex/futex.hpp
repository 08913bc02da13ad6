// SPDX-License-Identifier: MIT
// The futex system call as two functions. The library and the tools use futexes only through them.
//
// Threads: any. Neither function allocates, locks or throws.
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

namespace drover::futex {

/// The threads that may use the word.
enum class sharing : std::uint8_t {
  process,  ///< the threads of this process
  memory,   ///< every process that maps the memory of the word
};

inline constexpr std::uint32_t every_group = FUTEX_BITSET_MATCH_ANY;
inline constexpr int every_waiter = INT_MAX;

namespace detail {

[[nodiscard]] constexpr int operation(int base_operation, sharing among) noexcept {
  return among == sharing::process ? base_operation | FUTEX_PRIVATE_FLAG : base_operation;
}

/// FUTEX_WAIT_BITSET takes an absolute time on CLOCK_MONOTONIC.
[[nodiscard]] inline std::timespec moment_after(microseconds wait) noexcept {
  constexpr std::int64_t longest_s = 10LL * 365 * 24 * 3600;
  std::timespec moment{};
  ::clock_gettime(CLOCK_MONOTONIC, &moment);
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

}  // namespace detail

/// Blocks while the word holds `expected`, for at most `at_most`, until `wake` wakes one of
/// `groups`. It may also return spuriously: the caller must check the word again.
inline void wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                 std::optional<microseconds> at_most, std::uint32_t groups = every_group,
                 sharing among = sharing::process) noexcept {
  static_assert(sizeof word == sizeof expected);
  std::timespec limit{};
  if (at_most) limit = detail::moment_after(*at_most);
  ::syscall(SYS_futex, &word, detail::operation(FUTEX_WAIT_BITSET, among), expected,
            at_most ? &limit : nullptr, nullptr, groups);
}

/// Wakes at most `waiters` threads of `groups` that wait on the word at `address`. It does not
/// access the word, which may already be destroyed.
inline void wake(const void* address, int waiters, std::uint32_t groups = every_group,
                 sharing among = sharing::process) noexcept {
  ::syscall(SYS_futex, address, detail::operation(FUTEX_WAKE_BITSET, among), waiters, nullptr,
            nullptr, groups);
}

}  // namespace drover::futex
