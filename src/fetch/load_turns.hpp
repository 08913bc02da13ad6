// SPDX-License-Identifier: MIT
// Turns for loads while Redis is away. The number of turns is bounded. Further loads are queued in
// order, and the queue is bounded, too.
//
// Threads:   one at a time.
// Invariant: while a turn is free, the queue is empty.
// Memory:    only `ask` allocates. When that throws, nothing has changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "base/assert.hpp"

namespace drover::fetch {

/// `Ticket` identifies a load and is returned when its turn comes. It must support copy, comparison
/// and hashing, and a move that does not throw: a pointer, shared or not, or a number.
template <class Ticket>
class load_turns {
  static_assert(std::is_nothrow_move_constructible_v<Ticket>);

 public:
  load_turns(unsigned turns, std::size_t queue_max) noexcept
      : free_{turns}, queue_max_{queue_max} {}

  enum class turn_answer : std::uint8_t {
    granted,
    queued,  ///< a later `give_back` returns the ticket
    refused,
  };
  /// Precondition: this ticket is not queued.
  [[nodiscard]] turn_answer ask(Ticket ticket) {
    if (free_ > 0) {
      --free_;
      return turn_answer::granted;
    }
    if (line_.size() >= queue_max_) return turn_answer::refused;
    std::list<Ticket> last;
    last.push_back(std::move(ticket));
    const bool is_new = places_.try_emplace(last.front(), last.begin()).second;
    DROVER_ASSERT(is_new);
    line_.splice(line_.end(), last);
    return turn_answer::queued;
  }

  /// Removes a ticket from the queue: the load ends, or shares another load's turn. False when the
  /// ticket was not queued.
  bool leave(const Ticket& ticket) noexcept {
    const auto at = places_.find(ticket);
    if (at == places_.end()) return false;
    line_.erase(at->second);
    places_.erase(at);
    return true;
  }

  /// Gives a turn back. Returns the queued ticket that gets it, if any.
  [[nodiscard]] std::optional<Ticket> give_back() noexcept {
    if (line_.empty()) {
      ++free_;
      return std::nullopt;
    }
    places_.erase(places_.find(line_.front()));
    std::optional<Ticket> next{std::move(line_.front())};
    line_.pop_front();
    return next;
  }

  [[nodiscard]] std::size_t queued() const noexcept { return line_.size(); }
  [[nodiscard]] unsigned free() const noexcept { return free_; }

 private:
  unsigned free_;
  std::size_t queue_max_;
  std::list<Ticket> line_;
  std::unordered_map<Ticket, typename std::list<Ticket>::iterator> places_;
};

}  // namespace drover::fetch
