// SPDX-License-Identifier: MIT
// The knowledge about the connected server: its clock, and which of its entries can be trusted.
// Each connection starts anew, because it may lead to another server.
//
// Threads: every member from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/time.hpp"
#include "connection/channel.hpp"
#include "entry/freshness.hpp"
#include "entry/server_clock.hpp"

namespace drover::store {

class known_server {
 public:
  /// `keeps_writes`: the server loses no write in a restart, so entries older than its start are
  /// trusted.
  explicit known_server(bool keeps_writes) noexcept : keeps_writes_{keeps_writes} {}

  /// Call it when a connection comes up, at `now`.
  void greeted(const connection::greeting& hello, steady_time now) noexcept;
  /// Adds a reading of the server's clock. A reading that was requested before the connection came
  /// up is ignored, because it may be another server's. This does not apply to the first
  /// connection.
  void add_sample(const entry::server_clock::sample& reading) noexcept;
  /// True when the caller should send TIME: for all callers before the first sample, then for one
  /// caller every 30 s.
  [[nodiscard]] bool wants_sample(steady_time now) noexcept;

  /// The estimated time of the server; empty before the first sample of this connection.
  [[nodiscard]] std::optional<server_time> time_at(steady_time now) const noexcept;
  /// The latest time that the server's clock can have shown at `at`: the estimate, and half of the
  /// round trip that it rests on. Empty before the first sample of this connection.
  [[nodiscard]] std::optional<server_time> latest_at(steady_time at) const noexcept;
  /// The time on this process's clock at which the server's clock shows `at`, by the last sample of
  /// any connection.
  [[nodiscard]] steady_time steady_at(server_time at) const noexcept;
  [[nodiscard]] entry::trust trusted() const noexcept;

 private:
  const bool keeps_writes_;
  std::mutex mutex_;
  entry::server_clock clock_;
  bool is_first_ = true;  ///< true until the first connection is up
  steady_time up_since_{steady_time::min()};
  std::atomic<std::int64_t> offset_us_{0};      ///< the server's time minus this process's time
  std::atomic<std::int64_t> most_ahead_us_{0};  ///< see `server_clock::most_ahead`
  std::atomic<std::int64_t> sampled_at_us_{unknown};  ///< when the clock was last requested
  /// See `entry::trust`; max: nothing is fresh.
  std::atomic<server_time> stored_from_{server_time::min()};

  static constexpr std::int64_t unknown = INT64_MIN;
};

}  // namespace drover::store
