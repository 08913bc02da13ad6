// SPDX-License-Identifier: MIT
// Invalidations that may have to be sent again: those that were not acknowledged, after every
// reconnect; those acknowledged in the last minute, when another server, or the same one in another
// role, answers (a failover may have lost them).
//
// Threads: one at a time. Bounded: past `capacity` the oldest acknowledged ones go first, then the
//          oldest.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace drover::fetch {

class invalidation_journal {
 public:
  explicit invalidation_journal(std::size_t capacity) : capacity_{capacity} {}

  using number = std::uint64_t;

  number add(std::vector<std::string> keys, bool acknowledged, steady_time now);
  void acknowledged(number which, steady_time now);

  struct due {
    number which;
    std::vector<std::string> keys;
  };
  /// What to send now that a connection is up; due again at the next one until it is acknowledged.
  [[nodiscard]] std::vector<due> replay(bool is_another_server, steady_time now);
  [[nodiscard]] std::size_t size() const noexcept { return held_.size(); }

 private:
  struct kept {
    number which;
    std::vector<std::string> keys;
    bool acknowledged;
    steady_time at;
  };
  void forget_old(steady_time now);

  std::size_t capacity_;
  number next_ = 1;
  std::deque<kept> held_;
};

}  // namespace drover::fetch
