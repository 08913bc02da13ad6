// SPDX-License-Identifier: MIT
// The requests and replies of one connection: requests are appended, replies go to their slots in
// that order, and pushes are kept apart. Pure: socket_io does the I/O.
//
// Invariants: (1) reply i belongs to request i, whichever requests were abandoned;
//             (2) every slot that was appended leaves exactly once: by `take_in`, `abandon` or
//                 `fail_all`;
//             (3) a stream that is broken stays broken: input after an error is ignored.
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
/// longer than a server sends by default (512 MiB) breaks the stream.
struct stream_limits {
  std::size_t reply_max = std::size_t{64} << 20U;
  std::size_t queued_bytes_max = std::size_t{64} << 20U;
  std::size_t slots_max = 1'000'000;
};

/// The replies and pushes that one `take_in` completed, in order.
struct arrivals {
  struct push {
    std::size_t after = 0;  ///< the number of slots of `ended` that came before it
    resp::message message;
  };
  slot_list ended;
  std::size_t ended_count = 0;
  std::vector<push> pushes;
  std::size_t reply_bytes = 0;  ///< the number of bytes that came, without pushes
  bool has_posted = false;      ///< true when no caller waits in one of the slots of `ended`
};

class stream {
 public:
  explicit stream(const stream_limits& within);

  /// Queues `request` after all others. A fault is `overloaded`; nothing has changed then.
  [[nodiscard]] result<void> append(std::string_view request, slot& place);

  [[nodiscard]] bool has_output() const noexcept { return !output_.empty(); }
  /// Swaps the bytes to write next into `empty`, and reuses its memory. Report them with `wrote`.
  void take_output(std::string& empty) noexcept;
  /// `bytes` of the taken output were written, or will never be written.
  void wrote(std::size_t bytes) noexcept;

  /// Takes `bytes` from the server. False: the stream is broken, see `error()`; `into` still gets
  /// the replies before the error.
  [[nodiscard]] bool take_in(std::string_view bytes, arrivals& into);

  /// The owner of a slot that is due leaves. Its replies will be dropped when they come.
  void abandon(slot& place) noexcept;

  /// Moves all slots into `into`, in order.
  void fail_all(slot_list& into) noexcept;

  /// The number of bytes that were appended and neither written nor given up.
  [[nodiscard]] std::size_t unwritten() const noexcept { return output_.size() + unreported_; }
  /// The number of replies that are due, those to abandoned requests included.
  [[nodiscard]] std::size_t due() const noexcept { return due_; }
  /// The number of slots in which a caller waits; `posted` counts the others.
  [[nodiscard]] std::size_t blocking() const noexcept { return blocking_; }
  [[nodiscard]] std::size_t posted() const noexcept { return posted_; }
  /// The slot whose reply comes next; null when that reply belongs to an abandoned request.
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
  std::size_t unreported_ = 0;  // bytes that were taken and not yet reported as written
  slot_list queue_;
  std::size_t skip_at_end_ = 0;
  std::size_t due_ = 0;
  std::size_t blocking_ = 0;
  std::size_t posted_ = 0;
  bool broken_ = false;
  std::string_view error_;
};

}  // namespace drover::connection
