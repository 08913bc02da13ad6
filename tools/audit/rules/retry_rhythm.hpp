// SPDX-License-Identifier: MIT
// Whether questions come in a fixed rhythm: how many have a follower P +- 1 ms later, against what
// chance would give. Pure arithmetic.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "audit/capture/event.hpp"

namespace drover::audit {

class retry_rhythm {
 public:
  /// Pauses that are looked at: shorter ones are no pause, longer ones end most waits.
  static constexpr std::size_t shortest_ms = 5;
  static constexpr std::size_t longest_ms = 1000;
  /// Questions of one burst that are looked at.
  static constexpr std::size_t burst_max = 256;

  /// The times at which one burst's questions were sent, ascending. Those of one millisecond count
  /// once: callers that began together are no rhythm.
  void add(std::span<const moment> burst);

  struct rhythm {
    std::uint64_t pause_ms = 0;
    std::uint64_t followed = 0;  ///< questions with a follower after this pause
    std::uint64_t asked = 0;     ///< questions that could have had one
    double by_chance = 0;        ///< how many would have had one, were there no rhythm
  };
  /// The shortest pause that stands out by all of the limits; nullopt: there is none.
  [[nodiscard]] std::optional<rhythm> found() const;
  [[nodiscard]] std::uint64_t questions() const { return questions_; }

 private:
  /// Of the questions more than this share must have a follower.
  static constexpr double share_min = 0.5;
  /// Fewer questions say nothing.
  static constexpr std::uint64_t asked_min = 30;
  /// And no smaller part of all: long pauses fit into few bursts.
  static constexpr double asked_share_min = 0.3;
  /// A rhythm goes on: the next but one follows as well, for those that could have one. (Callers
  /// that always come one behind the other have followers, too, but not at twice the distance.)
  static constexpr std::uint64_t asked_twice_min = 8;
  /// Over chance by this factor, and by so many standard deviations.
  static constexpr double factor_min = 2.5;
  static constexpr double deviations_min = 6;

  [[nodiscard]] double share_of(std::size_t pause) const;
  [[nodiscard]] bool goes_on(std::size_t pause) const;

  std::array<std::uint32_t, longest_ms + 1> followed_{};
  std::array<std::uint32_t, longest_ms + 1> asked_{};
  std::uint64_t questions_ = 0;
};

}  // namespace drover::audit
