// SPDX-License-Identifier: MIT
// The RESP2/RESP3 reader: pure, incremental, bounded. It takes bytes in slices of any size and
// returns complete messages. The result does not depend on the slicing.
//
// Grammar: https://redis.io/docs/latest/develop/reference/protocol-spec/
// Threads: one at a time. A reader that has returned `broken` stays broken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "resp/message.hpp"
#include "resp/scanner.hpp"

namespace drover::resp {

/// Collects scanned tokens into messages. Attributes (|) before a value are read and dropped, and
/// so are messages that the limits allow it to skip.
class reader {
 public:
  explicit reader(limits within = {}) : scanner_{within} {}

  enum class status {
    need_more,
    complete,
    skipped,  ///< a message was larger than the limits; nothing of it is kept
    broken,
  };
  struct step {
    reader::status status = reader::status::need_more;
    std::size_t consumed = 0;  ///< the consumed bytes of the input; all of them for need_more
  };

  /// Reads from `input` into `into` until one message is complete or the input is used up. Begin
  /// each message with an empty `into`, and pass the same object until the message is complete.
  [[nodiscard]] step read(std::string_view input, message& into);

  /// True between messages: nothing of a next one has been consumed.
  [[nodiscard]] bool is_idle() const noexcept { return scanner_.is_idle(); }
  /// True when the last message, complete or not, is known to be a push.
  [[nodiscard]] bool is_push() const noexcept { return scanner_.is_push(); }
  /// The reason of `broken`, for people; empty unless broken.
  [[nodiscard]] std::string_view error() const noexcept { return scanner_.error(); }

 private:
  bool drops(const token& got) noexcept;
  void keep(const token& got, message& into);
  void close(message& into, std::size_t depth) noexcept;
  void forget(message& into) noexcept;

  scanner scanner_;
  std::vector<std::size_t> open_;     // the indexes of the aggregates whose subtree is not complete
  std::uint32_t dropping_depth_ = 0;  // the depth of the last attribute
  bool dropping_ = false;
};

}  // namespace drover::resp
