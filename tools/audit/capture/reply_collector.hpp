// SPDX-License-Identifier: MIT
// Reads replies in the form that events keep: the kind, the first items, and digests of texts.
// Pushes are recognised and collected with the names in them.
// Pure and incremental; memory is bounded. Threads: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/capture/event.hpp"
#include "audit/capture/value_digest.hpp"
#include "resp/scanner.hpp"

namespace drover::audit {

/// A name in a push: its first `name_bytes_max` bytes, and the digest of the whole name.
struct pushed_name {
  std::string text;
  digest content_digest;
};

/// A push of RESP3, or an array that RESP2 sends in its place.
struct push_message {
  /// The first three items. An item that is not a text is empty.
  std::array<pushed_name, 3> texts;
  /// The third item, if it is an integer.
  std::int64_t count = 0;
  /// The texts inside aggregates among its items, at most `reply::items_max`.
  std::vector<pushed_name> inner;

  [[nodiscard]] const std::string& kind() const noexcept { return texts[0].text; }
  void clear();
};

class reply_collector {
 public:
  explicit reply_collector(const hash_key& key);

  /// Where the next reply is stored. Must not change until the reply is complete.
  struct target {
    reply* into = nullptr;
    /// For EXEC, whose reply is an array of replies: where each of them is stored as well. nullptr:
    /// it is not stored.
    std::span<reply* const> elements;
    /// Set in the subscribe mode of RESP2, where an array may be a message. An array is then stored
    /// in `last_push` and `message_reply`, and not in the target.
    bool may_be_message = false;
  };

  enum class status : std::uint8_t { need_more, complete, broken };
  struct step {
    status state = status::need_more;
    /// The number of input bytes that were read.
    std::size_t consumed = 0;
  };
  [[nodiscard]] step read(std::string_view input, const target& destination);

  /// Whether the last complete reply was a push. It is in `last_push`, and the target is unchanged.
  [[nodiscard]] bool is_push() const noexcept { return is_push_; }
  /// Whether the last complete reply was a push or may be a message. It is in `last_push`, and as a
  /// reply in `message_reply`.
  [[nodiscard]] bool is_push_or_message() const noexcept { return is_push_or_message_; }
  [[nodiscard]] const push_message& last_push() const noexcept { return push_; }
  [[nodiscard]] reply& message_reply() noexcept { return message_reply_; }
  /// Whether the last complete reply was the error of an unknown command.
  [[nodiscard]] bool denies_command() const noexcept { return denies_command_; }
  [[nodiscard]] std::string_view error() const noexcept { return scanner_.error(); }
  [[nodiscard]] bool is_idle() const noexcept { return scanner_.is_idle(); }

 private:
  void begin(const resp::token& first, const target& destination);
  void take(const resp::token& token, const target& destination);
  bool is_in_attribute(const resp::token& token) noexcept;
  void open_item(const resp::token& token, const target& destination);
  void fill(reply_item& item, const resp::token& token);
  void keep_name(std::string_view text);
  void close_bulk(const resp::token& token);

  hash_key key_;
  resp::scanner scanner_;
  digest_stream bulk_;
  std::string bulk_head_;
  std::array<reply_item*, 2> open_{};  // the items that receive the current bulk
  pushed_name* open_name_ = nullptr;
  push_message push_;
  reply message_reply_;
  std::size_t index_ = 0;  // the index of the current item at depth 1
  std::uint32_t attribute_depth_ = 0;
  bool in_attribute_ = false;
  bool begun_ = false;
  bool is_push_ = false;
  bool is_push_or_message_ = false;
  bool denies_command_ = false;
};

}  // namespace drover::audit
