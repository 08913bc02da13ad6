// SPDX-License-Identifier: MIT
// The word on which one caller sleeps, and the signals that it gets there. The owner has signals of
// its own and takes them one by one; `wait_word` of the cache is for many waiters of one condition.
//
// Threads: `raise` from any thread, `wait` and `take` from the word's owner. After `raise(done)`
//          the word may be gone: `raise` touches it once, and what follows uses only its address.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace drover::connection {

class wake_word {
 public:
  static constexpr std::uint32_t done = 1;     ///< the slot has ended
  static constexpr std::uint32_t lead = 2;     ///< the reader role is yours
  static constexpr std::uint32_t stop = 4;     ///< the caller's stop token fired
  static constexpr std::uint32_t polling = 8;  ///< the owner reads, and sleeps in poll, not here

  /// Sets `bits` and wakes the owner if it sleeps. Answers what was set before.
  std::uint32_t raise(std::uint32_t bits) noexcept;

  /// As `raise`, but leaves the waking to the caller: true when `wake(address())` is needed.
  [[nodiscard]] bool raise_quietly(std::uint32_t bits) noexcept;
  [[nodiscard]] const void* address() const noexcept { return &bits_; }
  static void wake(const void* address) noexcept;

  /// Waits until one of `any` is set or `until` has passed; yields a few times before it sleeps,
  /// which under load is mostly enough. Answers what is set.
  std::uint32_t wait(std::uint32_t any, std::optional<steady_time> until) noexcept;

  [[nodiscard]] std::uint32_t bits() const noexcept {
    return bits_.load(std::memory_order_acquire);
  }
  /// Clears `bits`; answers what was set before.
  std::uint32_t take(std::uint32_t bits) noexcept {
    return bits_.fetch_and(~bits, std::memory_order_acq_rel);
  }

 private:
  static constexpr std::uint32_t sleeping = 16;

  std::atomic<std::uint32_t> bits_{0};
};

}  // namespace drover::connection
