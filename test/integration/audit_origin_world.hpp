// SPDX-License-Identifier: MIT
// A listener of a counter of the origin that waits for the expected loads.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "audit/run/origin_counter.hpp"

namespace drover::test {

class origin_records {
 public:
  [[nodiscard]] audit::origin_listener listener() {
    return {.now = [] { return audit::moment{1}; },
            .tell = [this](audit::record record) { take(std::get<audit::origin_loads>(record)); },
            .say = [this](const std::string& line) { take(line); }};
  }

  /// Waits at most ten seconds until `count` loads were reported. Returns the number of loads.
  std::uint64_t wait_for(std::uint64_t count) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return sum() >= count; });
    return sum();
  }
  bool wait_for_line(const std::string& part) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return says(part); });
  }
  [[nodiscard]] std::vector<audit::origin_loads> all() {
    const std::scoped_lock lock{mutex_};
    return loads_;
  }
  [[nodiscard]] std::vector<std::string> keys() {
    std::vector<std::string> out;
    for (const audit::origin_loads& reported : all()) out.push_back(reported.key);
    return out;
  }
  [[nodiscard]] std::vector<std::string> lines() {
    const std::scoped_lock lock{mutex_};
    return lines_;
  }

 private:
  void take(audit::origin_loads reported) {
    const std::scoped_lock lock{mutex_};
    loads_.push_back(std::move(reported));
    changed_.notify_all();
  }
  void take(const std::string& line) {
    const std::scoped_lock lock{mutex_};
    lines_.push_back(line);
    changed_.notify_all();
  }
  [[nodiscard]] std::uint64_t sum() const {
    std::uint64_t out = 0;
    for (const audit::origin_loads& reported : loads_) out += reported.count;
    return out;
  }
  [[nodiscard]] bool says(const std::string& part) const {
    return std::any_of(lines_.begin(), lines_.end(), [&part](const std::string& line) {
      return line.find(part) != std::string::npos;
    });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<audit::origin_loads> loads_;
  std::vector<std::string> lines_;
};

}  // namespace drover::test
