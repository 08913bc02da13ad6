// SPDX-License-Identifier: MIT
// Threads for refreshes, and for loads whose callers may leave. They start on demand and end after
// ten idle seconds; fetch/load_scheduler decides which job runs where. When the queue is full, no
// thread can be started or memory runs out, the answer is false, and the task will not run.
//
// Threads:  every member from any thread; `stop` and the destructor one at a time. They may run
//           inside a task: they do not wait for its thread, which then ends by itself.
// Fork:     in a child every member returns at once, does nothing and takes no lock: the threads do
//           not exist there, and the lock may be held for ever. The child never frees the memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "base/time.hpp"

namespace drover::detail {

class load_threads {
 public:
  /// `is_fork`: whether this process is a fork of the one that made this object.
  load_threads(unsigned threads_max, std::size_t queue_max, std::function<bool()> is_fork,
               microseconds idle_max = std::chrono::seconds{10});
  ~load_threads() { stop(); }
  load_threads(const load_threads&) = delete;
  load_threads& operator=(const load_threads&) = delete;

  /// Runs the task when a thread is free. What it throws is dropped.
  [[nodiscard]] bool submit(const void* owner, std::function<void()> task) noexcept;
  /// Runs it only if a thread is idle or can be started: it never waits for a busy one.
  [[nodiscard]] bool submit_if_free(const void* owner, std::function<void()> task) noexcept;
  /// Drops the owner's queued tasks; running ones go on. Returns how many were dropped.
  std::size_t cancel(const void* owner) noexcept;
  /// Drops the tasks that have not begun and waits for those that run. Later tasks are refused.
  void stop() noexcept;

  /// Threads that live now, and how many of them have nothing to do.
  struct counts {
    unsigned alive = 0;
    unsigned idle = 0;
  };
  [[nodiscard]] counts threads() const noexcept;

 private:
  struct shared;
  enum class when_busy { queue, refuse };
  [[nodiscard]] bool place(const void* owner, std::function<void()>& task, when_busy then) noexcept;

  std::shared_ptr<shared> state_;  ///< shared with the threads
};

}  // namespace drover::detail
