// SPDX-License-Identifier: MIT
// One reply after the other, as a reply of an event: what it is, its first items, and of texts only
// their digests. What the server says unasked is told apart, with the names in it.
// Pure, incremental, bounded. Threads: one at a time.
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

/// A name that came in a push: its first bytes, and a digest of all of it.
struct pushed_name {
  std::string text;
  digest of;
};

/// A push of RESP3, or what RESP2 sends instead of one.
struct pushed {
  std::array<pushed_name, 3> texts;  ///< those of its first three items that are texts
  std::int64_t count = 0;            ///< the third, if it is a number
  std::vector<pushed_name> inner;    ///< texts inside its items, at most `reply::items_max`

  [[nodiscard]] const std::string& what() const noexcept { return texts[0].text; }
  void clear();
};

class reply_collector {
 public:
  explicit reply_collector(const hash_key& key);

  /// Where the next reply goes. The same until it is complete.
  struct target {
    reply* into = nullptr;
    /// For an array of replies, as EXEC's: where each of them goes, too; may have gaps.
    std::span<reply* const> each;
    /// RESP2 in subscribe mode: an array may be a message. It goes to `told` and `own`.
    bool may_be_message = false;
  };

  enum class status : std::uint8_t { need_more, complete, broken };
  struct step {
    status how = status::need_more;
    std::size_t consumed = 0;  ///< bytes of the input that are used up
  };
  [[nodiscard]] step read(std::string_view input, const target& where);

  /// What was complete was a push: it is in `told`, and nothing went to the target.
  [[nodiscard]] bool is_push() const noexcept { return is_push_; }
  /// What was complete may be a message: it is in `told`, and as a reply in `own`.
  [[nodiscard]] bool is_own() const noexcept { return is_own_; }
  [[nodiscard]] const pushed& told() const noexcept { return told_; }
  [[nodiscard]] reply& own() noexcept { return own_; }
  /// What was complete was an error for want of such a command.
  [[nodiscard]] bool denies_command() const noexcept { return denies_command_; }
  [[nodiscard]] std::string_view error() const noexcept { return scanner_.error(); }
  [[nodiscard]] bool is_idle() const noexcept { return scanner_.is_idle(); }

 private:
  void begin(const resp::token& first, const target& where);
  void take(const resp::token& got, const target& where);
  bool is_in_attribute(const resp::token& got) noexcept;
  void open_item(const resp::token& got, const target& where);
  void fill(reply_item& item, const resp::token& got);
  void keep_name(std::string_view text);
  void close_bulk(const resp::token& got);

  hash_key key_;
  resp::scanner scanner_;
  digest_stream bulk_;
  std::string bulk_head_;
  std::array<reply_item*, 2> open_{};  // the items that the bulk now read goes to
  pushed_name* open_name_ = nullptr;
  pushed told_;
  reply own_;
  std::size_t index_ = 0;  // of the item at depth 1
  std::uint32_t attribute_depth_ = 0;
  bool in_attribute_ = false;
  bool begun_ = false;
  bool is_push_ = false;
  bool is_own_ = false;
  bool denies_command_ = false;
};

}  // namespace drover::audit
