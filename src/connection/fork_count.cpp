// SPDX-License-Identifier: MIT
#include "connection/fork_count.hpp"

#include <pthread.h>

#include <atomic>

namespace drover::connection {
namespace {

std::atomic<std::uint32_t> count{0};

void count_fork() noexcept { count.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

std::uint32_t fork_count() noexcept {
  static const int registered = ::pthread_atfork(nullptr, nullptr, &count_fork);
  static_cast<void>(registered);
  return count.load(std::memory_order_relaxed);
}

}  // namespace drover::connection
