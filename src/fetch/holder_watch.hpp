// SPDX-License-Identifier: MIT
// Detects that the connection of a lease's holder is gone: the client is missing from two answers
// to CLIENT LIST, some time apart, while the entry still names it. Pure: the shell owns the timer
// and the connection.
//
// Use: `watch` the holders. While `arm` returns a time, call `ask` at that time, then `answered`,
// `unanswered` or `refused`, and `arm` again.
//
// Threads: one at a time.
// Memory:  `watch`, `ask` and `answered` allocate. When one of them throws, call `arm` to retry
//          later.
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

  /// The flight now waits for this holder only. Client 0 is unknown and is not watched.
  void watch(flight_id flight, client_id client, const entry::token& held);
  /// The flight no longer waits.
  void unwatch(flight_id flight) noexcept;

  /// When to call `ask`. Empty when `ask` is already planned, an answer is due, no flight waits, or
  /// this connection may not ask.
  [[nodiscard]] std::optional<steady_time> arm(steady_time now) noexcept;
  /// The clients to ask for, in ascending order. Empty: send no request, and call `arm` when a new
  /// holder is watched. `self` is the connection of this process and is never asked for.
  [[nodiscard]] std::vector<client_id> ask(client_id self);
  /// Takes the clients that were asked for and those of them that are connected, both in ascending
  /// order. Returns the flights whose holder is gone. They are still watched.
  [[nodiscard]] std::vector<flight_id> answered(std::span<const client_id> clients,
                                                std::span<const client_id> alive, steady_time now);
  /// The request was lost.
  void unanswered() noexcept;
  /// The server refused the request, so no request is sent on this connection. True the first time.
  [[nodiscard]] bool refused() noexcept;
  /// A new connection is up: call `arm` again. A client that was missing on the former connection
  /// may be connected to another server.
  void connection_up() noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return watched_.size(); }

 private:
  struct holder {
    client_id client;
    entry::token held;
    std::optional<steady_time> missing_since{};
  };

  std::unordered_map<flight_id, holder> watched_;
  bool is_under_way_ = false;  ///< true from `arm` until the answer
  bool is_refused_ = false;
};

}  // namespace drover::fetch
