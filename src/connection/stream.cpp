// SPDX-License-Identifier: MIT
#include "connection/stream.hpp"

#include <algorithm>
#include <utility>

#include "resp/scanner.hpp"

namespace drover::connection {
namespace {

// The buffer size that is kept for the next batch. A larger buffer held one large value and is
// freed.
constexpr std::size_t kept_output_max = std::size_t{256} << 10U;

// The bytes that a reply may have in addition to its largest bulk.
constexpr std::size_t around_max = std::size_t{1} << 20U;
constexpr std::size_t skipped_bulk_max = std::size_t{512} << 20U;

resp::limits reader_limits(const stream_limits& within) {
  resp::limits out;
  out.bulk_max = within.reply_max;
  out.message_max = within.reply_max + around_max;
  out.skip_max = std::max(within.reply_max, skipped_bulk_max) + around_max;
  return out;
}

// A confirmation is the answer to SUBSCRIBE and similar commands, although it comes as a push.
bool is_confirmation(const resp::message& message) noexcept {
  const auto root = message.root();
  if (root.size() == 0 || !root[0].is_string()) return false;
  constexpr std::string_view end = "subscribe";
  const auto name = root[0].text();
  return name.size() >= end.size() && name.substr(name.size() - end.size()) == end;
}

std::size_t due_of(const slot& place) noexcept {
  return place.replies.empty() ? 1 : place.replies.size() - place.received;
}

}  // namespace

stream::stream(const stream_limits& within) : within_{within}, reader_{reader_limits(within)} {}

result<void> stream::append(std::string_view request, slot& place) {
  DROVER_ASSERT(place.at != slot::stage::due && place.at != slot::stage::ended);
  DROVER_ASSERT(!place.blocks || !place.replies.empty());
  if (unwritten() + request.size() > within_.queued_bytes_max) {
    return fault{fault_code::overloaded, "too many bytes wait to be written"};
  }
  place.received = 0;  // a slot may be reused
  place.too_long = false;
  const auto replies = due_of(place);
  if (due_ + replies > within_.slots_max) {
    return fault{fault_code::overloaded, "too many replies are due"};
  }
  output_.append(request);
  place.at = slot::stage::due;
  place.skip = std::exchange(skip_at_end_, 0);
  due_ += replies;
  ++(place.blocks ? blocking_ : posted_);
  queue_.push_back(place);
  return {};
}

void stream::take_output(std::string& empty) noexcept {
  DROVER_ASSERT(empty.empty());
  if (empty.capacity() > kept_output_max) std::string{}.swap(empty);
  output_.swap(empty);
  unreported_ += empty.size();
}

void stream::wrote(std::size_t bytes) noexcept {
  DROVER_ASSERT(bytes <= unreported_);
  unreported_ -= bytes;
}

bool stream::take_in(std::string_view bytes, arrivals& into) {
  while (!broken_ && !bytes.empty()) {
    const auto step = reader_.read(bytes, partial_);
    if (step.status == resp::reader::status::broken) {
      break_off(reader_.error());
      break;
    }
    bytes.remove_prefix(step.consumed);
    if (!reader_.is_push()) into.reply_bytes += step.consumed;
    if (step.status == resp::reader::status::complete) place_message(into);
    if (step.status == resp::reader::status::skipped) place_skipped(into);
  }
  return !broken_;
}

// The slot whose reply has just come. Null when the reply belongs to an abandoned request or to no
// request.
slot* stream::next_due() {
  slot* const head = queue_.front();
  if (due_ == 0) {
    break_off("a reply to no request");
    return nullptr;
  }
  --due_;
  auto& skip = head == nullptr ? skip_at_end_ : head->skip;
  if (skip == 0) return head;
  --skip;
  return nullptr;
}

void stream::place_message(arrivals& into) {
  if (partial_.root().kind() == resp::type::push) return take_push(into);
  slot* const head = next_due();
  if (head == nullptr) return partial_.clear();
  if (head->replies.empty()) {
    if (!partial_.root().is_error()) return break_off("a reply where a push was due");
    partial_.clear();
    head->received = 1;
    return end_head(into);
  }
  auto& reply = head->replies[head->received++];
  reply.clear();
  std::swap(reply, partial_);
  if (head->received == head->replies.size()) end_head(into);
}

void stream::place_skipped(arrivals& into) {
  slot* const head = next_due();
  if (head == nullptr) return;
  if (head->replies.empty()) return break_off("a reply where a push was due");
  head->replies[head->received++].clear();
  head->too_long = true;
  if (head->received == head->replies.size()) end_head(into);
}

void stream::take_push(arrivals& into) {
  slot* const head = queue_.front();
  const bool confirms =
      head != nullptr && head->skip == 0 && head->replies.empty() && is_confirmation(partial_);
  into.pushes.push_back({into.ended_count, std::exchange(partial_, {})});
  if (!confirms) return;
  --due_;
  end_head(into);
}

void stream::end_head(arrivals& into) {
  slot& head = *queue_.front();
  unlink(head);
  head.at = slot::stage::ended;
  into.ended.push_back(head);
  ++into.ended_count;
  into.has_posted = into.has_posted || !head.blocks;
}

void stream::unlink(slot& place) noexcept {
  queue_.remove(place);
  --(place.blocks ? blocking_ : posted_);
}

void stream::abandon(slot& place) noexcept {
  DROVER_ASSERT(place.at == slot::stage::due && !place.replies.empty());
  slot* const behind = place.next;
  (behind == nullptr ? skip_at_end_ : behind->skip) += place.skip + due_of(place);
  unlink(place);
  place.at = slot::stage::apart;
}

void stream::fail_all(slot_list& into) noexcept {
  while (slot* const head = queue_.front()) {
    unlink(*head);
    head->at = slot::stage::ended;
    into.push_back(*head);
  }
  due_ = 0;
  skip_at_end_ = 0;
  break_off("the connection has ended");
}

slot* stream::first_blocking() const noexcept {
  if (blocking_ == 0) return nullptr;
  slot* place = queue_.front();
  while (!place->blocks) place = place->next;
  return place;
}

void stream::break_off(std::string_view why) noexcept {
  if (broken_) return;
  broken_ = true;
  error_ = why;
}

}  // namespace drover::connection
