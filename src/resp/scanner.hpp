// SPDX-License-Identifier: MIT
// The pull scanner under the reader: bytes in slices of any size go in, tokens come out. It keeps
// no value, only the unfinished line and the counts of the open aggregates, so a huge bulk can be
// passed on or skipped in constant memory. No recursion. What the tokens add up to does not depend
// on the slicing (only where a bulk is cut into chunks does), and every byte is looked at a bounded
// number of times.
//
// Grammar: https://redis.io/docs/latest/develop/reference/protocol-spec/ (RESP2 nulls included).
// Streamed values ($?, *?, ;) are refused: no released server sends them, and they have no bounds
// to announce.
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
  /// Aggregates inside one another, attributes included. Replies of ours need 3, CLUSTER SLOTS 4;
  /// it bounds the work of everyone who walks a reply.
  std::size_t depth_max = 16;
  /// Child values of all aggregates together (a map of n pairs: 2n). At 56 bytes a node: about 56
  /// MiB.
  std::size_t elements_max = std::size_t{1} << 20U;
  /// One bulk. A stored value is at most 8 MiB; the rest is for what others put under the same
  /// keys.
  std::size_t bulk_max = std::size_t{64} << 20U;
  /// One line without its end. Errors and statuses are lines, and lines are kept until they end.
  std::size_t line_max = std::size_t{64} << 10U;
  /// All bytes of a message, dropped attributes included: the largest bulk and 1 MiB of what is
  /// around it.
  std::size_t message_max = std::size_t{65} << 20U;
  /// A message with more elements or bytes than above is skipped if it has at most this many bytes
  /// and is no push. The limits on depth and lines still hold: they bound what skipping must keep.
  std::size_t skip_max = 0;
};

enum class token_kind : std::uint8_t {
  need_more,  ///< the input is used up
  /// A whole line, or a bulk that lies whole in the input: `value_type`, and `integer` or `text`.
  /// Every null comes as this, $-1 and *-1 too.
  scalar,
  /// Bulk string, bulk error or verbatim string of `integer` bytes (without its mark).
  bulk_begin,
  bulk_chunk,  ///< the next bytes of it, in `text`; never empty
  bulk_end,    ///< all of it has come
  aggregate,   ///< `integer` child values follow (a map of n pairs: 2n), each one depth below
  broken,      ///< `text` says why; nothing else will come
};

struct token {
  token_kind kind = token_kind::need_more;
  type value_type = type::null;
  bool ends_message = false;  ///< the message is complete with this token
  std::uint32_t depth = 0;    ///< 0: the message itself, or an attribute in front of it
  std::int64_t integer = 0;
  std::size_t consumed = 0;  ///< bytes of the input used up by this call; for `broken` 0
  std::string_view text;     ///< valid until the next call and as long as the input
};

/// An attribute is an aggregate token that is no value: it comes before the value it belongs to, at
/// the same depth, and is over with the next token at that depth.
class scanner {
 public:
  explicit scanner(limits within = {}) noexcept;

  /// The next token of `input`. Call again with the rest of the input until it answers `need_more`.
  [[nodiscard]] token next(std::string_view input);

  /// True between messages: nothing of a next one has been consumed.
  [[nodiscard]] bool is_idle() const noexcept { return message_bytes_ == 0 && line_.is_empty(); }
  /// Whether the message of the last token is larger than the limits and is skipped.
  [[nodiscard]] bool is_too_large() const noexcept { return is_too_large_; }
  /// Whether the message of the last token is a push.
  [[nodiscard]] bool is_push() const noexcept { return is_push_; }
  /// What broke it; empty unless broken.
  [[nodiscard]] std::string_view error() const noexcept { return error_; }
  /// Bytes searched for line ends so far: never more than consumed and refused.
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
