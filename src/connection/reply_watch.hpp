// SPDX-License-Identifier: MIT
// The limits on the next reply: on silence, and on the age of the reply. Pure: the caller reports
// the bytes and the times.
//
// Silence: no byte of a reply has come for `silence_max`. Age: a reply is not complete within `ages
// * silence_max`, counted from when its request is at the head of the queue. With a limit on
// silence alone, a server that sends a byte now and then would block a call for ever. The factor
// leaves room for a slow script. The limit on the age grows by the time that the bytes of the
// reply, and the unwritten bytes of the requests up to it, take at `rate_min`, which is slower than
// any network on which a cache is useful. Pushes count for neither limit. If the process was
// stopped for a while, that time counts as at most one `silence_max`, because bytes that came
// during the stop have not been read yet.
//
// Threads: one at a time, under the channel's lock; `silent_at` from any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

namespace drover::connection {

class reply_watch {
 public:
  static constexpr std::int64_t ages = 4;
  static constexpr std::int64_t rate_min = std::int64_t{64} << 10U;  ///< bytes per second

  explicit reply_watch(milliseconds silence_max) noexcept;

  /// The next reply is due from now on. `unwritten`: the unwritten bytes of requests.
  void begin(steady_time now, std::size_t unwritten) noexcept;
  /// The socket accepted `bytes`. `was_full`: it accepted none before.
  void wrote(std::size_t bytes, bool was_full, steady_time now) noexcept;
  /// `bytes` of a reply came, but not its end.
  void came(std::size_t bytes, steady_time now) noexcept;
  /// Replies ended, and more are due.
  void ended(steady_time now, std::size_t unwritten) noexcept { begin(now, unwritten); }

  /// The time at which the server counts as silent if nothing comes.
  [[nodiscard]] steady_time silent_at() const noexcept;
  [[nodiscard]] bool is_silent(steady_time now) const noexcept { return now >= silent_at(); }
  /// Call it after each read of the socket.
  [[nodiscard]] bool is_too_old(steady_time now) noexcept;

 private:
  microseconds silence_max_;
  std::atomic<steady_time> quiet_since_{steady_time{}};
  steady_time looked_at_{};
  microseconds age_{};
  std::size_t unwritten_ = 0;
  std::size_t moved_ = 0;  // bytes that extend the limit on the age
};

}  // namespace drover::connection
