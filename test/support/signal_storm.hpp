// SPDX-License-Identifier: MIT
// Repeated signals, like those of a profiler.
#pragma once

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

namespace drover::test {

/// Sends SIGUSR1 to the thread that made the object, every 5 ms. Threads: one object at a time.
class signal_storm {
 public:
  /// `flags`: those of `sigaction`.
  explicit signal_storm(int flags = 0) {
    count_ = 0;
    struct sigaction counts {};
    counts.sa_handler = [](int) { ++count_; };
    counts.sa_flags = flags;
    ::sigaction(SIGUSR1, &counts, &before_);
    sender_ = std::thread{[this, to = ::pthread_self()] {
      while (!over_) {
        ::pthread_kill(to, SIGUSR1);
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
      }
    }};
  }
  ~signal_storm() {
    over_ = true;
    sender_.join();
    ::sigaction(SIGUSR1, &before_, nullptr);
  }
  signal_storm(const signal_storm&) = delete;
  signal_storm& operator=(const signal_storm&) = delete;

  /// How many signals have arrived.
  [[nodiscard]] static unsigned count() { return count_; }

 private:
  inline static std::atomic<unsigned> count_{0};
  struct sigaction before_ {};
  std::atomic<bool> over_{false};
  std::thread sender_;
};

}  // namespace drover::test
