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
  of_.count_bytes(bytes.size());
  std::size_t used = 0;
  while (!blind_) {
    const auto [how, consumed] = collector_.read(bytes.substr(used), target_of_next());
    used += consumed;
    if (how == reply_collector::status::need_more) return;
    if (how == reply_collector::status::broken) {
      lose("the server's bytes: " + std::string{collector_.error()}, at);
    } else {
      const bool matched = collector_.is_own() ? take_own(at, used) : take_reply(at, used);
      if (!matched) lose("a reply came that nothing had asked for", at);
    }
  }
  unread_bytes_ += bytes.size() - used;
}

reply_collector::target conversation_state::target_of_next() {
  reply_collector::target out;
  out.may_be_message = protocol_ == 2 && subscribed_.any();
  if (waiting_.empty()) return out;
  const awaited& next = waiting_.front();
  out.into = &answer_of(waiting_.front());
  if (is_subscribing(next.does) || is_unsubscribing(next.does)) {
    out.may_be_message = protocol_ == 2;
  }
  if (next.does == effect::exec && transaction_ != 0) out.each = queued_replies_;
  return out;
}

bool conversation_state::take_reply(moment at, std::size_t upto) {
  if (waiting_.empty()) return false;
  finish(at, upto);
  drain_unanswered(at);
  return true;
}

/// Handles a RESP3 push, or a RESP2 array that may be a pub/sub message.
bool conversation_state::take_own(moment at, std::size_t upto) {
  const std::string& text = collector_.told().what();
  const effect confirms = confirmed_by(text);
  const bool is_message = text == "message" || text == "pmessage" || text == "smessage";
  if (!collector_.is_push() && confirms == effect::none && !is_message) {
    if (waiting_.empty()) return false;
    std::swap(answer_of(waiting_.front()), collector_.own());
    return take_reply(at, upto);
  }
  if (confirms != effect::none) subscribed_.confirm(confirms, collector_.told().count);
  if (confirms == effect::none || waiting_.empty() || waiting_.front().does != confirms) {
    tell_push(confirms, at);
    return true;
  }
  awaited& head = waiting_.front();
  --head.replies;
  if (head.until_none) head.replies = subscribed_.of(confirms);
  if (head.replies > 0) return true;
  std::swap(answer_of(head), collector_.own());
  return take_reply(at, upto);
}

void conversation_state::tell_push(effect confirms, moment at) {
  const pushed& told = collector_.told();
  push_received out{.connection = connection_, .at = at, .kind = {}, .names = {}};
  const auto add = [&](const pushed_name& name) {
    if (name.of.length > 0) of_.show_name(name.text, name.of, out.names.emplace_back());
  };
  const bool redirected = told.what() == "message" && told.texts[1].text == invalidations;
  if (redirected || told.what() == "invalidate") {
    out.kind = "invalidate";
    for (const pushed_name& each : told.inner) add(each);
  } else {
    constexpr std::size_t what_max = 32;
    out.kind = told.what().substr(0, what_max);
    const bool named =
        told.what() == "message" || told.what() == "smessage" || confirms != effect::none;
    if (named) add(told.texts[1]);
    if (told.what() == "pmessage") add(told.texts[2]);
  }
  of_.tell(std::move(out));
}

/// Finishes the commands that get no reply and have no command before them.
void conversation_state::drain_unanswered(moment at) {
  while (!blind_ && !waiting_.empty() && !waiting_.front().gets_reply) finish(at, 0);
}

void conversation_state::finish(moment at, std::size_t upto) {
  awaited waiting = waiting_.pop();
  event* const of = waiting.get();
  if (!waiting.gets_reply) scratch_ = {};
  const reply& answer = answer_of(waiting);
  if (of != nullptr) {
    of->done = std::max(at, of->sent);
    of->database = database_;
    if (waiting.gets_reply && !waiting.is_listed && collector_.denies_command())
      of->command.clear();
    if (listener_ != nullptr && waiting.gets_reply) listener_->reply_ended(*of, upto);
  } else {
    ++left_out_;
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
      transaction_ = of_.next_transaction();
    }
    if (of != nullptr && transaction_ != 0) {
      of->transaction = transaction_;
      of->executed = succeeded;
    }
    apply(waiting, succeeded);
    const bool goes_blind = waiting.does == effect::monitor && succeeded && waiting.gets_reply;
    emit(std::move(waiting));
    if (goes_blind) lose("MONITOR", at);
  }
  if (left_out_ > 0 && waiting_.empty()) tell_left_out(at);
}

