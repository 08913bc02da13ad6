// SPDX-License-Identifier: MIT
// The place of one request in the queue of replies that are due. Intrusive: the slot of a blocking
// caller is on its stack, so a hit allocates no slot.
//
// Invariants: a slot is in at most one list; the code that takes it out says where it goes.
// Threads:    one at a time; the owner of the lists has the lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/assert.hpp"
#include "resp/message.hpp"

namespace drover::connection {

struct slot {
  enum class stage : std::uint8_t {
    apart,   ///< in no queue
    parked,  ///< waits for a connection
    due,     ///< sent or about to be sent; replies are due
    ended,   ///< removed, with all its replies or a fault; its owner will be notified
  };

  slot() = default;
  slot(const slot&) = delete;
  slot& operator=(const slot&) = delete;

  std::span<resp::message> replies;  ///< empty: the answer is one push (SUBSCRIBE) or an error
  bool blocks = false;               ///< a caller waits for the replies
  bool too_long = false;             ///< one of its replies was too long, and is empty
  stage at = stage::apart;
  std::size_t received = 0;
  /// Replies to abandoned requests that come before the first reply of this request.
  std::size_t skip = 0;
  slot* next = nullptr;
  slot* previous = nullptr;

 protected:
  ~slot() = default;
};

/// A list of slots that it does not own.
class slot_list {
 public:
  slot_list() = default;
  slot_list(const slot_list&) = delete;
  slot_list& operator=(const slot_list&) = delete;

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] slot* front() const noexcept { return first_; }

  void push_back(slot& item) noexcept {
    DROVER_ASSERT(item.next == nullptr && item.previous == nullptr && first_ != &item);
    item.previous = last_;
    (last_ == nullptr ? first_ : last_->next) = &item;
    last_ = &item;
  }

  void remove(slot& item) noexcept {
    (item.previous == nullptr ? first_ : item.previous->next) = item.next;
    (item.next == nullptr ? last_ : item.next->previous) = item.previous;
    item.next = nullptr;
    item.previous = nullptr;
  }

  slot* pop_front() noexcept {
    slot* const item = first_;
    if (item != nullptr) remove(*item);
    return item;
  }

 private:
  slot* first_ = nullptr;
  slot* last_ = nullptr;
};

}  // namespace drover::connection
