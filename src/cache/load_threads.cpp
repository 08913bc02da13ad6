// SPDX-License-Identifier: MIT
#include "cache/load_threads.hpp"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "fetch/load_scheduler.hpp"
#include "store/redis_store.hpp"

namespace drover::detail {

using task_scheduler = fetch::load_scheduler<std::function<void()>>;

struct load_threads::shared {
  struct member : task_scheduler::worker {
    std::condition_variable wake;
    std::thread handle;
  };
  using members = std::list<member>;

  shared(unsigned threads_max, std::size_t queue_max, std::function<bool()> fork_check,
         microseconds longest_idle)
      : is_fork{std::move(fork_check)}, idle_max{longest_idle}, scheduler{threads_max, queue_max} {}

  static bool start(const std::shared_ptr<shared>& self, std::function<void()>& task) noexcept;
  void run(members::iterator me);
  void end_idle(members::iterator me, std::unique_lock<std::mutex>& lock);

  const std::function<bool()> is_fork;
  const microseconds idle_max;
  /// In a fork it refers to itself, so that it is never freed.
  std::shared_ptr<shared> kept_in_fork;

  std::mutex mutex;  ///< guards the members below
  task_scheduler scheduler;
  /// Grows and shrinks until `stopping`; from then on only `stop` uses it.
  members threads;
  /// The last thread that ended because it was idle. The next one that ends joins it.
  std::thread ended;
  bool stopping = false;
};

// Runs under the lock, so that the new thread finds itself in the list.
bool load_threads::shared::start(const std::shared_ptr<shared>& self,
                                 std::function<void()>& task) noexcept {
  try {
    members fresh(1);
    const auto at = fresh.begin();
    at->handle = std::thread{[self, at] { self->run(at); }};
    self->threads.splice(self->threads.end(), fresh);
    self->scheduler.thread_started(*at, std::move(task));
    return true;
  } catch (...) {  // no thread or no memory
    return false;
  }
}

void load_threads::shared::run(members::iterator me) {
  std::unique_lock lock{mutex};
  while (!stopping) {
    const steady_time now = store::now();
    if (std::optional<std::function<void()>> task = scheduler.take(*me, now)) {
      lock.unlock();
      try {
        (*task)();
      } catch (...) {  // no caller is left to get the exception
      }
      task.reset();
      lock.lock();
    } else if (scheduler.may_end(*me, now, idle_max)) {
      end_idle(me, lock);
      return;
    } else {
      me->wake.wait_for(lock, me->idle_since() + idle_max - now);
    }
  }
  // The job was placed on this thread and has not begun.
  const auto dropped = scheduler.take(*me, {});
  lock.unlock();
}

void load_threads::shared::end_idle(members::iterator me, std::unique_lock<std::mutex>& lock) {
  std::thread before = std::exchange(ended, std::move(me->handle));
  threads.erase(me);
  lock.unlock();
  if (before.joinable()) before.join();
}

load_threads::load_threads(unsigned threads_max, std::size_t queue_max,
                           std::function<bool()> is_fork, microseconds idle_max)
    : state_{std::make_shared<shared>(threads_max, queue_max, std::move(is_fork), idle_max)} {}

bool load_threads::submit(const void* owner, std::function<void()> task) noexcept {
  return place(owner, task, when_busy::queue);
}

bool load_threads::submit_if_free(const void* owner, std::function<void()> task) noexcept {
  return place(owner, task, when_busy::refuse);
}

bool load_threads::place(const void* owner, std::function<void()>& task,
                         when_busy policy_when_busy) noexcept {
  if (state_->is_fork()) return false;
  const std::scoped_lock lock{state_->mutex};
  if (state_->stopping) return false;
  task_scheduler& scheduler = state_->scheduler;
  const bool may_queue = policy_when_busy == when_busy::queue;
  try {
    const auto [decision, wakes] =
        may_queue ? scheduler.submit(owner, task) : scheduler.submit_if_free(task);
    switch (decision) {
      case task_scheduler::verdict::run_on_idle:
        static_cast<shared::member*>(wakes)->wake.notify_one();
        return true;
      case task_scheduler::verdict::start_thread:
        return shared::start(state_, task) || (may_queue && scheduler.thread_failed(owner, task));
      case task_scheduler::verdict::queued: return true;
      case task_scheduler::verdict::refused: return false;
    }
  } catch (const std::bad_alloc&) {  // no memory to queue it
  }
  return false;
}

std::size_t load_threads::cancel(const void* owner) noexcept {
  if (state_->is_fork()) return 0;
  std::list<std::function<void()>> dropped;  // destroyed after the lock is released
  const std::scoped_lock lock{state_->mutex};
  dropped = state_->scheduler.cancel(owner);
  return dropped.size();
}

void load_threads::stop() noexcept {
  if (state_->is_fork()) {
    state_->kept_in_fork = state_;
    return;
  }
  std::list<std::function<void()>> dropped;
  {
    const std::scoped_lock lock{state_->mutex};
    state_->stopping = true;
    dropped = state_->scheduler.cancel_all();
    for (shared::member& worker : state_->threads) worker.wake.notify_one();
  }
  dropped.clear();
  for (shared::member& worker : state_->threads) {
    if (!worker.handle.joinable()) continue;  // `stop` was called before
    if (worker.handle.get_id() == std::this_thread::get_id()) {
      worker.handle.detach();
    } else {
      worker.handle.join();
    }
  }
  if (state_->ended.joinable()) state_->ended.join();
}

load_threads::counts load_threads::threads() const noexcept {
  if (state_->is_fork()) return {};
  const std::scoped_lock lock{state_->mutex};
  return {state_->scheduler.threads(), state_->scheduler.idle()};
}

}  // namespace drover::detail
