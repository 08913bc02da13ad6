// SPDX-License-Identifier: MIT
// Samples a number that grows with the loads of the origin, and reports the increase.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "audit/run/origin_counter.hpp"

namespace drover::audit {

/// Computes the increase between two samples. A lower number means that the counter was reset to 0.
/// Pure.
class growth {
 public:
  /// The increase since the last sample; 0 for the first one.
  [[nodiscard]] std::uint64_t add_sample(std::int64_t number) noexcept {
    const std::int64_t before = last_;
    const bool is_first = !has_sample_;
    last_ = number;
    has_sample_ = true;
    if (is_first) return 0;
    const std::int64_t from = number < before ? 0 : before;
    return number > from ? static_cast<std::uint64_t>(number) - static_cast<std::uint64_t>(from)
                         : 0;
  }

 private:
  std::int64_t last_ = 0;
  bool has_sample_ = false;
};

class sampled_number final : public origin_counter {
 public:
  /// `sample` may block. It is called on one thread at a time.
  using sampling = std::function<result<std::int64_t>()>;
  sampled_number(std::string source, std::chrono::milliseconds every, sampling sample,
                 origin_listener listener);
  ~sampled_number() override;

  result<void> start() override;
  void stop() override;

 private:
  void run();
  void take_sample();

  std::string source_;
  std::chrono::milliseconds every_;
  sampling sample_;
  origin_listener listener_;
  growth growth_;
  bool is_failing_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace drover::audit
