// SPDX-License-Identifier: MIT
// What is known of the server at the other end of the connection: its clock, and which of its
// entries can be trusted. It is learned again on every connection: the next one may lead to another
// server.
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
  /// `keeps_writes`: it loses nothing in a restart, so entries older than its start are trusted.
  explicit known_server(bool keeps_writes) noexcept : keeps_writes_{keeps_writes} {}

  /// A connection is up since `now`.
  void greeted(const connection::greeting& hello, steady_time now) noexcept;
  /// A reading of its clock. Ignored when it was asked for before the connection came up, because
  /// it may be another server's; but not on the first connection.
  void add_sample(const entry::server_clock::sample& seen) noexcept;
  /// True when the caller should ask for TIME: for all callers until there is a sample, then for
  /// one caller every 30 s.
  [[nodiscard]] bool wants_sample(steady_time now) noexcept;

  /// An estimate of its time; empty before the first sample of this connection.
  [[nodiscard]] std::optional<server_time> time_at(steady_time now) const noexcept;
  /// When its clock will show `at`, in our time; by the last sample of any connection.
  [[nodiscard]] steady_time steady_at(server_time at) const noexcept;
  [[nodiscard]] entry::trust trusted() const noexcept;

 private:
  const bool keeps_writes_;
  std::mutex mutex_;
  entry::server_clock clock_;
  bool is_first_ = true;  ///< no connection was up before
  steady_time up_since_{steady_time::min()};
  std::atomic<std::int64_t> offset_us_{0};                    ///< its time minus ours
  std::atomic<std::int64_t> sampled_at_us_{unknown};          ///< when the clock was last asked for
  std::atomic<server_time> stored_from_{server_time::min()};  ///< max: nothing is fresh

  static constexpr std::int64_t unknown = INT64_MIN;
};

}  // namespace drover::store
