// SPDX-License-Identifier: MIT
// Notices holders of leases whose connection is gone: a client that is missing from two answers to
// CLIENT LIST, some time apart, while the entry still names it. Pure: the shell has the timer and
// the connection.
//
//   watch ... ; while `arm` gives a time: at that time `ask`; then `answered`, `unanswered` or
//   `refused`; and `arm` again.
//
// Threads: one at a time.
// Memory:  `watch`, `ask` and `answered` allocate. When one throws, `arm` again: it is tried later.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "entry/token.hpp"

namespace drover::fetch {

class holder_watch {
 public:
  using flight_id = std::uint64_t;
  using client_id = std::uint64_t;

  /// The flight waits for this holder, and for no other any more. Client 0 is unknown: there is
  /// nothing to watch.
  void watch(flight_id flight, client_id client, const entry::token& held);
  /// It waits no more.
  void unwatch(flight_id flight) noexcept;

  /// When to call `ask`; empty when it is to be called already, an answer is awaited, nobody waits,
  /// or this connection may not ask.
  [[nodiscard]] std::optional<steady_time> arm(steady_time now) noexcept;
  /// The clients to ask for, ascending. Empty: ask nothing, and `arm` when there is a new one.
  /// `self`, this process's own connection, is alive.
  [[nodiscard]] std::vector<client_id> ask(client_id self);
  /// Who is connected of those that were asked for, both ascending. Returns the flights whose
  /// holder is gone. They are still watched.
  [[nodiscard]] std::vector<flight_id> answered(std::span<const client_id> asked,
                                                std::span<const client_id> alive, steady_time now);
  /// The request was lost.
  void unanswered() noexcept;
  /// This connection may not ask: nothing is asked before the next one. True the first time.
  [[nodiscard]] bool refused() noexcept;
  /// There is another connection: `arm` again. What was missing on the former one may be connected
  /// to another server.
  void connection_up() noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return watched_.size(); }

 private:
  struct holder {
    client_id client;
    entry::token held;
    std::optional<steady_time> missing_since{};
  };

  std::unordered_map<flight_id, holder> watched_;
  bool is_under_way_ = false;  ///< from `arm` to the answer
  bool is_refused_ = false;
};

}  // namespace drover::fetch
