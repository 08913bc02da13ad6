// SPDX-License-Identifier: MIT
// The replies of a conversation: matches each to its request and applies its effect.
#include <algorithm>
#include <utility>

#include "audit/capture/conversation_state.hpp"

namespace drover::audit {
namespace {

constexpr std::string_view invalidations = "__redis__:invalidate";

}  // namespace

void conversation_state::server_sent(std::string_view bytes, moment at) {
  core_.count_bytes(bytes.size());
  std::size_t used = 0;
  while (!blind_) {
    const auto [status, consumed] = collector_.read(bytes.substr(used), target_of_next());
    used += consumed;
    if (status == reply_collector::status::need_more) return;
    if (status == reply_collector::status::broken) {
      go_blind("the server's bytes: " + std::string{collector_.error()}, at);
    } else {
      const bool matched =
          collector_.is_push_or_message() ? take_push(at, used) : take_reply(at, used);
      if (!matched) go_blind("a reply arrived without a request", at);
    }
  }
  unread_bytes_ += bytes.size() - used;
}

reply_collector::target conversation_state::target_of_next() {
  reply_collector::target out;
  out.may_be_message = protocol_ == 2 && subscriptions_.is_subscribed();
  if (waiting_.empty()) return out;
  const waiting_command& next = waiting_.front();
  out.into = &answer_of(waiting_.front());
  if (is_subscribing(next.does) || is_unsubscribing(next.does)) {
    out.may_be_message = protocol_ == 2;
  }
  if (next.does == effect::exec && transaction_ != 0) out.elements = queued_replies_;
  return out;
}

bool conversation_state::take_reply(moment at, std::size_t upto) {
  if (waiting_.empty()) return false;
  finish(at, upto);
  drain_unanswered(at);
  return true;
}

/// Handles a RESP3 push, or a RESP2 array that may be a pub/sub message.
bool conversation_state::take_push(moment at, std::size_t upto) {
  const std::string& text = collector_.last_push().kind();
  const effect confirms = confirmed_by(text);
  const bool is_message = text == "message" || text == "pmessage" || text == "smessage";
  if (!collector_.is_push() && confirms == effect::none && !is_message) {
    if (waiting_.empty()) return false;
    std::swap(answer_of(waiting_.front()), collector_.message_reply());
    return take_reply(at, upto);
  }
  if (confirms != effect::none) subscriptions_.confirm(confirms, collector_.last_push().count);
  if (confirms == effect::none || waiting_.empty() || waiting_.front().does != confirms) {
    emit_push(confirms, at);
    return true;
  }
  waiting_command& head = waiting_.front();
  --head.replies;
  if (head.until_none) head.replies = subscriptions_.count(confirms);
  if (head.replies > 0) return true;
  std::swap(answer_of(head), collector_.message_reply());
  return take_reply(at, upto);
}

void conversation_state::emit_push(effect confirms, moment at) {
  const push_message& push = collector_.last_push();
  push_received out{.connection = connection_, .at = at, .kind = {}, .names = {}};
  const auto add = [&](const pushed_name& name) {
    if (name.content_digest.length > 0)
      core_.set_recorded_name(name.text, name.content_digest, out.names.emplace_back());
  };
  const bool is_redirected = push.kind() == "message" && push.texts[1].text == invalidations;
  if (is_redirected || push.kind() == "invalidate") {
    out.kind = "invalidate";
    for (const pushed_name& name : push.inner) add(name);
  } else {
    constexpr std::size_t kind_max = 32;
    out.kind = push.kind().substr(0, kind_max);
    const bool is_named =
        push.kind() == "message" || push.kind() == "smessage" || confirms != effect::none;
    if (is_named) add(push.texts[1]);
    if (push.kind() == "pmessage") add(push.texts[2]);
  }
  core_.emit(std::move(out));
}

/// Finishes the commands that get no reply and have no command before them.
void conversation_state::drain_unanswered(moment at) {
  while (!blind_ && !waiting_.empty() && !waiting_.front().gets_reply) finish(at, 0);
}

void conversation_state::finish(moment at, std::size_t upto) {
  waiting_command waiting = waiting_.pop();
  event* const kept = waiting.kept_event();
  if (!waiting.gets_reply) scratch_ = {};
  const reply& answer = answer_of(waiting);
  if (kept != nullptr) {
    kept->done = std::max(at, kept->sent);
    kept->database = database_;
    if (waiting.gets_reply && !waiting.is_listed && collector_.denies_command())
      kept->command.clear();
    if (listener_ != nullptr && waiting.gets_reply) listener_->reply_ended(*kept, upto);
  } else {
    ++dropped_events_;
  }
  const bool succeeded = !waiting.gets_reply || answer.kind != reply_kind::error;
  const bool is_queued = !waiting.gets_reply || answer.word == "QUEUED";
  if (transaction_ != 0 && (waiting.does == effect::exec || waiting.does == effect::discard)) {
    finish_in_transaction(std::move(waiting), succeeded, at);
  } else if (transaction_ != 0 && waiting.does != effect::reset && is_queued) {
    queue(std::move(waiting));
  } else {
    if (waiting.does == effect::reset && succeeded) drop_queued(at);
    if (waiting.does == effect::multi && succeeded && transaction_ == 0) {
      transaction_ = core_.next_transaction();
    }
    if (kept != nullptr && transaction_ != 0) {
      kept->transaction = transaction_;
      kept->executed = succeeded;
    }
    apply(waiting, succeeded);
    const bool goes_blind = waiting.does == effect::monitor && succeeded && waiting.gets_reply;
    emit(std::move(waiting));
    if (goes_blind) go_blind("MONITOR", at);
  }
  if (dropped_events_ > 0 && waiting_.empty()) report_dropped_events(at);
}

void conversation_state::queue(waiting_command&& waiting) {
  if (event* const kept = waiting.kept_event()) {
    kept->transaction = transaction_;
    static_cast<reply_item&>(kept->answer) = {};
    kept->answer.items.clear();
  }
  queued_replies_.push_back(waiting.kept_event() != nullptr ? &waiting.kept_event()->answer
                                                            : nullptr);
  queued_.push_back(std::move(waiting));
}

void conversation_state::finish_in_transaction(waiting_command&& waiting, bool succeeded,
                                               moment at) {
  event* const kept = waiting.kept_event();
  const reply& answer = answer_of(waiting);
  const bool is_exec = waiting.does == effect::exec;
  // An EXEC that fails ends the transaction. A DISCARD that fails, for example because it has
  // arguments, does not.
  const bool ends = is_exec || succeeded;
  const bool executed = is_exec && answer.kind == reply_kind::aggregate;
  const moment sent = kept != nullptr ? kept->sent : at;
  if (kept != nullptr) {
    kept->transaction = transaction_;
    kept->executed = executed;
  }
  emit(std::move(waiting));
  if (ends) emit_queued(executed, sent, at);
}

/// Emits the commands of the transaction that has ended.
void conversation_state::emit_queued(bool executed, moment sent, moment at) {
  transaction_ = 0;
  queued_replies_.clear();
  for (waiting_command& waiting : queued_) {
    event* const kept = waiting.kept_event();
    if (kept == nullptr) continue;  // `dropped_events_` has counted it when it was queued
    kept->executed = executed && kept->answer.kind != reply_kind::missing;
    kept->sent = sent;
    kept->done = std::max(at, sent);
    kept->database = database_;
    if (kept->executed) apply(waiting, kept->answer.kind != reply_kind::error);
    emit(std::move(waiting));
  }
  queued_.clear();
}

void conversation_state::drop_queued(moment at) {
  if (transaction_ != 0) emit_queued(false, at, at);
}

void conversation_state::apply(const waiting_command& waiting, bool succeeded) {
  // The name of the library is valid even if the server is too old to know the command.
  if (!succeeded && waiting.does != effect::client_setinfo) return;
  if (waiting.does == effect::select) database_ = static_cast<std::uint32_t>(waiting.number);
  if (waiting.does == effect::hello && (waiting.number == 2 || waiting.number == 3))
    protocol_ = waiting.number;
  if (waiting.does == effect::reset) {
    database_ = 0;
    protocol_ = 2;
    subscriptions_ = {};
    transaction_ = 0;
  }
  if (waiting.names) {
    named_.connection = connection_;
    if (waiting.names->name) named_.name = *waiting.names->name;
    if (waiting.names->library) named_.library = *waiting.names->library;
    if (waiting.names->library_version) named_.library_version = *waiting.names->library_version;
    core_.emit(connection_named{named_});
  }
}

void conversation_state::emit(waiting_command&& waiting) {
  core_.release_bytes(waiting.reserved_bytes);
  if (waiting.event_record) core_.emit_event(std::move(waiting.event_record));
}

void conversation_state::report_dropped_events(moment at) {
  core_.emit(sight_lost{.connection = connection_,
                        .at = at,
                        .why = "too many commands waited for replies",
                        .events = std::exchange(dropped_events_, 0)});
}

/// Emits the waiting commands without replies.
void conversation_state::flush(moment at) {
  drop_queued(at);
  while (!waiting_.empty()) {
    waiting_command waiting = waiting_.pop();
    if (event* const kept = waiting.kept_event()) {
      kept->done = std::max(at, kept->sent);
      kept->database = database_;
      static_cast<reply_item&>(kept->answer) = {};
      kept->answer.items.clear();
    } else {
      ++dropped_events_;
    }
    emit(std::move(waiting));
  }
}

void conversation_state::go_blind(std::string why, moment at) {
  blind_ = true;
  flush(at);
  core_.emit(sight_lost{connection_, at, why, 0, std::exchange(dropped_events_, 0)});
  why_blind_ = std::move(why);
}

void conversation_state::closed(moment at, bool by_client) {
  flush(at);
  if (dropped_events_ > 0) report_dropped_events(at);
  if (unread_bytes_ > 0) core_.emit(sight_lost{connection_, at, why_blind_, unread_bytes_, 0});
  core_.emit(connection_closed{connection_, at, by_client});
}

}  // namespace drover::audit
