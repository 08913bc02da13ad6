// SPDX-License-Identifier: MIT
// Threads for background loads: started on demand, so many at most, with a bounded queue.
//
// Threads: every member from any thread; `stop` once, by the owner.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace drover::detail {

class background_pool {
 public:
  background_pool(unsigned threads_max, std::size_t queue_max)
      : threads_max_{threads_max}, queue_max_{queue_max} {}
  ~background_pool() { stop(); }
  background_pool(const background_pool&) = delete;
  background_pool& operator=(const background_pool&) = delete;

  /// False when the queue is full or the pool has stopped: the task will not run. `task` must not
  /// throw.
  bool submit(const void* owner, std::function<void()> task);
  /// Takes the owner's queued tasks out; running ones go on. Returns how many were taken.
  std::size_t cancel(const void* owner);
  /// Drops what is queued and joins.
  void stop();

 private:
  struct queued {
    const void* owner;
    std::function<void()> task;
  };
  void run();

  const unsigned threads_max_;
  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<queued> queue_;
  std::vector<std::thread> threads_;
  unsigned idle_ = 0;
  bool stopping_ = false;
};

}  // namespace drover::detail
