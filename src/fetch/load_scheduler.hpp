// SPDX-License-Identifier: MIT
// Decides which thread runs which load, and when a thread starts or ends. Pure: the shell owns the
// threads.
//
// A job goes to the thread that became idle last, so that the others can end. Without an idle
// thread it goes to a new thread. Otherwise it is queued. Each owner (a cache) has its own queue,
// and free threads take the owners in turn: an owner with many jobs delays another owner by one
// job, not by all of them.
//
// Threads:    one at a time; the shell holds its lock.
// Invariants: (1) while a thread is idle nothing is queued;
//             (2) while anything is queued a thread is alive.
// Memory:     only queueing allocates. When that throws, the job is still the caller's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/assert.hpp"
#include "base/time.hpp"

namespace drover::fetch {

/// Moving a `Job` must not throw.
template <class Job>
class load_scheduler {
  static_assert(std::is_nothrow_move_constructible_v<Job>);

 public:
  /// `queue_max` limits the queued jobs of all owners together.
  load_scheduler(unsigned threads_max, std::size_t queue_max) noexcept
      : threads_max_{threads_max}, queue_max_{queue_max} {}

  /// One thread, as the scheduler sees it. It must keep its address from `thread_started` until
  /// `may_end` returns true.
  class worker {
   public:
    worker() = default;
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    /// When it became idle. Precondition: `take` returned empty.
    [[nodiscard]] steady_time idle_since() const noexcept { return idle_since_; }

   private:
    friend class load_scheduler;
    std::optional<Job> next_;
    steady_time idle_since_{};
    bool is_idle_ = false;
    worker* newer_ = nullptr;
    worker* older_ = nullptr;
  };

  enum class verdict : std::uint8_t {
    run_on_idle,   ///< wake `wakes`
    start_thread,  ///< the job was not taken: call `thread_started` or `thread_failed` next
    queued,
    refused,  ///< the job was not taken
  };
  struct placement {
    verdict decision = verdict::refused;
    worker* wakes = nullptr;
  };

  /// Places a job, and queues it if necessary.
  [[nodiscard]] placement submit(const void* owner, Job& job) {
    const placement at = submit_if_free(job);
    if (at.decision != verdict::refused) return at;
    return {queue_behind(owner, job) ? verdict::queued : verdict::refused};
  }

  /// Places a job that must not wait for a busy thread.
  [[nodiscard]] placement submit_if_free(Job& job) noexcept {
    if (worker* const last = newest_idle_; last != nullptr) {
      leave_idle(*last);
      last->next_.emplace(std::move(job));
      return {verdict::run_on_idle, last};
    }
    return {threads_ < threads_max_ ? verdict::start_thread : verdict::refused};
  }

  /// Call it when the new thread for the job was started.
  void thread_started(worker& born, Job job) noexcept {
    ++threads_;
    born.next_.emplace(std::move(job));
  }

  /// Call it when the new thread could not be started. True: the job is queued for the living
  /// threads. False: no thread lives, or the queue is full, and the job was not taken. Not needed
  /// after `submit_if_free`.
  [[nodiscard]] bool thread_failed(const void* owner, Job& job) { return queue_behind(owner, job); }

  /// The next job for a free thread. Empty: the thread is idle, from `now` on if it was not before.
  [[nodiscard]] std::optional<Job> take(worker& thread, steady_time now) noexcept {
    if (thread.next_) return std::exchange(thread.next_, std::nullopt);
    if (thread.is_idle_) return std::nullopt;
    if (lanes_.empty()) {
      become_idle(thread, now);
      return std::nullopt;
    }
    lane& first = lanes_.front();
    std::optional<Job> next{std::move(first.jobs.front())};
    first.jobs.pop_front();
    --queued_;
    if (first.jobs.empty()) {
      lanes_.pop_front();
    } else {
      lanes_.splice(lanes_.end(), lanes_, lanes_.begin());
    }
    return next;
  }

  /// True: the thread was idle for `idle_max` and is no longer counted.
  [[nodiscard]] bool may_end(worker& thread, steady_time now, microseconds idle_max) noexcept {
    if (!thread.is_idle_ || now - thread.idle_since_ < idle_max) return false;
    leave_idle(thread);
    --threads_;
    return true;
  }

  /// Removes and returns the queued jobs of the owner.
  [[nodiscard]] std::list<Job> cancel(const void* owner) noexcept {
    std::list<Job> out;
    const auto at = lane_of(owner);
    if (at == lanes_.end()) return out;
    out.swap(at->jobs);
    lanes_.erase(at);
    queued_ -= out.size();
    return out;
  }

  /// Removes and returns all queued jobs.
  [[nodiscard]] std::list<Job> cancel_all() noexcept {
    std::list<Job> out;
    for (lane& candidate : lanes_) out.splice(out.end(), candidate.jobs);
    lanes_.clear();
    queued_ = 0;
    return out;
  }

  [[nodiscard]] unsigned threads() const noexcept { return threads_; }
  [[nodiscard]] unsigned idle() const noexcept { return idle_; }
  [[nodiscard]] std::size_t queued() const noexcept { return queued_; }

 private:
  struct lane {
    const void* owner;
    std::list<Job> jobs;
  };
  using lanes = std::list<lane>;

  // A linear search suffices, because owners are few.
  [[nodiscard]] typename lanes::iterator lane_of(const void* owner) noexcept {
    return std::find_if(lanes_.begin(), lanes_.end(),
                        [&](const lane& candidate) { return candidate.owner == owner; });
  }

  [[nodiscard]] bool queue_behind(const void* owner, Job& job) {
    if (threads_ == 0 || queued_ >= queue_max_) return false;
    const auto at = lane_of(owner);
    if (at != lanes_.end()) {
      at->jobs.push_back(std::move(job));  // push_back allocates before it moves the job
    } else {
      lanes fresh;
      fresh.push_back({owner, {}});
      fresh.front().jobs.push_back(std::move(job));
      lanes_.splice(lanes_.end(), fresh);
    }
    ++queued_;
    return true;
  }

  void become_idle(worker& thread, steady_time now) noexcept {
    thread.is_idle_ = true;
    thread.idle_since_ = now;
    thread.newer_ = nullptr;
    thread.older_ = std::exchange(newest_idle_, &thread);
    if (thread.older_ != nullptr) thread.older_->newer_ = &thread;
    ++idle_;
  }

  void leave_idle(worker& thread) noexcept {
    DROVER_ASSERT(thread.is_idle_);
    (thread.newer_ != nullptr ? thread.newer_->older_ : newest_idle_) = thread.older_;
    if (thread.older_ != nullptr) thread.older_->newer_ = thread.newer_;
    thread.newer_ = thread.older_ = nullptr;
    thread.is_idle_ = false;
    --idle_;
  }

  const unsigned threads_max_;
  const std::size_t queue_max_;
  unsigned threads_ = 0;
  unsigned idle_ = 0;
  std::size_t queued_ = 0;
  worker* newest_idle_ = nullptr;
  lanes lanes_;  ///< the owners with queued jobs, the next one first
};

}  // namespace drover::fetch
