// SPDX-License-Identifier: MIT
#include "connection/wake_word.hpp"

#include <sched.h>

#include "connection/channel.hpp"
#include "connection/moments.hpp"
#include "futex/futex.hpp"

namespace drover::connection {
namespace {

// With several callers the reply often comes within one or two thread switches, which cost less
// than a futex sleep.
constexpr int yields_before_sleep = 4;

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

void wake_word::wake(const void* address) noexcept { futex::wake(address, 1); }

std::uint32_t wake_word::wait(std::uint32_t any, std::optional<steady_time> until) noexcept {
  for (int i = 0; i < yields_before_sleep; ++i) {
    if (const auto set = bits(); (set & any) != 0) return set;
    ::sched_yield();
  }
  for (;;) {
    const auto set = bits_.fetch_or(sleeping, std::memory_order_acq_rel) | sleeping;
    if ((set & any) != 0) break;
    std::optional<microseconds> left;
    if (until) {
      left = between(now(), *until);
      if (left->count() <= 0) break;
    }
    futex::wait(bits_, set, left);
  }
  return take(sleeping);
}

}  // namespace drover::connection
