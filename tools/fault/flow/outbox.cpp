// SPDX-License-Identifier: MIT
#include "fault/flow/outbox.hpp"

#include <algorithm>
#include <utility>

namespace drover::faults {

void outbox::append(std::string_view bytes) {
  if (parts_.empty() || (is_last_special_ && !is_in_reply_)) {
    parts_.emplace_back();
    is_last_special_ = false;
  }
  parts_.back().bytes += bytes;
  size_ += bytes.size();
}

void outbox::begin_reply(const delivery& how) {
  parts_.push_back({how});
  is_in_reply_ = is_last_special_ = true;
}

/// The last part of an unfinished reply stays, even if it is empty: more bytes may come.
void outbox::drop_finished() {
  while (!parts_.empty() && parts_.front().left() == 0) {
    if (parts_.size() == 1 && is_in_reply_) return;
    parts_.pop_front();
    next_slice_at_ = microseconds{0};
  }
  if (parts_.empty()) is_last_special_ = false;
}

std::string outbox::take(microseconds now) {
  drop_finished();
  if (parts_.empty() || parts_.front().left() == 0) return {};
  part& first = parts_.front();
  if (now < first.how.not_before) return {};
  std::string bytes;
  if (first.how.slice_size > 0) {
    bytes = take_slice(first, now);
  } else {
    bytes = std::exchange(first.bytes, {});
  }
  size_ -= bytes.size();
  drop_finished();
  return bytes;
}

std::string outbox::take_slice(part& from, microseconds now) {
  if (now < next_slice_at_) return {};
  std::string slice = from.bytes.substr(from.taken, from.how.slice_size);
  from.taken += slice.size();
  if (from.left() == 0) {
    from.bytes.clear();
    from.taken = 0;
  }
  next_slice_at_ = now + from.how.slice_pause;
  return slice;
}

std::optional<microseconds> outbox::next_at() const {
  for (const part& candidate : parts_) {
    if (candidate.left() == 0) continue;
    const bool is_first = &candidate == &parts_.front();
    const bool is_sliced = is_first && candidate.how.slice_size > 0;
    return std::max(candidate.how.not_before, is_sliced ? next_slice_at_ : microseconds{0});
  }
  return std::nullopt;
}

}  // namespace drover::faults
