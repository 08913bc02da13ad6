// SPDX-License-Identifier: MIT
// A server may hold requests back (CLIENT PAUSE WRITE, a script that hangs). This gate keeps such
// requests from breaking one connection after another, and with them the requests that the server
// would answer. Pure: the caller reports events with their times.
//
// The gate is open until a connection has gone silent behind such a request. Then it is shut for a
// time that doubles from `shut_min` to `shut_max` each time this happens again. After that time one
// request is let through as a trial; its reply opens the gate.
//
// Threads: one at a time.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace drover::connection {

class stall_gate {
 public:
  static constexpr milliseconds shut_min{500};
  static constexpr milliseconds shut_max{5000};

  enum class pass : std::uint8_t { free, trial, none };

  [[nodiscard]] bool is_open() const noexcept { return shut_for_ == milliseconds{0}; }
  /// Decides whether a request may be sent. Each `trial` must be followed by `trial_ended`.
  [[nodiscard]] pass ask(steady_time now) noexcept;
  /// A connection went silent with such a request at the head of its queue.
  void stalled(steady_time now) noexcept;
  void trial_ended(bool was_answered) noexcept;

 private:
  milliseconds shut_for_{0};
  steady_time shut_until_{};
  bool has_trial_ = false;
};

}  // namespace drover::connection
