// SPDX-License-Identifier: MIT
#include "cache/background_pool.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace drover::detail {

bool background_pool::submit(const void* owner, std::function<void()> task) {
  const std::scoped_lock lock{mutex_};
  const std::size_t free = idle_ + (threads_max_ - threads_.size());
  if (stopping_ || queue_.size() >= queue_max_ + free) return false;
  if (idle_ <= queue_.size() && threads_.size() < threads_max_) {
    try {
      threads_.emplace_back([this] { run(); });
    } catch (const std::system_error&) {
      if (threads_.empty()) return false;  // no thread to be had: the caller does without
    }
  }
  if (threads_.empty()) return false;
  queue_.push_back({owner, std::move(task)});
  wake_.notify_one();
  return true;
}

std::size_t background_pool::cancel(const void* owner) {
  const std::scoped_lock lock{mutex_};
  return std::erase_if(queue_, [&](const queued& one) { return one.owner == owner; });
}

void background_pool::stop() {
  {
    const std::scoped_lock lock{mutex_};
    stopping_ = true;
    queue_.clear();
  }
  wake_.notify_all();
  for (std::thread& one : threads_) one.join();
  threads_.clear();
}

void background_pool::run() {
  std::unique_lock lock{mutex_};
  while (true) {
    ++idle_;
    wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    --idle_;
    if (stopping_) return;
    queued next = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    next.task();
    next.task = nullptr;  // what it captured goes before anybody is told that the queue is empty
    lock.lock();
  }
}

}  // namespace drover::detail
