// SPDX-License-Identifier: MIT
// One Redis or Valkey server as the cache sees it: entries, leases, marks, wake-ups, the server's
// clock. Types go in and out; bytes, scripts and connections stay inside.
//
// Threads: every member from any thread. Completions and events run without a lock of ours, on
//          whichever thread reads or on the service thread; they must be short.
#pragma once

#include <drover/fault.hpp>
#include <drover/result.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "connection/channel.hpp"
#include "entry/keys.hpp"
#include "entry/server_clock.hpp"
#include "lease/commands.hpp"
#include "store/waker.hpp"

namespace drover::store {

using connection::now;
using connection::wait_limit;

template <class Reply>
using then = std::function<void(result<Reply>)>;

/// What the server says without being asked.
struct events {
  /// A connection is up. What is sent from within goes before everything that waited for it.
  std::function<void(const connection::greeting&)> up;
  std::function<void(const fault&)> down;
  std::function<void(std::string_view value_key)> changed;
  std::function<void()> everything_changed;
  std::function<void(wake_mode)> waking;
};

class redis_store {
 public:
  redis_store(connection::settings with, events to);

  struct looked_up {
    connection::outcome::how ended = connection::outcome::how::replied;
    result<std::optional<std::string>> entry =
        std::optional<std::string>{};  ///< meaningful when `replied` or `faulted`
  };
  /// The plain GET of the hit path. Blocks for one reply; asks again once if the connection was
  /// lost.
  [[nodiscard]] looked_up get(std::string_view value_key, const wait_limit& within);

  /// Blocks for one reply.
  [[nodiscard]] result<void> invalidate(std::span<const std::string> keys);
  /// Blocks for its replies: makes each of the values stale and removes each of the marks.
  [[nodiscard]] result<void> expire(std::span<const std::string> value_keys,
                                    std::span<const std::string> mark_keys,
                                    const entry::token_source& new_token);

  // Sent without waiting.
  void lease(lease::lease_request what, then<lease::lease_reply> done);
  void renew(std::string_view value_key, const entry::token& held, milliseconds lease_ttl,
             then<lease::step_reply> done);
  void promote(std::string_view value_key, const entry::token& base, const entry::token& held,
               milliseconds lease_ttl, milliseconds pending_ttl, then<lease::step_reply> done);
  void fill(const lease::fill_request& what, then<lease::fill_reply> done);
  void fail(const lease::failure_request& what);
  void release(std::string_view value_key, const entry::token& held, std::string_view wake_channel,
               then<lease::step_reply> done);
  void mark(std::string_view mark_key, std::string_view value_key, const entry::token& attempt,
            milliseconds lease_ttl, then<lease::mark_reply> done);
  void extend_mark(std::string_view mark_key, const entry::token& held, milliseconds ttl);
  void release_mark(std::string_view mark_key, const entry::token& held);
  void holders(std::span<const std::uint64_t> client_ids, then<std::vector<std::uint64_t>> done);
  /// UNLINK without waiting: for replays of invalidations.
  void invalidate_later(std::span<const std::string> keys, then<bool> acknowledged);

  /// The server's time as estimated now; this machine's own before the first sample.
  [[nodiscard]] server_time server_now() const noexcept;
  /// When the server's clock will show `at`, on ours.
  [[nodiscard]] steady_time steady_at(server_time at) const noexcept;

  [[nodiscard]] bool is_available() const noexcept { return channel_.is_available(); }
  [[nodiscard]] std::uint64_t client_id() const noexcept { return channel_.client_id(); }
  connection::channel& channel() noexcept { return channel_; }
  waker& wakes() noexcept { return waker_; }

 private:
  void on_up(const connection::greeting& hello);
  void on_push(const resp::message& push);
  void run_script(std::string request, unsigned replies, connection::completion done);
  void again_after_loading(std::string request, unsigned replies, connection::completion done);
  void step(std::string request, then<lease::step_reply> done);
  void take_sample(steady_time sent, server_time server) noexcept;

  events to_;
  std::atomic<std::int64_t> offset_us_;  ///< server time minus steady time
  std::atomic<std::int64_t> sampled_at_us_{INT64_MIN};
  mutable std::mutex clock_mutex_;
  entry::server_clock clock_;
  std::atomic<std::int64_t> scripts_loaded_at_us_{INT64_MIN};
  connection::channel channel_;
  waker waker_;
};

}  // namespace drover::store
