// SPDX-License-Identifier: MIT
// Detects requests in a fixed rhythm: compares how many have a follower P +- 1 ms later with the
// number expected by chance. Pure arithmetic.
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
  /// The range of pauses that are examined. Shorter gaps are no pauses, and longer ones end most
  /// waits.
  static constexpr std::size_t shortest_ms = 5;
  static constexpr std::size_t longest_ms = 1000;
  /// The number of requests of one burst that are examined.
  static constexpr std::size_t burst_max = 256;

  /// Adds one burst. `burst` holds the times at which its requests were sent, ascending. Requests
  /// within one millisecond count once, because callers that start together are no rhythm.
  void add(std::span<const moment> burst);

  /// Adds the bursts of `other`.
  void merge(const retry_rhythm& other);

  struct rhythm {
    std::uint64_t pause_ms = 0;
    std::uint64_t followed = 0;  ///< requests with a follower after this pause
    std::uint64_t eligible = 0;  ///< requests that could have a follower
    double by_chance = 0;        ///< followers expected without a rhythm
  };
  /// The shortest pause that exceeds all limits; nullopt: there is none.
  [[nodiscard]] std::optional<rhythm> detect() const;
  [[nodiscard]] std::uint64_t requests() const { return requests_; }

 private:
  /// More than this share of the requests must have a follower.
  static constexpr double share_min = 0.5;
  /// Fewer requests prove nothing.
  static constexpr std::uint64_t eligible_min = 30;
  /// At least this share of all requests must be able to have a follower after the pause. Long
  /// pauses fit into few bursts.
  static constexpr double eligible_share_min = 0.3;
  /// A rhythm continues, so there must also be a follower at twice the pause. This is the number of
  /// requests needed to check it. (Callers that arrive one after the other also have followers, but
  /// not at twice the distance.)
  static constexpr std::uint64_t eligible_twice_min = 8;
  /// The least excess over chance, as a factor and in standard deviations.
  static constexpr double factor_min = 2.5;
  static constexpr double deviations_min = 6;

  [[nodiscard]] double share_of(std::size_t pause) const;
  [[nodiscard]] bool continues_at_twice(std::size_t pause) const;

  std::array<std::uint32_t, longest_ms + 1> followed_{};
  std::array<std::uint32_t, longest_ms + 1> eligible_{};
  std::uint64_t requests_ = 0;
};

}  // namespace drover::audit
