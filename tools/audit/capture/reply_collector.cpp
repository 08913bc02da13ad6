// SPDX-License-Identifier: MIT
#include "audit/capture/reply_collector.hpp"

#include <algorithm>
#include <limits>

#include "audit/capture/limits.hpp"

namespace drover::audit {
namespace {

// The collector keeps a bounded part of a reply, so that these limits may exceed the memory: they
// only refuse garbage.
constexpr resp::limits any_reply{.depth_max = 1024,
                                 .elements_max = std::size_t{1} << 48U,
                                 .bulk_max = std::size_t{1} << 40U,
                                 .line_max = std::size_t{64} << 10U,
                                 .message_max = std::size_t{1} << 48U};

/// Returns the text of a well-known status, otherwise "". Other statuses are not kept, because a
/// script may return any text as a status.
std::string_view known_status(std::string_view text) noexcept {
  constexpr auto known = std::to_array<std::string_view>(
      {"OK", "QUEUED", "PONG", "RESET", "string", "list", "set", "zset", "hash", "stream", "none",
       "vectorset", "CONTINUE", "FULLRESYNC", "BUSYKEY", "NOKEY"});
  const auto* const entry = std::find(known.begin(), known.end(), text);
  return entry == known.end() ? std::string_view{} : *entry;
}

/// Returns the first word of an error if it has the form that servers use, otherwise "".
std::string_view error_word(std::string_view text) noexcept {
  constexpr std::size_t word_max = 24;
  const std::string_view word = text.substr(0, text.find(' '));
  const auto may_stand = [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; };
  if (word.size() > word_max || !std::all_of(word.begin(), word.end(), may_stand)) return {};
  return word;
}

}  // namespace

void push_message::clear() {
  for (pushed_name& name : texts) {
    name.text.clear();
    name.content_digest = {};
  }
  count = 0;
  inner.clear();
}

reply_collector::reply_collector(const hash_key& key)
    : key_{key}, scanner_{any_reply}, bulk_{key} {}

reply_collector::step reply_collector::read(std::string_view input, const target& destination) {
  std::size_t used = 0;
  for (;;) {
    const resp::token token = scanner_.next(input.substr(used));
    used += token.consumed;
    if (token.kind == resp::token_kind::need_more) return {status::need_more, used};
    if (token.kind == resp::token_kind::broken) return {status::broken, used};
    if (!begun_) begin(token, destination);
    if (!is_in_attribute(token)) take(token, destination);
    if (token.ends_message) {
      begun_ = false;
      return {status::complete, used};
    }
  }
}

void reply_collector::begin(const resp::token& first, const target& destination) {
  // Skips an attribute in front of the reply.
  if (first.kind == resp::token_kind::aggregate && first.value_type == resp::type::attribute)
    return;
  if (in_attribute_ && first.depth > attribute_depth_) return;
  begun_ = true;
  denies_command_ = false;
  is_push_ = first.value_type == resp::type::push;
  is_push_or_message_ =
      is_push_ || (destination.may_be_message && first.value_type == resp::type::array);
  if (is_push_or_message_) push_.clear();
  reply& into =
      is_push_or_message_ || destination.into == nullptr ? message_reply_ : *destination.into;
  into.items.clear();
}

bool reply_collector::is_in_attribute(const resp::token& token) noexcept {
  if (in_attribute_ && token.depth > attribute_depth_) return true;
  in_attribute_ =
      token.kind == resp::token_kind::aggregate && token.value_type == resp::type::attribute;
  attribute_depth_ = token.depth;
  return in_attribute_;
}

void reply_collector::take(const resp::token& token, const target& destination) {
  switch (token.kind) {
    case resp::token_kind::bulk_chunk:
      bulk_.add(token.text);
      if (bulk_head_.size() < name_bytes_max) {
        bulk_head_ += token.text.substr(0, name_bytes_max - bulk_head_.size());
      }
      return;
    case resp::token_kind::bulk_end: return close_bulk(token);
    default: return open_item(token, destination);
  }
}

void reply_collector::open_item(const resp::token& token, const target& destination) {
  reply& root =
      is_push_or_message_ || destination.into == nullptr ? message_reply_ : *destination.into;
  open_ = {};
  open_name_ = nullptr;
  if (token.depth == 0) {
    index_ = std::numeric_limits<std::size_t>::max();
    open_[0] = &root;
  } else if (token.depth == 1) {
    ++index_;
    if (root.items.size() < reply::items_max) open_[0] = &root.items.emplace_back();
    if (!is_push_or_message_ && index_ < destination.elements.size() &&
        destination.elements[index_] != nullptr) {
      destination.elements[index_]->items.clear();
      open_[1] = destination.elements[index_];
    }
    if (is_push_or_message_ && index_ < push_.texts.size()) open_name_ = &push_.texts[index_];
  } else if (token.depth == 2) {
    if (is_push_or_message_) {
      if (push_.inner.size() < reply::items_max) open_name_ = &push_.inner.emplace_back();
    } else if (index_ < destination.elements.size() && destination.elements[index_] != nullptr) {
      reply& answer = *destination.elements[index_];
      if (answer.items.size() < reply::items_max) open_[0] = &answer.items.emplace_back();
    }
  }
  if (token.kind == resp::token_kind::bulk_begin) {
    bulk_head_.clear();
    return;
  }
  if (open_[0] == nullptr && open_[1] == nullptr && open_name_ == nullptr) return;
  reply_item item;
  fill(item, token);
  if (token.depth == 0) {
    denies_command_ =
        item.kind == reply_kind::error && token.text.starts_with("ERR unknown command");
  }
  if (open_name_ != nullptr && item.kind == reply_kind::integer && index_ == 2) {
    push_.count = item.integer;
  }
  if (open_name_ != nullptr && !resp::is_aggregate(token.value_type)) {
    open_name_->content_digest = item.content_digest;
    keep_name(token.text);
  }
  if (open_[1] != nullptr) static_cast<reply_item&>(*open_[1]) = item;
  if (open_[0] != nullptr) *open_[0] = std::move(item);
}

void reply_collector::fill(reply_item& item, const resp::token& token) {
  using kind = reply_kind;
  if (token.kind == resp::token_kind::aggregate) {
    item.kind = kind::aggregate;
    item.integer = token.integer;
    return;
  }
  switch (token.value_type) {
    case resp::type::null: item.kind = kind::null; return;
    case resp::type::integer:
    case resp::type::boolean:
      item.kind = kind::integer;
      item.integer = token.integer;
      return;
    case resp::type::simple_string:
      item.kind = kind::status;
      item.word = known_status(token.text);
      if (is_push_or_message_) item.content_digest = digest_of(key_, token.text);
      return;
    case resp::type::simple_error:
    case resp::type::bulk_error:
      item.kind = kind::error;
      item.word = error_word(token.text);
      return;
    default:
      item.kind = kind::text;
      item.content_digest = digest_of(key_, token.text);
      return;
  }
}

void reply_collector::keep_name(std::string_view text) {
  open_name_->text = text.substr(0, name_bytes_max);
}

void reply_collector::close_bulk(const resp::token& token) {
  reply_item item;
  const digest bulk_digest = bulk_.take();
  if (token.value_type == resp::type::bulk_error) {
    item.kind = reply_kind::error;
    item.word = error_word(bulk_head_);
    denies_command_ = token.depth == 0 && bulk_head_.starts_with("ERR unknown command");
  } else {
    item.kind = reply_kind::text;
    item.content_digest = bulk_digest;
  }
  if (open_name_ != nullptr) {
    open_name_->content_digest = bulk_digest;
    keep_name(bulk_head_);
  }
  if (open_[1] != nullptr) static_cast<reply_item&>(*open_[1]) = item;
  if (open_[0] != nullptr) *open_[0] = std::move(item);
}

}  // namespace drover::audit
