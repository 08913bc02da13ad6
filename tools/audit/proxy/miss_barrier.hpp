// SPDX-License-Identifier: MIT
// Lets clients that miss a key at about the same time continue at the same time, as they would
// under a higher load. The reply to a miss is delayed until as many clients have missed the key as
// had read it before, or until a time has passed. To a client this looks like a slow network.
//
// Replies are delayed only for keys that were loaded before, and only once for each time that the
// key is missing: a client that reads again after it took a lock is not delayed.
// Pure. Threads: one at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/capture/event.hpp"

namespace drover::audit {

class miss_barrier {
 public:
  struct bounds {
    moment hold_max = std::chrono::milliseconds{100};
    /// The barrier opens when this number of clients wait.
    std::size_t together_max = 16;
    /// Further keys are never delayed.
    std::size_t keys_max = 10'000;
  };
  explicit miss_barrier(bounds limits) : limits_{limits} {}

  /// To be called for each reply of the server. Returns whether it is to be delayed.
  [[nodiscard]] bool holds(const event& command, moment now);
  /// The connection was closed.
  void forget(std::uint64_t connection);

  /// A key whose barrier has opened.
  struct opening {
    std::string key;
    moment from{};
    moment to{};
    /// The replies on these connections are passed on.
    std::vector<std::uint64_t> connections;
  };
  [[nodiscard]] std::vector<opening> openings(moment now);
  /// When the next barrier opens at the latest.
  [[nodiscard]] std::optional<moment> next_opening() const;

 private:
  using identity = std::pair<std::uint32_t, std::string>;
  enum class phase : std::uint8_t {
    unknown,    ///< not known to be filled after a miss
    armed,      ///< present; the next miss starts the barrier
    gathering,  ///< missing; replies are held
    open,       ///< missing; replies are not held any more
  };
  struct state {
    phase current = phase::unknown;
    bool was_missed = false;
    /// The connections that have read the key since it was stored, at most `together_max`.
    std::set<std::uint64_t> readers;
    /// When the barrier started to hold replies.
    moment since{};
    /// The barrier opens at the next call of `openings`.
    bool complete = false;
    /// The connections whose replies are held.
    std::set<std::uint64_t> held;
  };

  void note_store(state& key);
  [[nodiscard]] bool holds_miss(const identity& name, state& key, std::uint64_t connection,
                                moment now);

  bounds limits_;
  std::map<identity, state, std::less<>> keys_;
  std::set<identity> gathering_;
};

}  // namespace drover::audit
