// SPDX-License-Identifier: MIT
// A flight with what the shell keeps round the machine: the futex word its callers wait on, the
// value in hand, its timer.
//
// Threads: `machine` and the members under "core's mutex" are guarded by it; `ended`,
//          `lead_offered` and `let_go_from` are read by waiters without it; the outcome is written
//          before `ended` is set and never after.
#pragma once

#include <drover/detail/engine.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/time.hpp"
#include "cache/cache_part.hpp"
#include "cache/wait_word.hpp"
#include "entry/freshness.hpp"
#include "fetch/flight.hpp"

namespace drover::detail {

/// A key under all its names.
struct key_names {
  key_names(const entry::key_space& in, std::string_view user_key)
      : key{user_key}, value_key{in.value_key(user_key)}, digest{in.digest(user_key)} {}

  std::string key;
  std::string value_key;
  std::uint64_t digest;
};

struct live_flight {
  live_flight(std::shared_ptr<cache_part> cache, key_names named, fetch::flight_settings with)
      : machine{std::move(with)}, of{std::move(cache)}, names{std::move(named)} {}

  fetch::flight machine;
  const std::shared_ptr<cache_part> of;
  const key_names names;

  wait_word word;
  std::atomic<bool> ended{false};
  std::atomic<bool> lead_offered{false};
  std::atomic<std::uint64_t> let_go_from{UINT64_MAX};

  std::atomic<std::size_t> waiters{0};  ///< grows under the core's mutex only

  // The core's mutex.
  bool in_background =
      false;  ///< a refresh, or a load handed to the pool: not ended by callers leaving
  bool free_turn = false;  ///< nested in a bypass load: takes no second turn
  bool solo = false;       ///< in no table: past flights_max, or the key is too long
  bool early = false;      ///< a refresh before the ttl was over
  bool holding_pushes = false;
  std::uint64_t listening_on =
      0;  ///< the connection on which its wake channel is listened to; 0: none
  std::optional<steady_time> timer_at;
  std::uint64_t timer = 0;
  std::uint64_t timer_turn = 0;  ///< counts timers: one that was replaced does nothing
  bool loader_runs = false;
  bool owes_turn = false;  ///< the flight ended before its loader: the turn is still taken
  std::optional<steady_time> poll_at;
  milliseconds poll_every{0};
  entry::token suspect{};  ///< a holder that one CLIENT LIST did not show
  std::uint64_t suspect_client = 0;
  steady_time suspected_at{};

  // The load's, and then the outcome.
  erased_value previous;
  std::stop_source stop;
  std::shared_ptr<std::atomic<bool>> lease_lost = std::make_shared<std::atomic<bool>>(false);
  steady_time load_began{};
  microseconds load_time{};
  erased_value value;
  std::exception_ptr failure;
  std::string failure_text;
  milliseconds pause{};
  std::string payload;
  bool absent = false;
  entry::lifetime times;
};

}  // namespace drover::detail
