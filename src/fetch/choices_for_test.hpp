// SPDX-License-Identifier: MIT
// Enumerates all small cases instead of random ones: remembers the choices of a run and steps
// through them like an odometer.
//
//     for (choices c{3}; c.next();) run(c);   // every run that departs at most 3 times from choice
//     0
#pragma once

#include <cstddef>
#include <vector>

namespace drover::fetch::testing {

class choices {
 public:
  /// `departures`: how often a run may pick anything but 0.
  explicit choices(unsigned departures) : departures_{departures} {}

  /// Begins the next run. False when no run is left.
  [[nodiscard]] bool next() {
    if (begun_) {
      while (!choices_made_.empty() && choices_made_.back().value + 1 >= choices_made_.back().bound)
        choices_made_.pop_back();
      if (choices_made_.empty()) return false;
      ++choices_made_.back().value;
    }
    begun_ = true;
    at_ = 0;
    left_ = departures_;
    ++runs_;
    return true;
  }

  /// One of 0 .. bound - 1.
  [[nodiscard]] std::size_t pick(std::size_t bound) {
    if (left_ == 0 || bound <= 1) return 0;
    if (at_ == choices_made_.size()) choices_made_.push_back({0, bound});
    const std::size_t value = choices_made_[at_++].value;
    if (value != 0) --left_;
    return value;
  }

  [[nodiscard]] std::size_t runs() const noexcept { return runs_; }

 private:
  struct choice {
    std::size_t value;
    std::size_t bound;
  };
  unsigned departures_;
  unsigned left_ = 0;
  std::vector<choice> choices_made_;
  std::size_t at_ = 0;
  std::size_t runs_ = 0;
  bool begun_ = false;
};

}  // namespace drover::fetch::testing
