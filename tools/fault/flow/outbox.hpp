// SPDX-License-Identifier: MIT
// Bytes on their way to a client or a server, in order, some of them not before a certain time or
// in slices. Pure: time is an argument.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "fault/plan/fault_spec.hpp"

namespace drover::faults {

/// How the bytes of one reply or request are delivered.
struct delivery {
  microseconds not_before{0};
  /// 0: not in slices.
  std::size_t slice_size = 0;
  microseconds slice_pause{0};
};

class outbox {
 public:
  /// Bytes are appended to the reply that was begun last, or to nothing in particular.
  void append(std::string_view bytes);
  void begin_reply(const delivery& how);
  void end_reply() { is_in_reply_ = false; }

  /// The bytes to write now, in one write. Empty: none. May be called again at once.
  [[nodiscard]] std::string take(microseconds now);
  /// When `take` has bytes again. nullopt: not before more are appended.
  [[nodiscard]] std::optional<microseconds> next_at() const;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool is_empty() const noexcept { return size_ == 0; }

 private:
  struct part {
    delivery how;
    std::string bytes{};
    std::size_t taken = 0;
    [[nodiscard]] std::size_t left() const noexcept { return bytes.size() - taken; }
  };

  void drop_finished();
  std::string take_slice(part& from, microseconds now);

  std::deque<part> parts_;
  std::size_t size_ = 0;
  /// Of the first part, if it is delivered in slices.
  microseconds next_slice_at_{0};
  /// The last part belongs to a reply that has not ended.
  bool is_in_reply_ = false;
  /// The last part has a delivery of its own.
  bool is_last_special_ = false;
};

}  // namespace drover::faults
