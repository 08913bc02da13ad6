// SPDX-License-Identifier: MIT
// The pull scanner under the reader: it takes bytes in slices of any size and returns tokens. It
// keeps no values, only the unfinished line and the counts of the open aggregates, so a huge bulk
// can be passed on or skipped in constant memory. It does not recurse. Only the cuts of a bulk into
// chunks depend on the slicing, and every byte is examined a bounded number of times.
//
// Grammar: https://redis.io/docs/latest/develop/reference/protocol-spec/ (RESP2 nulls included).
// Streamed values ($?, *?, ;) are refused, because no released server sends them, and they do not
// announce their size.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "resp/line_collector.hpp"
#include "resp/message.hpp"

namespace drover::resp {

/// The limits of one message. A larger message is `broken` as soon as its size is announced, or
/// skipped where `skip_max` allows it.
struct limits {
  /// The nesting depth of aggregates, attributes included. The library's own replies need 3,
  /// CLUSTER SLOTS needs 4. It bounds the work of code that walks a reply.
  std::size_t depth_max = 16;
  /// The number of children of all aggregates together (a map of n pairs: 2n). At 56 bytes for each
  /// node, about 56 MiB.
  std::size_t elements_max = std::size_t{1} << 20U;
  /// The size of one bulk. The library stores at most 8 MiB; the rest is for values that others
  /// store under the same keys.
  std::size_t bulk_max = std::size_t{64} << 20U;
  /// The length of one line without its end. Errors and statuses are lines, and a line is kept
  /// until it ends.
  std::size_t line_max = std::size_t{64} << 10U;
  /// The size of a message, dropped attributes included: the largest bulk and 1 MiB for the rest.
  std::size_t message_max = std::size_t{65} << 20U;
  /// A message with more elements or bytes than above is skipped if it has at most this many bytes
  /// and is no push. The limits on depth and lines still apply, because they bound the memory that
  /// skipping needs.
  std::size_t skip_max = 0;
};

enum class token_kind : std::uint8_t {
  need_more,  ///< the input is used up
  /// A whole line, or a bulk that is complete in the input: `value_type`, and `integer` or `text`.
  /// Every null is a scalar, $-1 and *-1 too.
  scalar,
  /// A bulk string, bulk error or verbatim string of `integer` bytes, without the "txt:" prefix.
  bulk_begin,
  bulk_chunk,  ///< the next bytes of it, in `text`; never empty
  bulk_end,    ///< the bulk is complete
  aggregate,   ///< `integer` child values follow (a map of n pairs: 2n), each one depth below
  broken,      ///< `text` says why; no other token follows
};

struct token {
  token_kind kind = token_kind::need_more;
  type value_type = type::null;
  bool ends_message = false;  ///< the message is complete with this token
  std::uint32_t depth = 0;    ///< 0: the message itself, or an attribute before it
  std::int64_t integer = 0;
  std::size_t consumed = 0;  ///< the bytes of the input that this call consumed; 0 for `broken`
  std::string_view text;     ///< valid until the next call and as long as the input
};

/// An attribute is an aggregate token that is not a value. It comes before its value, at the same
/// depth, and ends before the next token at that depth.
class scanner {
 public:
  explicit scanner(limits within = {}) noexcept;

  /// The next token of `input`. Call again with the rest of the input until it returns `need_more`.
  [[nodiscard]] token next(std::string_view input);

  /// True between messages: nothing of a next one has been consumed.
  [[nodiscard]] bool is_idle() const noexcept { return message_bytes_ == 0 && line_.is_empty(); }
  /// True when the message of the last token is larger than the limits and is skipped.
  [[nodiscard]] bool is_too_large() const noexcept { return is_too_large_; }
  /// True when the message of the last token is a push.
  [[nodiscard]] bool is_push() const noexcept { return is_push_; }
  /// The reason of `broken`; empty unless broken.
  [[nodiscard]] std::string_view error() const noexcept { return error_; }
  /// The number of bytes searched for line ends: at most the bytes that were consumed or refused.
  [[nodiscard]] std::uint64_t examined() const noexcept { return line_.examined(); }

 private:
  enum class state : std::uint8_t { line, mark, body, cr, lf, broken };
  struct frame {
    std::uint64_t left;
    bool attribute;
  };

  void scan(std::string_view input, token& out);
  void scan_line(std::string_view input, token& out);
  void scan_scalar(std::string_view body, token& out);
  void scan_null(token& out) noexcept;
  void begin_bulk(std::string_view length, std::string_view rest, token& out);
  void begin_aggregate(std::string_view count, token& out);
  void scan_mark(std::string_view input, token& out);
  void scan_body(std::string_view input, token& out) noexcept;
  void scan_end(std::string_view input, token& out) noexcept;
  void end_value(token& out) noexcept;
  [[nodiscard]] bool skips(std::uint64_t size) noexcept;
  void fail(std::string_view why, token& out) noexcept;

  [[nodiscard]] state state_of_body() const noexcept {
    return bulk_left_ > 0 ? state::body : state::cr;
  }

  limits within_;
  line_collector line_;
  std::vector<frame> open_;
  std::string_view error_;
  std::uint64_t message_bytes_ = 0;
  std::uint64_t elements_ = 0;
  std::uint64_t bulk_left_ = 0;
  unsigned mark_left_ = 0;
  type bulk_kind_ = type::bulk_string;
  state state_ = state::line;
  bool is_too_large_ = false;
  bool is_push_ = false;
};

}  // namespace drover::resp
