// SPDX-License-Identifier: MIT
// Whether it pays to poll a little before blocking. Pure: it is told how each try ended.
//
// A reply that comes while its reader polls saves a halt and a wake-up of the processor; on a busy
// machine, or with a far server, polling only burns time. So it goes on while most tries pay, and
// tries again now and then after it has stopped.
//
// Threads: one at a time: the one with the reader role.
#pragma once

namespace drover::connection {

class spin_gauge {
 public:
  [[nodiscard]] bool wants_a_try() noexcept {
    if (score_ > 0) return true;
    if (++idle_ < tries_apart) return false;
    idle_ = 0;
    return true;
  }
  void paid() noexcept {
    if (score_ < score_max) ++score_;
  }
  void wasted() noexcept {
    if (score_ > 0) --score_;
  }

 private:
  static constexpr int score_max = 8;
  static constexpr int tries_apart = 128;

  int score_ = score_max / 2;
  int idle_ = 0;
};

}  // namespace drover::connection
