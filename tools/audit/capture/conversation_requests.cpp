// SPDX-License-Identifier: MIT
// The requests of a conversation: turns each into an event and notes the replies to expect.
#include <algorithm>
#include <charconv>
#include <utility>

#include "audit/capture/conversation_state.hpp"
#include "audit/capture/limits.hpp"

namespace drover::audit {
namespace {

constexpr std::size_t text_memory_max = std::size_t{64} << 10U;

bool is_word(std::string_view text, std::string_view word) noexcept {
  return text.size() == word.size() && std::equal(text.begin(), text.end(), word.begin(),
                                                  [](char a, char b) { return upper(a) == b; });
}

std::int64_t number_of(std::string_view text, std::int64_t otherwise) noexcept {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc{} && end == text.data() + text.size() ? value : otherwise;
}

std::size_t cost_of(const event& command) noexcept {
  return sizeof(record) + command.arguments.size() * sizeof(field);
}

}  // namespace

void conversation_state::client_sent(std::string_view bytes, moment at) {
  core_.count_bytes(bytes.size());
  if (reader_.is_idle()) batch_ = core_.next_batch();
  std::size_t used = 0;
  while (!blind_) {
    const auto [status, consumed] = reader_.read(bytes.substr(used), request_);
    used += consumed;
    if (status == resp::request_reader::status::need_more) return;
    if (status == resp::request_reader::status::broken) {
      go_blind("the client's bytes: " + std::string{reader_.error()}, at);
      break;
    }
    take_request(at, used);
    request_.clear();
    tail_.clear();
    if (request_.text.capacity() > text_memory_max) request_.text = {};
  }
  unread_bytes_ += bytes.size() - used;
}

void conversation_state::take_request(moment at, std::size_t upto) {
  const command_match match = request_events::find(request_);
  if (waiting_.size() >= waiting_max) {
    return go_blind("too many commands wait for their replies", at);
  }
  waiting_command waiting = make_waiting_command(match, at);
  waiting.gets_reply = note_reply_mode(match);
  if (listener_ != nullptr && waiting.kept_event() != nullptr)
    listener_->request_ended(*waiting.kept_event(), upto);
  const effect does = waiting.does;
  if (multi_sent_ && does == effect::client_reply) {
    waiting_.push(std::move(waiting));
    return go_blind("CLIENT REPLY inside MULTI", at);
  }
  if (does == effect::multi) multi_sent_ = true;
  if (does == effect::exec || does == effect::discard || does == effect::reset) multi_sent_ = false;
  waiting_.push(std::move(waiting));
  if (does == effect::sync) return go_blind(match.spec->name(), at);
  drain_unanswered(at);
}

waiting_command conversation_state::make_waiting_command(const command_match& match, moment at) {
  waiting_command waiting;
  waiting.event_record = core_.new_event();
  event& command = *waiting.kept_event();
  command.connection = connection_;
  command.batch = batch_;
  command.sent = at;
  events_.make(request_, tail_, match, command);
  waiting.is_listed = match.spec != nullptr;
  waiting.does = waiting.is_listed ? match.spec->does() : effect::none;
  note_effect(waiting, match);
  waiting.reserved_bytes = cost_of(command);
  if (!core_.reserve_bytes(waiting.reserved_bytes)) {
    waiting.event_record.reset();
    waiting.reserved_bytes = 0;
  }
  return waiting;
}

std::string_view conversation_state::argument(const command_match& match,
                                              std::size_t i) const noexcept {
  const std::size_t at = match.words + i;
  return at < request_.arguments.size() ? request_[at] : std::string_view{};
}

void conversation_state::note_effect(waiting_command& waiting, const command_match& match) const {
  const std::size_t count = request_.argument_count - match.words;
  switch (waiting.does) {
    case effect::select: waiting.number = number_of(argument(match, 0), 0); break;
    case effect::hello:
      waiting.number = count > 0 ? number_of(argument(match, 0), 0) : 0;
      note_names(waiting, match);
      break;
    case effect::client_setname:
    case effect::client_setinfo: note_names(waiting, match); break;
    default: break;
  }
  if (is_subscribing(waiting.does)) waiting.replies = std::max<std::size_t>(count, 1);
  if (is_unsubscribing(waiting.does)) {
    waiting.replies = std::max<std::size_t>(count, 1);
    waiting.until_none = count == 0;
  }
}

void conversation_state::note_names(waiting_command& waiting, const command_match& match) const {
  name_change change;
  if (waiting.does == effect::client_setname) {
    change.name = std::string{argument(match, 0)};
  } else if (waiting.does == effect::client_setinfo) {
    const bool is_version = is_word(argument(match, 0), "LIB-VER");
    (is_version ? change.library_version : change.library) = std::string{argument(match, 1)};
  } else {
    std::size_t i = 1;
    while (!argument(match, i).empty() && !is_word(argument(match, i), "SETNAME")) {
      i += is_word(argument(match, i), "AUTH") ? 3U : 1U;
    }
    if (argument(match, i).empty()) return;
    change.name = std::string{argument(match, i + 1)};
  }
  waiting.names = std::make_unique<name_change>(std::move(change));
}

/// Returns whether the request gets a reply. Follows the server: SKIP applies to one command, OFF
/// applies until ON or RESET, and subscriptions are always confirmed.
bool conversation_state::note_reply_mode(const command_match& match) {
  const effect does = match.spec == nullptr ? effect::none : match.spec->does();
  const bool skipped = std::exchange(skips_next_, false);
  if (does == effect::client_reply && request_.argument_count == match.words + 1) {
    const std::string_view mode = argument(match, 0);
    if (is_word(mode, "ON")) {
      replies_off_ = false;
      return true;
    }
    if (is_word(mode, "OFF")) {
      replies_off_ = true;
      return false;
    }
    if (is_word(mode, "SKIP")) {
      skips_next_ = !replies_off_;
      return false;
    }
  }
  if (does == effect::reset) replies_off_ = false;
  if (is_subscribing(does) || is_unsubscribing(does)) return true;
  return !replies_off_ && !skipped;
}

}  // namespace drover::audit
