// SPDX-License-Identifier: MIT
// How long the next reply may still take: the limits on silence and on the age of a reply. Pure: it
// is told what came and when.
//
// Silence: no byte of a reply has come for `silence_max`. Age: a reply is not complete within
// `ages * silence_max`, counted from when its request is at the head of the queue. With the limit
// on silence alone, a byte now and then would hold a call for ever; the factor leaves room for a
// slow script. The age is extended by the time that the bytes of the reply, and the unwritten bytes
// of the requests up to it, take at `rate_min`, which is slower than any network on which a cache
// is useful. Pushes count for neither. When the process was stopped for a while, that time counts
// as one silence at most: bytes that came meanwhile have not been read yet.
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
  static constexpr std::int64_t rate_min = std::int64_t{64} << 10U;  ///< bytes in a second

  explicit reply_watch(milliseconds silence_max) noexcept;

  /// A reply is due, and none was before. `unwritten`: bytes of requests on their way out.
  void begin(steady_time now, std::size_t unwritten) noexcept;
  /// The socket took `bytes`; it `was_full` before.
  void wrote(std::size_t bytes, bool was_full, steady_time now) noexcept;
  /// `bytes` of replies came, none of them the end of one.
  void came(std::size_t bytes, steady_time now) noexcept;
  /// Replies ended, and more are due.
  void ended(steady_time now, std::size_t unwritten) noexcept { begin(now, unwritten); }

  /// When it will be silent if nothing comes.
  [[nodiscard]] steady_time silent_at() const noexcept;
  [[nodiscard]] bool is_silent(steady_time now) const noexcept { return now >= silent_at(); }
  /// Asked after each look at the socket.
  [[nodiscard]] bool is_too_old(steady_time now) noexcept;

 private:
  microseconds silence_max_;
  std::atomic<steady_time> quiet_since_{steady_time{}};
  steady_time looked_at_{};
  microseconds age_{};
  std::size_t unwritten_ = 0;
  std::size_t moved_ = 0;  // bytes that extend the age
};

}  // namespace drover::connection
