// SPDX-License-Identifier: MIT
// One connection's conversation, read along: requests and replies in slices of any size go in,
// records come out. Replies are matched to requests in order, with all exceptions of the protocol
// (pushes, subscribe mode, CLIENT REPLY, MULTI, RESET, ...).
//
// It never fails. When it cannot follow any more (garbage, MONITOR, SYNC) it goes blind: hands on
// what waits with `missing` replies, says `sight_lost`, and from then on only counts bytes.
// Memory is bounded whatever comes: no value is kept, only hashed as it passes.
// Threads: that of its capture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "audit/capture/capture.hpp"
#include "audit/capture/event.hpp"
#include "audit/capture/record.hpp"

namespace drover::audit {

/// Told where in a slice requests and replies end, for one who acts on them before passing them on.
/// `upto` bytes of the slice just fed end with it. May not feed the conversation.
class conversation_listener {
 public:
  virtual ~conversation_listener() = default;
  /// `of` is complete but for its reply; its `done` is not set.
  virtual void request_ended(const event& of, std::size_t upto) { (void)of, (void)upto; }
  /// Called before the event is handed to the sink. In a transaction only for the reply of each
  /// command (QUEUED) and for EXEC's.
  virtual void reply_ended(const event& of, std::size_t upto) { (void)of, (void)upto; }
};

class conversation_state;

class conversation {
 public:
  /// Hands on `opened` at once. Lifetime: `of` and `listener` outlive it.
  conversation(capture& of, connection_opened opened, conversation_listener* listener = nullptr);
  ~conversation();
  conversation(const conversation&) = delete;
  conversation& operator=(const conversation&) = delete;

  /// The client's bytes, when they are passed on (before the reply to them can be fed).
  void client_sent(std::string_view bytes, moment at);
  /// The server's bytes, when they are passed on; those the tool itself answers with as well.
  void server_sent(std::string_view bytes, moment at);
  /// The connection is over. Nothing is fed afterwards.
  void closed(moment at, bool by_client);

  /// It only counts bytes. `is_idle`: between requests, and no reply is awaited.
  [[nodiscard]] bool is_blind() const noexcept;
  [[nodiscard]] bool is_idle() const noexcept;

 private:
  std::unique_ptr<conversation_state> state_;
};

}  // namespace drover::audit
