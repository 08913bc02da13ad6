// SPDX-License-Identifier: MIT
// When to try to connect, and when to stop making callers wait for it: the breaker and its
// back-off. Pure: it is told what happened and when.
//
// The breaker opens on a refused attempt (no connection, no handshake, too late) and on the third
// connection in a row that ended, by silence or otherwise, without an answer to what it was asked
// after its handshake. A handshake that succeeds closes it; the next unanswered loss opens it
// again, until a connection has answered something. Any other loss opens nothing. What had answered
// or was old is made anew at once, else there is a growing pause.
//
// Threads: one at a time.
#pragma once

#include <cstdint>

#include "base/random.hpp"
#include "base/time.hpp"

namespace drover::connection {

class health {
 public:
  struct back_off {
    milliseconds min{50};
    milliseconds max{5000};
  };
  enum class loss : std::uint8_t { ended, silent };
  /// What had come of a connection, behind its handshake, when it was lost.
  enum class use : std::uint8_t { unasked, unanswered, answered };

  health(back_off within, std::uint64_t seed) noexcept : within_{within}, random_{seed} {}

  /// A handshake succeeded.
  void connected(steady_time now) noexcept;
  /// An attempt failed.
  void refused(steady_time now) noexcept;
  /// A connection that had been up is gone.
  void lost(loss how, use before, steady_time now) noexcept;

  /// While open, requests fault at once.
  [[nodiscard]] bool is_open() const noexcept { return open_; }
  /// No attempt before this moment.
  [[nodiscard]] steady_time next_attempt() const noexcept { return next_attempt_; }

 private:
  [[nodiscard]] microseconds pause() noexcept;

  back_off within_;
  base::seeded_random random_;
  bool open_ = false;
  unsigned unanswered_ = 0;  // connections in a row
  unsigned failures_ = 0;    // attempts and connections that were not sound, in a row
  steady_time connected_at_{};
  steady_time next_attempt_{};
};

}  // namespace drover::connection
