// SPDX-License-Identifier: MIT
// Decides whether polling before blocking pays. Pure: the caller reports the result of each try.
//
// A reply that comes while its reader polls saves a halt and a wake-up of the processor. On a busy
// machine, or with a distant server, polling only wastes time. So polling continues while most
// tries pay, and after it has stopped, a try is made now and then.
//
// Threads: only the thread with the reader role.
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
