// SPDX-License-Identifier: MIT
// Turns for loads while Redis is away: so many at once, the others in the order in which they
// asked.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/assert.hpp"

namespace drover::fetch {

/// `Ticket` names who asks; it is handed back when the turn comes.
template <class Ticket>
class load_limiter {
 public:
  explicit load_limiter(unsigned turns) : free_{turns} {}

  /// True: go ahead. False: queued; a later `give_back` hands the turn over.
  [[nodiscard]] bool ask(Ticket who) {
    if (free_ > 0) {
      --free_;
      return true;
    }
    waiting_.push_back(std::move(who));
    return false;
  }

  /// Gives a turn back. Returns who has it now, if anybody waited.
  [[nodiscard]] std::optional<Ticket> give_back() {
    if (waiting_.empty()) {
      ++free_;
      return std::nullopt;
    }
    Ticket next = std::move(waiting_.front());
    waiting_.pop_front();
    return next;
  }

  /// Takes a queued one out. False when it was not queued.
  bool leave(const Ticket& who) {
    for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
      if (*at == who) {
        waiting_.erase(at);
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] std::size_t queued() const noexcept { return waiting_.size(); }
  [[nodiscard]] unsigned free() const noexcept { return free_; }

 private:
  unsigned free_;
  std::deque<Ticket> waiting_;
};

}  // namespace drover::fetch
