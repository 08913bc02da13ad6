// SPDX-License-Identifier: MIT
// Starts client programs on a dedicated thread. The kernel kills a program when the *thread* that
// started it ends, and the threads of callers end too early.
//
// Threads: any, except for the destructor.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "simulate/strategies/client_program.hpp"

namespace drover::simulate {

class program_starter {
 public:
  using program = std::unique_ptr<client_program>;

  program_starter() : thread_{[this](const std::stop_token& stop) { run(stop); }} {}

  /// Runs `make` on the dedicated thread and returns its result. Throws the exceptions of `make`.
  [[nodiscard]] program start(std::function<program()> make) {
    std::packaged_task<program()> job{std::move(make)};
    auto started = job.get_future();
    {
      const std::scoped_lock lock{mutex_};
      jobs_.push_back(std::move(job));
    }
    came_.notify_one();
    return started.get();
  }

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    while (came_.wait(lock, stop, [this] { return !jobs_.empty(); })) {
      auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any came_;
  std::deque<std::packaged_task<program()>> jobs_;
  std::jthread thread_;
};

}  // namespace drover::simulate
