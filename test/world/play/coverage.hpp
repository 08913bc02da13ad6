// SPDX-License-Identifier: MIT
// What happened in schedules, counted: the evidence that the interesting overlaps were reached. A
// campaign that has not seen them proves nothing.
//
// Threads: a value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace drover::world {

enum class overlap : std::uint8_t {
  get_beside_invalidation,   ///< an invalidation was acknowledged while a get of the key ran
  load_beside_invalidation,  ///< ... while a load of the key ran
  fill_refused,
  lease_lost,
  lease_taken_over,
  joined_another_process,  ///< a get returned the load of another process
  stale_served,
  bypassed,
  call_ended_by_deadline,
  call_ended_by_stop,
  call_saturated,
  load_failed,
  load_timed_out,
  connection_lost,
  invalidation_unknown,  ///< not acknowledged
  killed_while_loading,
  paused_while_loading,
  destroyed_while_loading,    ///< a cache was destroyed while a load of it ran
  server_changed_under_load,  ///< a restart, a flush or an eviction while a load ran
  refresh,
};
inline constexpr std::size_t overlap_count = 20;

[[nodiscard]] constexpr std::string_view name_of(overlap counted) noexcept {
  constexpr std::array<std::string_view, overlap_count> names{"get beside an invalidation",
                                                              "load beside an invalidation",
                                                              "fill refused",
                                                              "lease lost",
                                                              "lease taken over",
                                                              "value of another process",
                                                              "stale value served",
                                                              "Redis bypassed",
                                                              "ended by a deadline",
                                                              "ended by a stop token",
                                                              "refused: saturated",
                                                              "load failed",
                                                              "load timed out",
                                                              "connection lost",
                                                              "invalidation unknown",
                                                              "killed while loading",
                                                              "paused while loading",
                                                              "destroyed while loading",
                                                              "server lost keys under a load",
                                                              "refresh"};
  return names[static_cast<std::size_t>(counted)];
}

class coverage {
 public:
  void add(overlap seen, std::uint64_t times = 1) noexcept {
    counts_[static_cast<std::size_t>(seen)] += times;
  }
  [[nodiscard]] std::uint64_t of(overlap seen) const noexcept {
    return counts_[static_cast<std::size_t>(seen)];
  }
  void add(const coverage& other) noexcept {
    for (std::size_t i = 0; i < overlap_count; ++i) counts_[i] += other.counts_[i];
  }

 private:
  std::array<std::uint64_t, overlap_count> counts_{};
};

}  // namespace drover::world
