// SPDX-License-Identifier: MIT
// The commands of one connection that wait for their replies, the oldest first. Pure.
// Threads: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/capture/command_table.hpp"
#include "audit/capture/record.hpp"

namespace drover::audit {

/// What a command sets of its connection's name, once it is answered; what it leaves is empty.
struct name_change {
  std::optional<std::string> name;
  std::optional<std::string> library;
  std::optional<std::string> library_version;
};

struct awaited {
  std::unique_ptr<record> of;  ///< an event; none: there was no room to keep it
  std::size_t room = 0;        ///< it takes of the capture's
  effect does = effect::none;
  bool gets_reply = true;
  bool is_listed = true;    ///< its name is in the command table
  std::int64_t number = 0;  ///< SELECT's database, HELLO's version of the protocol
  std::size_t replies = 1;  ///< confirmations that are still to come
  bool until_none = false;  ///< UNSUBSCRIBE of all: until none is left
  std::unique_ptr<name_change> names;

  [[nodiscard]] event* get() const noexcept { return of ? std::get_if<event>(of.get()) : nullptr; }
};

/// A queue that keeps its memory.
class awaited_replies {
 public:
  [[nodiscard]] bool empty() const noexcept { return head_ == all_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return all_.size() - head_; }
  [[nodiscard]] awaited& front() noexcept { return all_[head_]; }

  void push(awaited&& one) { all_.push_back(std::move(one)); }
  [[nodiscard]] awaited pop() {
    awaited one = std::move(all_[head_]);
    ++head_;
    if (head_ == all_.size()) {
      all_.clear();
      head_ = 0;
    } else if (head_ >= compact_at && head_ * 2 >= all_.size()) {
      all_.erase(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    return one;
  }

 private:
  static constexpr std::size_t compact_at = 64;
  std::vector<awaited> all_;
  std::size_t head_ = 0;
};

}  // namespace drover::audit
