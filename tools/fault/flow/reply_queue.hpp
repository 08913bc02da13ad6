// SPDX-License-Identifier: MIT
// The requests whose replies have not been delivered yet, in order. Requests without faults take
// no memory of their own, so that a pipeline of any length is possible. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "fault/plan/decider.hpp"

namespace drover::faults {

/// A request with at least one fault.
struct faulted_request {
  request_decision decision;
  std::uint64_t request = 0;
  std::string command;
  std::string key;
  bool is_executed = true;
};

class reply_queue {
 public:
  void push_plain() { ++plain_at_end_; }
  void push(faulted_request request) {
    faulted_.push_back({std::exchange(plain_at_end_, 0), std::move(request)});
  }

  /// The faulted request whose reply is next. nullptr: the next reply is plain, or not awaited.
  [[nodiscard]] const faulted_request* next() const noexcept {
    return faulted_.empty() || faulted_.front().plain_before > 0 ? nullptr
                                                                 : &faulted_.front().request;
  }
  /// The next reply has been dealt with. Does nothing if none is awaited.
  void pop() {
    if (faulted_.empty()) {
      if (plain_at_end_ > 0) --plain_at_end_;
    } else if (faulted_.front().plain_before > 0) {
      --faulted_.front().plain_before;
    } else {
      faulted_.pop_front();
    }
  }
  [[nodiscard]] bool is_empty() const noexcept { return faulted_.empty() && plain_at_end_ == 0; }
  [[nodiscard]] std::size_t faulted_count() const noexcept { return faulted_.size(); }

 private:
  struct entry {
    std::uint64_t plain_before = 0;
    faulted_request request;
  };

  std::deque<entry> faulted_;
  std::uint64_t plain_at_end_ = 0;
};

}  // namespace drover::faults
