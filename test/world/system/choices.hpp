// SPDX-License-Identifier: MIT
// Who runs next: the decisions of the scheduler, one after the other. They come from a seed, or
// from a list that a search extends step by step.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/random.hpp"

namespace drover::world {

class choices {
 public:
  virtual ~choices() = default;

  /// Which of `count` threads that can run is the next one. If `current_goes_on`, the first of them
  /// is the thread that runs now, and any other is a preemption. `count` is at least 2.
  [[nodiscard]] virtual std::size_t next_thread(std::size_t count, bool current_goes_on) = 0;
  /// Which of `count` threads that wait for the same thing is woken. `count` is at least 2.
  [[nodiscard]] virtual std::size_t next_woken(std::size_t count) = 0;
};

/// Lets a thread go on, except with a probability.
class random_choices : public choices {
 public:
  random_choices(std::uint64_t seed, double preemption)
      : source_{base::seeded_random{seed}.next()}, preemption_{preemption} {}

  std::size_t next_thread(std::size_t count, bool current_goes_on) override {
    if (current_goes_on && source_.next_unit() >= preemption_) return 0;
    return next_woken(count);
  }
  std::size_t next_woken(std::size_t count) override {
    return static_cast<std::size_t>(source_.next() % count);
  }

 private:
  base::seeded_random source_;
  double preemption_;
};

/// Follows a list of decisions and then always takes the first thread. Records where it could have
/// decided otherwise, so that a search can try the other ways.
class listed_choices : public choices {
 public:
  struct decision {
    std::uint32_t taken = 0;
    std::uint32_t count = 0;
    bool is_preemption_point = false;
  };

  explicit listed_choices(std::vector<std::uint32_t> list) : list_{std::move(list)} {}

  std::size_t next_thread(std::size_t count, bool current_goes_on) override {
    const std::size_t at = decisions_.size();
    const std::uint32_t taken = at < list_.size() ? list_[at] : 0;
    const std::size_t valid = taken < count ? taken : 0;
    decisions_.push_back(
        {static_cast<std::uint32_t>(valid), static_cast<std::uint32_t>(count), current_goes_on});
    return valid;
  }
  std::size_t next_woken(std::size_t count) override { return next_thread(count, false); }

  [[nodiscard]] const std::vector<decision>& decisions() const noexcept { return decisions_; }

 private:
  std::vector<std::uint32_t> list_;
  std::vector<decision> decisions_;
};

}  // namespace drover::world
