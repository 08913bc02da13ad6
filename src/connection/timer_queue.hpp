// SPDX-License-Identifier: MIT
// Timers by the time at which they are due. Pure. Timers for the same time run in the order of
// addition.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/time.hpp"

namespace drover::connection {

class timer_queue {
 public:
  using id = std::uint64_t;

  id add(steady_time when, std::function<void()> task);
  /// Removes a timer. Returns its task, or an empty function if it was not waiting.
  [[nodiscard]] std::function<void()> remove(id timer);
  [[nodiscard]] std::optional<steady_time> next() const;
  /// Removes and returns the first timer that is due at `now`; empty when none is due.
  [[nodiscard]] std::function<void()> take_due(steady_time now);

 private:
  struct place {
    steady_time when;
    id number;
    bool operator<(const place& other) const noexcept {
      return when != other.when ? when < other.when : number < other.number;
    }
  };

  std::map<place, std::function<void()>> waiting_;
  std::unordered_map<id, steady_time> when_;
  id last_ = 0;
};

}  // namespace drover::connection
