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

void pushed::clear() {
  for (pushed_name& each : texts) {
    each.text.clear();
    each.of = {};
  }
  count = 0;
  inner.clear();
}

reply_collector::reply_collector(const hash_key& key)
    : key_{key}, scanner_{any_reply}, bulk_{key} {}

reply_collector::step reply_collector::read(std::string_view input, const target& where) {
  std::size_t used = 0;
  for (;;) {
    const resp::token got = scanner_.next(input.substr(used));
    used += got.consumed;
    if (got.kind == resp::token_kind::need_more) return {status::need_more, used};
    if (got.kind == resp::token_kind::broken) return {status::broken, used};
    if (!begun_) begin(got, where);
    if (!is_in_attribute(got)) take(got, where);
    if (got.ends_message) {
      begun_ = false;
      return {status::complete, used};
    }
  }
}

void reply_collector::begin(const resp::token& first, const target& where) {
  // Skips an attribute in front of the reply.
  if (first.kind == resp::token_kind::aggregate && first.value_type == resp::type::attribute)
    return;
  if (in_attribute_ && first.depth > attribute_depth_) return;
  begun_ = true;
  denies_command_ = false;
  is_push_ = first.value_type == resp::type::push;
  is_own_ = is_push_ || (where.may_be_message && first.value_type == resp::type::array);
  if (is_own_) told_.clear();
  reply& into = is_own_ || where.into == nullptr ? own_ : *where.into;
  into.items.clear();
}

bool reply_collector::is_in_attribute(const resp::token& got) noexcept {
  if (in_attribute_ && got.depth > attribute_depth_) return true;
  in_attribute_ =
      got.kind == resp::token_kind::aggregate && got.value_type == resp::type::attribute;
  attribute_depth_ = got.depth;
  return in_attribute_;
}

void reply_collector::take(const resp::token& got, const target& where) {
  switch (got.kind) {
    case resp::token_kind::bulk_chunk:
      bulk_.add(got.text);
      if (bulk_head_.size() < name_bytes_max) {
        bulk_head_ += got.text.substr(0, name_bytes_max - bulk_head_.size());
      }
      return;
    case resp::token_kind::bulk_end: return close_bulk(got);
    default: return open_item(got, where);
  }
}

void reply_collector::open_item(const resp::token& got, const target& where) {
  reply& root = is_own_ || where.into == nullptr ? own_ : *where.into;
  open_ = {};
  open_name_ = nullptr;
  if (got.depth == 0) {
    index_ = std::numeric_limits<std::size_t>::max();
    open_[0] = &root;
  } else if (got.depth == 1) {
    ++index_;
    if (root.items.size() < reply::items_max) open_[0] = &root.items.emplace_back();
    if (!is_own_ && index_ < where.each.size() && where.each[index_] != nullptr) {
      where.each[index_]->items.clear();
      open_[1] = where.each[index_];
    }
    if (is_own_ && index_ < told_.texts.size()) open_name_ = &told_.texts[index_];
  } else if (got.depth == 2) {
    if (is_own_) {
      if (told_.inner.size() < reply::items_max) open_name_ = &told_.inner.emplace_back();
    } else if (index_ < where.each.size() && where.each[index_] != nullptr) {
      reply& answer = *where.each[index_];
      if (answer.items.size() < reply::items_max) open_[0] = &answer.items.emplace_back();
    }
  }
  if (got.kind == resp::token_kind::bulk_begin) {
    bulk_head_.clear();
    return;
  }
  if (open_[0] == nullptr && open_[1] == nullptr && open_name_ == nullptr) return;
  reply_item item;
  fill(item, got);
  if (got.depth == 0) {
    denies_command_ = item.kind == reply_kind::error && got.text.starts_with("ERR unknown command");
  }
  if (open_name_ != nullptr && item.kind == reply_kind::integer && index_ == 2) {
    told_.count = item.integer;
  }
  if (open_name_ != nullptr && !resp::is_aggregate(got.value_type)) {
    open_name_->of = item.of;
    keep_name(got.text);
  }
  if (open_[1] != nullptr) static_cast<reply_item&>(*open_[1]) = item;
  if (open_[0] != nullptr) *open_[0] = std::move(item);
}

void reply_collector::fill(reply_item& item, const resp::token& got) {
  using kind = reply_kind;
  if (got.kind == resp::token_kind::aggregate) {
    item.kind = kind::aggregate;
    item.integer = got.integer;
    return;
  }
  switch (got.value_type) {
    case resp::type::null: item.kind = kind::null; return;
    case resp::type::integer:
    case resp::type::boolean:
      item.kind = kind::integer;
      item.integer = got.integer;
      return;
    case resp::type::simple_string:
      item.kind = kind::status;
      item.word = known_status(got.text);
      if (is_own_) item.of = digest_of(key_, got.text);
      return;
    case resp::type::simple_error:
    case resp::type::bulk_error:
      item.kind = kind::error;
      item.word = error_word(got.text);
      return;
    default:
      item.kind = kind::text;
      item.of = digest_of(key_, got.text);
      return;
  }
}

void reply_collector::keep_name(std::string_view text) {
  open_name_->text = text.substr(0, name_bytes_max);
}

void reply_collector::close_bulk(const resp::token& got) {
  reply_item item;
  const digest whole = bulk_.take();
  if (got.value_type == resp::type::bulk_error) {
    item.kind = reply_kind::error;
    item.word = error_word(bulk_head_);
    denies_command_ = got.depth == 0 && bulk_head_.starts_with("ERR unknown command");
  } else {
    item.kind = reply_kind::text;
    item.of = whole;
  }
  if (open_name_ != nullptr) {
    open_name_->of = whole;
    keep_name(bulk_head_);
  }
  if (open_[1] != nullptr) static_cast<reply_item&>(*open_[1]) = item;
  if (open_[0] != nullptr) *open_[0] = std::move(item);
}

}  // namespace drover::audit