void conversation_state::queue(awaited&& waiting) {
  if (event* const of = waiting.get()) {
    of->transaction = transaction_;
    static_cast<reply_item&>(of->answer) = {};
    of->answer.items.clear();
  }
  queued_replies_.push_back(waiting.get() != nullptr ? &waiting.get()->answer : nullptr);
  queued_.push_back(std::move(waiting));
}

void conversation_state::finish_in_transaction(awaited&& waiting, bool succeeded, moment at) {
  event* const of = waiting.get();
  const reply& answer = answer_of(waiting);
  const bool is_exec = waiting.does == effect::exec;
  // An EXEC that fails ends the transaction. A DISCARD that fails, for example because it has
  // arguments, does not.
  const bool ends = is_exec || succeeded;
  const bool executed = is_exec && answer.kind == reply_kind::aggregate;
  const moment sent = of != nullptr ? of->sent : at;
  if (of != nullptr) {
    of->transaction = transaction_;
    of->executed = executed;
  }
  emit(std::move(waiting));
  if (ends) run_queued(executed, sent, at);
}

/// Emits the commands of the transaction that has ended.
void conversation_state::run_queued(bool executed, moment sent, moment at) {
  transaction_ = 0;
  queued_replies_.clear();
  for (awaited& waiting : queued_) {
    event* const of = waiting.get();
    if (of == nullptr) continue;  // `left_out_` has counted it when it was queued
    of->executed = executed && of->answer.kind != reply_kind::missing;
    of->sent = sent;
    of->done = std::max(at, sent);
    of->database = database_;
    if (of->executed) apply(waiting, of->answer.kind != reply_kind::error);
    emit(std::move(waiting));
  }
  queued_.clear();
}

void conversation_state::drop_queued(moment at) {
  if (transaction_ != 0) run_queued(false, at, at);
}

void conversation_state::apply(const awaited& waiting, bool succeeded) {
  // The name of the library is valid even if the server is too old to know the command.
  if (!succeeded && waiting.does != effect::client_setinfo) return;
  if (waiting.does == effect::select) database_ = static_cast<std::uint32_t>(waiting.number);
  if (waiting.does == effect::hello && (waiting.number == 2 || waiting.number == 3))
    protocol_ = waiting.number;
  if (waiting.does == effect::reset) {
    database_ = 0;
    protocol_ = 2;
    subscribed_ = {};
    transaction_ = 0;
  }
  if (waiting.names) {
    named_.connection = connection_;
    if (waiting.names->name) named_.name = *waiting.names->name;
    if (waiting.names->library) named_.library = *waiting.names->library;
    if (waiting.names->library_version) named_.library_version = *waiting.names->library_version;
    of_.tell(connection_named{named_});
  }
}

void conversation_state::emit(awaited&& waiting) {
  of_.give_room(waiting.room);
  if (waiting.of) of_.emit(std::move(waiting.of));
}

void conversation_state::tell_left_out(moment at) {
  of_.tell(sight_lost{.connection = connection_,
                      .at = at,
                      .why = "more commands waited for replies than there is room for",
                      .events = std::exchange(left_out_, 0)});
}

/// Emits the waiting commands without replies.
void conversation_state::flush(moment at) {
  drop_queued(at);
  while (!waiting_.empty()) {
    awaited waiting = waiting_.pop();
    if (event* const of = waiting.get()) {
      of->done = std::max(at, of->sent);
      of->database = database_;
      static_cast<reply_item&>(of->answer) = {};
      of->answer.items.clear();
    } else {
      ++left_out_;
    }
    emit(std::move(waiting));
  }
}

void conversation_state::lose(std::string why, moment at) {
  blind_ = true;
  flush(at);
  of_.tell(sight_lost{connection_, at, why, 0, std::exchange(left_out_, 0)});
  why_blind_ = std::move(why);
}

void conversation_state::closed(moment at, bool by_client) {
  flush(at);
  if (left_out_ > 0) tell_left_out(at);
  if (unread_bytes_ > 0) of_.tell(sight_lost{connection_, at, why_blind_, unread_bytes_, 0});
  of_.tell(connection_closed{connection_, at, by_client});
}

}  // namespace drover::audit
