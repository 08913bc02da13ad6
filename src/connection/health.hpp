// SPDX-License-Identifier: MIT
// Decides when to try to connect, and when callers stop waiting for a connection: the breaker and
// its back-off. Pure: the caller reports events with their times.
//
// The breaker opens on a refused attempt (no connection, no handshake, too late) and on the third
// connection in a row that ended, by silence or otherwise, without an answer to a request after its
// handshake. A handshake that succeeds closes it; the next unanswered loss opens it again, until a
// connection has answered a request. Any other loss does not open it. A connection that had
// answered or was old is replaced at once; otherwise the next attempt follows after a growing
// pause. A connection that ended without a request is no evidence against the server: that pause
// ends with the next request.
//
// Ending a connection on purpose, because its answers cannot be trusted or to look for another
// server, does not open the breaker either. After the first such end the next attempt comes at
// once. If it happens again soon, the next attempts come after growing pauses.
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
    milliseconds max{1000};
  };
  enum class loss : std::uint8_t { ended, silent, distrusted };
  /// How far a lost connection was used after its handshake.
  enum class use : std::uint8_t { unasked, unanswered, answered };

  health(back_off within, std::uint64_t seed) noexcept : within_{within}, random_{seed} {}

  /// An attempt begins.
  void begins(steady_time now) noexcept { began_ = now; }
  /// A handshake succeeded.
  void connected(steady_time now) noexcept;
  /// An attempt failed.
  void refused(steady_time now) noexcept;
  /// A connection that had been up is gone.
  void lost(loss kind, use before, steady_time now) noexcept;
  /// A request waits for a connection.
  void request_made(steady_time now) noexcept;

  /// While open, requests fault at once.
  [[nodiscard]] bool is_open() const noexcept { return open_; }
  /// No attempt before this moment.
  [[nodiscard]] steady_time next_attempt() const noexcept { return next_attempt_; }
  /// A working connection is not ended before this moment to look for another server.
  [[nodiscard]] steady_time next_look() const noexcept { return next_look_; }

 private:
  [[nodiscard]] microseconds pause(unsigned doublings) noexcept;
  void open(steady_time from, steady_time now) noexcept;
  void look_again(steady_time now) noexcept;

  back_off within_;
  base::seeded_random random_;
  bool open_ = false;
  bool pauses_unasked_ = false;  // the pause only spares the server, so a request ends it
  unsigned unanswered_ = 0;      // unanswered connections in a row
  unsigned failures_ = 0;        // failed attempts and connections in a row
  unsigned idle_losses_ = 0;     // connections that ended before their first request, in a row
  unsigned looks_ = 0;           // connections ended on purpose in short succession
  steady_time began_ = steady_time::max();  // the start of the running attempt
  steady_time connected_at_{};
  steady_time next_attempt_{};
  steady_time next_look_{};
};

}  // namespace drover::connection
