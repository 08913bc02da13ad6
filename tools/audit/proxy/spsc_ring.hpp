// SPDX-License-Identifier: MIT
// A bounded queue between one producer and one consumer. It never waits.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <vector>

#include "base/assert.hpp"

namespace drover::audit {

/// Threads: `push` on one, `pop` on another. `Value` is cheap to copy.
template <class Value>
class spsc_ring {
 public:
  /// Holds at least `capacity` values.
  explicit spsc_ring(std::size_t capacity)
      : slots_(std::bit_ceil(capacity)), mask_{slots_.size() - 1} {
    DROVER_ASSERT(capacity > 0);
  }

  /// False if it is full.
  [[nodiscard]] bool push(Value value) noexcept {
    const std::size_t end = end_.load(std::memory_order_relaxed);
    if (end - begin_seen_ == slots_.size()) {
      begin_seen_ = begin_.load(std::memory_order_acquire);
      if (end - begin_seen_ == slots_.size()) return false;
    }
    slots_[end & mask_] = value;
    end_.store(end + 1, std::memory_order_release);
    return true;
  }

  /// False if it is empty.
  [[nodiscard]] bool pop(Value& into) noexcept {
    const std::size_t begin = begin_.load(std::memory_order_relaxed);
    if (begin == end_seen_) {
      end_seen_ = end_.load(std::memory_order_acquire);
      if (begin == end_seen_) return false;
    }
    into = slots_[begin & mask_];
    begin_.store(begin + 1, std::memory_order_release);
    return true;
  }

  /// To be called by the consumer.
  [[nodiscard]] bool is_empty() const noexcept {
    return begin_.load(std::memory_order_relaxed) == end_.load(std::memory_order_acquire);
  }

 private:
  static constexpr std::size_t cache_line = 64;

  std::vector<Value> slots_;
  std::size_t mask_;
  // The fields of each thread have a cache line of their own.
  alignas(cache_line) std::atomic<std::size_t> end_{0};
  std::size_t begin_seen_ = 0;
  alignas(cache_line) std::atomic<std::size_t> begin_{0};
  std::size_t end_seen_ = 0;
};

}  // namespace drover::audit
