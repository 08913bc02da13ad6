// SPDX-License-Identifier: MIT
// Turns the requests and replies of one connection, in slices of any size, into records. Replies
// are matched to requests in order, with all exceptions of the protocol (pushes, subscribe mode,
// CLIENT REPLY, MULTI, RESET, ...).
//
// A conversation never fails. If it cannot follow the traffic any more (garbage, MONITOR, SYNC), it
// goes blind: it emits the waiting events with `missing` replies, reports `sight_lost`, and from
// then on only counts bytes. Memory is bounded for any input: values are hashed as they pass and
// are not kept.
// Threads: the thread of the capture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "audit/capture/capture.hpp"
#include "audit/capture/event.hpp"
#include "audit/capture/record.hpp"

namespace drover::audit {

/// Is called at the end of each request and reply, so that its owner can act before the bytes are
/// passed on. The request or reply ends after `upto` bytes of the current slice. The calls must not
/// feed the conversation.
class conversation_listener {
 public:
  virtual ~conversation_listener() = default;
  /// The event is complete except for `done` and its reply.
  virtual void request_ended(const event& command, std::size_t upto) { (void)command, (void)upto; }
  /// Called before the event goes to the sink. In a transaction it is called for the direct reply
  /// of each command (QUEUED) and for the reply of EXEC.
  virtual void reply_ended(const event& command, std::size_t upto) { (void)command, (void)upto; }
};

class conversation_state;

class conversation {
 public:
  /// Sends `opened` to the sink at once. Lifetime: `parent` and `listener` outlive the
  /// conversation.
  conversation(capture& parent, connection_opened opened,
               conversation_listener* listener = nullptr);
  ~conversation();
  conversation(const conversation&) = delete;
  conversation& operator=(const conversation&) = delete;

  /// Feeds bytes of the client. To be called when they are passed on, before their reply is fed.
  void client_sent(std::string_view bytes, moment at);
  /// Feeds bytes of the server, or bytes that the tool sends in its place. To be called when they
  /// are passed on.
  void server_sent(std::string_view bytes, moment at);
  /// Ends the conversation. Nothing may be fed afterwards.
  void closed(moment at, bool by_client);

  /// Whether the conversation has stopped reading and only counts bytes.
  [[nodiscard]] bool is_blind() const noexcept;
  /// Whether no request or reply is incomplete and no reply is awaited.
  [[nodiscard]] bool is_idle() const noexcept;

 private:
  std::unique_ptr<conversation_state> state_;
};

}  // namespace drover::audit
