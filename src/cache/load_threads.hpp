// SPDX-License-Identifier: MIT
// Threads for refreshes, and for loads whose callers may leave. They start on demand and end after
// ten idle seconds; fetch/load_scheduler decides which job runs where. When the queue is full, no
// thread can be started or memory runs out, `submit` returns false, and the task will not run.
//
// Threads:  every member from any thread; `stop` and the destructor one at a time. A task may call
//           them: they do not wait for the thread of that task, which ends by itself later.
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
  /// `is_fork` returns whether this process is a fork of the one that made this object.
  load_threads(unsigned threads_max, std::size_t queue_max, std::function<bool()> is_fork,
               microseconds idle_max = std::chrono::seconds{10});
  ~load_threads() { stop(); }
  load_threads(const load_threads&) = delete;
  load_threads& operator=(const load_threads&) = delete;

  /// Runs the task when a thread is free. Exceptions of the task are dropped.
  [[nodiscard]] bool submit(const void* owner, std::function<void()> task) noexcept;
  /// Runs the task only if a thread is idle or can be started; never queues it behind a busy
  /// thread.
  [[nodiscard]] bool submit_if_free(const void* owner, std::function<void()> task) noexcept;
  /// Drops the owner's queued tasks; running tasks continue. Returns the number of dropped tasks.
  std::size_t cancel(const void* owner) noexcept;
  /// Drops the queued tasks and waits for the running ones. Later tasks are refused.
  void stop() noexcept;

  /// The number of threads, and the number of those that are idle.
  struct counts {
    unsigned alive = 0;
    unsigned idle = 0;
  };
  [[nodiscard]] counts threads() const noexcept;

 private:
  struct shared;
  enum class when_busy { queue, refuse };
  [[nodiscard]] bool place(const void* owner, std::function<void()>& task,
                           when_busy policy_when_busy) noexcept;

  std::shared_ptr<shared> state_;  ///< shared with the threads
};

}  // namespace drover::detail
