// SPDX-License-Identifier: MIT
#include "resp/reader.hpp"

#include <algorithm>

namespace drover::resp {
namespace {

// An announced length is not trusted until its bytes have come: at most this many bytes are
// reserved for it.
constexpr std::int64_t reserve_max = std::int64_t{64} << 10U;

}  // namespace

reader::step reader::read(std::string_view input, message& into) {
  std::size_t used = 0;
  for (;;) {
    const token got = scanner_.next(input.substr(used));
    used += got.consumed;
    if (got.kind == token_kind::need_more) return {status::need_more, used};
    if (got.kind == token_kind::broken) return {status::broken, used};
    if (scanner_.is_too_large()) {
      forget(into);
      if (got.ends_message) return {status::skipped, used};
      continue;
    }
    if (!drops(got)) keep(got, into);
    if (got.ends_message) {
      close(into, 0);
      return {status::complete, used};
    }
  }
}

bool reader::drops(const token& got) noexcept {
  if (dropping_ && got.depth > dropping_depth_) return true;
  dropping_ = got.kind == token_kind::aggregate && got.value_type == type::attribute;
  dropping_depth_ = got.depth;
  return dropping_;
}

void reader::keep(const token& got, message& into) {
  switch (got.kind) {
    case token_kind::bulk_chunk:
      into.text.append(got.text);
      into.nodes.back().length += got.text.size();
      return;
    case token_kind::bulk_end: return;
    default: break;
  }
  close(into, got.depth);
  node& added = into.nodes.emplace_back();
  added.kind = got.value_type;
  added.depth = got.depth;
  added.offset = into.text.size();
  switch (got.kind) {
    case token_kind::aggregate:
      added.integer = got.integer;
      open_.push_back(into.nodes.size() - 1);
      break;
    case token_kind::bulk_begin: {
      const auto set_aside = static_cast<std::size_t>(std::min(got.integer, reserve_max));
      into.text.reserve(into.text.size() + set_aside);
      break;
    }
    default:
      added.integer = got.integer;
      added.length = got.text.size();
      into.text.append(got.text);
      break;
  }
}

void reader::close(message& into, std::size_t depth) noexcept {
  while (open_.size() > depth) {
    into.nodes[open_.back()].subtree = into.nodes.size() - open_.back();
    open_.pop_back();
  }
}

void reader::forget(message& into) noexcept {
  if (!into.empty()) into = message{};
  open_.clear();
  dropping_ = false;
}

}  // namespace drover::resp
