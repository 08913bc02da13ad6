// SPDX-License-Identifier: MIT
// Threads that start at the same moment.
#pragma once

#include <atomic>
#include <functional>
#include <latch>
#include <thread>
#include <vector>

#include "support/cached_origin.hpp"

namespace drover::test {

/// Threads: one at a time.
class crowd {
 public:
  /// Returns when all threads are ready. `work` gets the number of the thread.
  crowd(unsigned threads, std::function<answer(unsigned)> work)
      : work_{std::move(work)}, answers_(threads), ready_{threads} {
    threads_.reserve(threads);
    for (unsigned i = 0; i < threads; ++i) {
      threads_.emplace_back([this, i] {
        ready_.count_down();
        begun_.wait(false);
        answers_[i] = work_(i);
        ++done_;
      });
    }
    ready_.wait();
  }
  ~crowd() { join(); }
  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;

  void go() {
    begun_ = true;
    begun_.notify_all();
  }
  /// The number of threads that have ended.
  [[nodiscard]] unsigned done() const { return done_; }
  /// Waits for all threads.
  [[nodiscard]] std::vector<answer> answers() {
    join();
    return std::move(answers_);
  }
  [[nodiscard]] tally result() { return count(answers()); }

 private:
  void join() {
    go();
    for (std::thread& member : threads_) member.join();
    threads_.clear();
  }

  std::function<answer(unsigned)> work_;
  std::vector<answer> answers_;
  std::latch ready_;
  std::atomic<bool> begun_{false};
  std::atomic<unsigned> done_{0};
  std::vector<std::thread> threads_;
};

}  // namespace drover::test
