// SPDX-License-Identifier: MIT
// A query log that keeps its records for a test. Threads: any.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/origins/origin.hpp"

namespace drover::simulate {

class query_journal final : public query_log {
 public:
  std::size_t begin(std::string_view key) noexcept override {
    const std::lock_guard held{guard_};
    keys_.emplace_back(key);
    running_max_ = std::max(running_max_, keys_.size() - ended_);
    changed_.notify_all();
    return keys_.size() - 1;
  }

  void end(std::size_t place) noexcept override {
    const std::lock_guard held{guard_};
    if (place < keys_.size()) ++ended_;
    changed_.notify_all();
  }

  void await_begun(std::size_t count) {
    std::unique_lock held{guard_};
    changed_.wait(held, [&] { return keys_.size() >= count; });
  }

  [[nodiscard]] std::vector<std::string> keys() const {
    const std::lock_guard held{guard_};
    return keys_;
  }
  [[nodiscard]] std::size_t begun() const { return keys().size(); }
  [[nodiscard]] std::size_t ended() const {
    const std::lock_guard held{guard_};
    return ended_;
  }
  /// The largest number of queries that ran at the same time.
  [[nodiscard]] std::size_t running_max() const {
    const std::lock_guard held{guard_};
    return running_max_;
  }

 private:
  mutable std::mutex guard_;
  std::condition_variable changed_;
  std::vector<std::string> keys_;  // of all queries that began, in order
  std::size_t ended_ = 0;
  std::size_t running_max_ = 0;
};

}  // namespace drover::simulate
