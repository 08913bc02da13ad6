// SPDX-License-Identifier: MIT
// The futex word on which one caller sleeps, and the signals to that caller. Unlike `wait_word` of
// the cache, which is for many waiters of one condition, it has one owner with several signals.
//
// Threads: `raise` from any thread, `wait` and `take` from the word's owner. The owner may destroy
//          the word after `raise(done)`: `raise` accesses it once, and then uses only its address.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace drover::connection {

class wake_word {
 public:
  static constexpr std::uint32_t done = 1;  ///< the slot has ended
  static constexpr std::uint32_t lead = 2;  ///< the owner has the reader role now
  static constexpr std::uint32_t stop = 4;  ///< the caller's stop token fired
  /// The owner reads: it sleeps in poll, not on the word.
  static constexpr std::uint32_t polling = 8;

  /// Sets `bits` and wakes the owner if it sleeps. Returns the bits that were set before.
  std::uint32_t raise(std::uint32_t bits) noexcept;

  /// As `raise`, but does not wake the owner. True: the caller must call `wake(address())`.
  [[nodiscard]] bool raise_quietly(std::uint32_t bits) noexcept;
  [[nodiscard]] const void* address() const noexcept { return &bits_; }
  static void wake(const void* address) noexcept;

  /// Waits until one of the bits `any` is set or `until` has passed. Yields a few times before it
  /// sleeps, because the signal often comes soon under load. Returns the bits that are set.
  std::uint32_t wait(std::uint32_t any, std::optional<steady_time> until) noexcept;

  [[nodiscard]] std::uint32_t bits() const noexcept {
    return bits_.load(std::memory_order_acquire);
  }
  /// Clears `bits`. Returns the bits that were set before.
  std::uint32_t take(std::uint32_t bits) noexcept {
    return bits_.fetch_and(~bits, std::memory_order_acq_rel);
  }

 private:
  static constexpr std::uint32_t sleeping = 16;

  std::atomic<std::uint32_t> bits_{0};
};

}  // namespace drover::connection
