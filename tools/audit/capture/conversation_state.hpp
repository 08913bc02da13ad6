// SPDX-License-Identifier: MIT
// The implementation of a conversation. conversation_requests.cpp reads the requests,
// conversation_replies.cpp matches the replies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/capture/awaited_replies.hpp"
#include "audit/capture/capture_core.hpp"
#include "audit/capture/conversation.hpp"
#include "audit/capture/reply_collector.hpp"
#include "audit/capture/request_event.hpp"
#include "audit/capture/subscriptions.hpp"
#include "resp/request_reader.hpp"

namespace drover::audit {

class conversation_state {
 public:
  conversation_state(capture_core& core, connection_opened opened, conversation_listener* listener);

  void client_sent(std::string_view bytes, moment at);
  void server_sent(std::string_view bytes, moment at);
  void closed(moment at, bool by_client);

  [[nodiscard]] bool is_blind() const noexcept { return blind_; }
  [[nodiscard]] bool is_idle() const noexcept {
    return reader_.is_idle() && collector_.is_idle() && waiting_.empty();
  }

 private:
  // Requests.
  void take_request(moment at, std::size_t upto);
  waiting_command make_waiting_command(const command_match& match, moment at);
  void note_effect(waiting_command& command, const command_match& match) const;
  void note_names(waiting_command& command, const command_match& match) const;
  bool note_reply_mode(const command_match& match);
  [[nodiscard]] std::string_view argument(const command_match& match, std::size_t i) const noexcept;

  // Replies.
  [[nodiscard]] reply_collector::target target_of_next();
  bool take_reply(moment at, std::size_t upto);
  bool take_push(moment at, std::size_t upto);
  void emit_push(effect confirms, moment at);
  void drain_unanswered(moment at);
  void finish(moment at, std::size_t upto);
  void finish_in_transaction(waiting_command&& command, bool succeeded, moment at);
  void queue(waiting_command&& command);
  void emit_queued(bool executed, moment sent, moment at);
  void drop_queued(moment at);
  void apply(const waiting_command& command, bool succeeded);
  void emit(waiting_command&& command);
  [[nodiscard]] reply& answer_of(const waiting_command& command) noexcept {
    event* const kept = command.kept_event();
    return kept != nullptr ? kept->answer : scratch_;
  }
  void flush(moment at);
  void go_blind(std::string why, moment at);
  void report_dropped_events(moment at);

  capture_core& core_;
  conversation_listener* listener_;
  std::uint64_t connection_;
  request_tail tail_;
  resp::request_reader reader_;
  resp::request request_;
  request_events events_;
  reply_collector collector_;
  awaited_replies waiting_;
  reply scratch_;  // receives the replies of commands that could not be kept

  // The state of the connection after the last request. It is ahead of the state below.
  std::uint64_t batch_ = 0;
  bool replies_off_ = false;
  bool skips_next_ = false;
  bool multi_sent_ = false;

  // The state of the connection after the last reply.
  std::uint32_t database_ = 0;
  std::int64_t protocol_ = 2;
  subscriptions subscriptions_;
  std::uint64_t transaction_ = 0;
  std::vector<waiting_command> queued_;
  std::vector<reply*> queued_replies_;
  connection_named named_;

  bool blind_ = false;
  std::string why_blind_;
  std::uint64_t unread_bytes_ = 0;
  std::uint64_t dropped_events_ = 0;
};

}  // namespace drover::audit
