// SPDX-License-Identifier: MIT
// What goes out and what comes in on one connection: requests are appended, replies go to their
// slots in that order, pushes go aside. Pure: it decides, socket_io does the I/O.
//
// Invariants: (1) reply i belongs to request i, whatever was abandoned between;
//             (2) every slot that was appended leaves exactly once: by `take_in`, `abandon` or
//                 `fail_all`;
//             (3) a stream that is broken stays broken: nothing after a doubt is believed.
// Threads:    one at a time; the owner has the lock.
#pragma once

#include <drover/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "connection/slot.hpp"
#include "resp/message.hpp"
#include "resp/reader.hpp"

namespace drover::connection {

/// A reply longer than `reply_max` is skipped: it costs its request, not the connection. A reply
/// longer than a server sends by default (512 MiB) is a doubt.
struct stream_limits {
  std::size_t reply_max = std::size_t{64} << 20U;
  std::size_t queued_bytes_max = std::size_t{64} << 20U;
  std::size_t slots_max = 1'000'000;
};

/// What one `take_in` brought, in the order in which it came.
struct arrivals {
  struct push {
    std::size_t after = 0;  ///< how many of `ended` came before it
    resp::message message;
  };
  slot_list ended;
  std::size_t ended_count = 0;
  std::vector<push> pushes;
  std::size_t reply_bytes = 0;  ///< the bytes that came, without pushes
  bool has_posted = false;      ///< a slot among `ended` in which no caller waits
};

class stream {
 public:
  explicit stream(const stream_limits& within);

  /// Queues `request` behind all others. A fault: `overloaded`, and nothing has changed.
  [[nodiscard]] result<void> append(std::string_view request, slot& place);

  [[nodiscard]] bool has_output() const noexcept { return !output_.empty(); }
  /// Gives what is to be written next, and takes `empty` for its memory. Report it by `wrote`.
  void take_output(std::string& empty) noexcept;
  /// `bytes` of what was taken were written, or will never be.
  void wrote(std::size_t bytes) noexcept;

  /// Takes `bytes` from the server. False: broken, see `error()`; what came before the break is in
  /// `into` all the same.
  [[nodiscard]] bool take_in(std::string_view bytes, arrivals& into);

  /// The owner of a slot that is due goes away: its replies will be dropped when they come.
  void abandon(slot& place) noexcept;

  /// Takes out all slots, in order.
  void fail_all(slot_list& into) noexcept;

  /// Bytes that were appended and neither written nor given up.
  [[nodiscard]] std::size_t unwritten() const noexcept { return output_.size() + taken_; }
  /// Replies that have still to come, those to abandoned requests included.
  [[nodiscard]] std::size_t due() const noexcept { return due_; }
  /// Slots in which a caller waits, and those in which none does.
  [[nodiscard]] std::size_t blocking() const noexcept { return blocking_; }
  [[nodiscard]] std::size_t posted() const noexcept { return posted_; }
  /// The slot whose reply comes next; null when that reply is due to an abandoned request.
  [[nodiscard]] const slot* head() const noexcept {
    const slot* const first = queue_.front();
    return first != nullptr && first->skip == 0 ? first : nullptr;
  }
  /// The first slot in which a caller waits.
  [[nodiscard]] slot* first_blocking() const noexcept;

  [[nodiscard]] bool is_broken() const noexcept { return broken_; }
  [[nodiscard]] std::string_view error() const noexcept { return error_; }

 private:
  void place_message(arrivals& into);
  void place_skipped(arrivals& into);
  [[nodiscard]] slot* next_due();
  void take_push(arrivals& into);
  void end_head(arrivals& into);
  void unlink(slot& place) noexcept;
  void break_off(std::string_view why) noexcept;

  stream_limits within_;
  resp::reader reader_;
  resp::message partial_;
  std::string output_;
  std::size_t taken_ = 0;  // bytes given out and not yet reported as written
  slot_list queue_;
  std::size_t skip_at_end_ = 0;
  std::size_t due_ = 0;
  std::size_t blocking_ = 0;
  std::size_t posted_ = 0;
  bool broken_ = false;
  std::string_view error_;
};

}  // namespace drover::connection
