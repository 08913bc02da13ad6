// SPDX-License-Identifier: MIT
#include "connection/wake_word.hpp"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

#include "connection/channel.hpp"
#include "connection/moments.hpp"

namespace drover::connection {
namespace {

// With several callers in flight the reader answers within a switch or two; a futex sleep costs
// more.
constexpr int yields_before_sleep = 4;

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                const std::timespec* relative) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, relative, nullptr, 0);
}

}  // namespace

std::uint32_t wake_word::raise(std::uint32_t bits) noexcept {
  const void* const where = address();
  const auto before = bits_.fetch_or(bits, std::memory_order_acq_rel);
  if ((before & sleeping) != 0) wake(where);
  return before;
}

bool wake_word::raise_quietly(std::uint32_t bits) noexcept {
  return (bits_.fetch_or(bits, std::memory_order_acq_rel) & sleeping) != 0;
}

void wake_word::wake(const void* address) noexcept {
  ::syscall(SYS_futex, address, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

std::uint32_t wake_word::wait(std::uint32_t any, std::optional<steady_time> until) noexcept {
  for (int i = 0; i < yields_before_sleep; ++i) {
    if (const auto set = bits(); (set & any) != 0) return set;
    ::sched_yield();
  }
  for (;;) {
    const auto set = bits_.fetch_or(sleeping, std::memory_order_acq_rel) | sleeping;
    if ((set & any) != 0) break;
    if (!until) {
      futex_wait(bits_, set, nullptr);
    } else {
      const auto left = between(now(), *until).count();
      if (left <= 0) break;
      const std::timespec relative{static_cast<std::time_t>(left / 1'000'000),
                                   static_cast<long>(left % 1'000'000) * 1000};
      futex_wait(bits_, set, &relative);
    }
  }
  return take(sleeping);
}

}  // namespace drover::connection
