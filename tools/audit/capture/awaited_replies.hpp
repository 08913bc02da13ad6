// SPDX-License-Identifier: MIT
// A queue of the commands of one connection that wait for their replies, oldest first. Pure.
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

/// The changes that a command makes to the name of its connection once it succeeds. A member that
/// the command does not change is nullopt.
struct name_change {
  std::optional<std::string> name;
  std::optional<std::string> library;
  std::optional<std::string> library_version;
};

/// A command that waits for its reply.
struct waiting_command {
  /// Holds an event. nullptr: the capture had no room to keep it.
  std::unique_ptr<record> event_record;
  /// Bytes that the event takes of the capture's `waiting_bytes_max`.
  std::size_t reserved_bytes = 0;
  effect does = effect::none;
  bool gets_reply = true;
  /// The name of the command is in the command table.
  bool is_listed = true;
  /// The database of SELECT, or the protocol version of HELLO.
  std::int64_t number = 0;
  /// The number of confirmations still to come.
  std::size_t replies = 1;
  /// UNSUBSCRIBE without arguments: the server confirms until no subscription is left.
  bool until_none = false;
  std::unique_ptr<name_change> names;

  /// nullptr: the event was not kept.
  [[nodiscard]] event* kept_event() const noexcept {
    return event_record ? std::get_if<event>(event_record.get()) : nullptr;
  }
};

/// A first-in, first-out queue that reuses its memory.
class awaited_replies {
 public:
  [[nodiscard]] bool empty() const noexcept { return head_ == all_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return all_.size() - head_; }
  [[nodiscard]] waiting_command& front() noexcept { return all_[head_]; }

  void push(waiting_command&& command) { all_.push_back(std::move(command)); }
  [[nodiscard]] waiting_command pop() {
    waiting_command command = std::move(all_[head_]);
    ++head_;
    if (head_ == all_.size()) {
      all_.clear();
      head_ = 0;
    } else if (head_ >= compact_at && head_ * 2 >= all_.size()) {
      all_.erase(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    return command;
  }

 private:
  static constexpr std::size_t compact_at = 64;
  std::vector<waiting_command> all_;
  std::size_t head_ = 0;
};

}  // namespace drover::audit
