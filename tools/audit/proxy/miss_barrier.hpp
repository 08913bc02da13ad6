// SPDX-License-Identifier: MIT
// Lets those who miss a cold key at about the same time go on together, as they would under more
// load: the answer "nothing there" waits until as many have got it as read the key before, or until
// some time has passed. To each connection it is only a slow network.
//
// Held is only what a cache has loaded before, and only once for each time that it is cold: who
// looks again after taking a lock is not held. Pure; threads: one at a time.
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
    std::size_t together_max = 16;  ///< goes on when so many are there, however many read before
    std::size_t keys_max = 10'000;  ///< others are never held
  };
  explicit miss_barrier(bounds within) : within_{within} {}

  /// A reply has come from the server. Answers whether it is to be held.
  [[nodiscard]] bool holds(const event& one, moment now);
  /// It is over with this connection.
  void gone(std::uint64_t connection);

  /// A key whose barrier has opened.
  struct opening {
    std::string key;
    moment from{};
    moment to{};
    std::vector<std::uint64_t> connections;  ///< whose replies go on
  };
  [[nodiscard]] std::vector<opening> openings(moment now);
  /// When the next barrier opens at the latest.
  [[nodiscard]] std::optional<moment> next_opening() const;

 private:
  using identity = std::pair<std::uint32_t, std::string>;
  enum class phase : std::uint8_t {
    unknown,    ///< whether it is a cache's
    armed,      ///< there; the next miss is the first
    gathering,  ///< replies are held
    open,       ///< cold, and nothing is held any more
  };
  struct state {
    phase is = phase::unknown;
    bool was_missed = false;
    std::set<std::uint64_t> readers;  ///< since it came, at most `together_max`
    moment since{};
    bool complete = false;
    std::set<std::uint64_t> held;
  };

  void present(state& key);
  [[nodiscard]] bool missed(const identity& name, state& key, std::uint64_t connection, moment now);

  bounds within_;
  std::map<identity, state, std::less<>> keys_;
  std::set<identity> gathering_;
};

}  // namespace drover::audit
