// SPDX-License-Identifier: MIT
// The servers of one client, as the cache uses them: each request names a key and goes to the
// server of that key. All keys of one request belong to one key of the user, so they share a
// server.
//
// Threads: every member from any thread. Completions and events run as those of `redis_store`.
// Memory:  as for `redis_store`.
#pragma once

#include <drover/fault.hpp>
#include <drover/result.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "store/redis_store.hpp"

namespace drover::store {

/// The events of the servers; `on` is the server that they happened at.
struct server_events {
  std::function<void(const redis_store& on, const connection::greeting&)> up;
  std::function<void(const redis_store& on, const fault&)> down;
  std::function<void(std::string_view value_key)> changed;
  std::function<void(const redis_store& on)> everything_changed;
  std::function<void(const redis_store& on, wake_mode)> waking;
  std::function<void(const redis_store& on, const fault&)> refused;
  std::function<void()> alarm;
};

/// A reply of LEASE and the server that sent it.
struct leased {
  lease::lease_reply reply;
  const redis_store* by = nullptr;
  bool is_tracked = true;  ///< false: no push will say that the key has changed
};

/// A stored entry and the server that has it.
struct found {
  std::optional<std::string> entry;
  const redis_store* by = nullptr;
};

class servers {
 public:
  /// `keeps_writes`: see `redis_store`.
  servers(connection::settings with, server_events to, bool keeps_writes);
  servers(const servers&) = delete;
  servers& operator=(const servers&) = delete;

  /// Ends all requests and events. No call may be in progress. Afterwards requests fault.
  void close() noexcept;

  /// The server of a key. It lives as long as this object.
  [[nodiscard]] redis_store& at(std::string_view /*key*/) noexcept { return *home_; }
  /// Whether this server has the key.
  [[nodiscard]] bool is_at(std::string_view key, const redis_store& on) noexcept {
    return &at(key) == &on;
  }
  /// The server whose service thread runs the timers and the alarm.
  [[nodiscard]] redis_store& home() noexcept { return *home_; }
  /// As `redis_store::verify`.
  [[nodiscard]] bool verify(const redis_store& on, const wait_limit& within) noexcept;
  [[nodiscard]] bool is_available(std::string_view key) noexcept { return at(key).is_available(); }

  /// A key that the server `on` has, made by `key_of` from an id that begins with `id` and consists
  /// of letters, digits and '-'.
  [[nodiscard]] std::string key_at(const redis_store& on, const std::string& id,
                                   const std::function<std::string(const std::string& id)>& key_of);

  // The requests of `redis_store`, for the server of their key.
  [[nodiscard]] redis_store::looked_up get(std::string_view value_key, const wait_limit& within);
  [[nodiscard]] result<void> invalidate(std::span<const std::string> keys);
  [[nodiscard]] result<void> expire(std::span<const std::string> value_keys,
                                    std::span<const std::string> refresh_mark_keys,
                                    const entry::token_source& new_token);
  void look_up_later(std::string_view value_key, then<found> done);
  void mark_uncacheable(std::string_view value_key, const entry::token& held, milliseconds ttl,
                        std::string_view wake_channel, then<lease::step_reply> done);
  void lease(const lease::lease_request& request, then<leased> done);
  void renew(std::string_view value_key, const entry::token& held, milliseconds lease_ttl,
             then<lease::step_reply> done);
  void promote(std::string_view value_key, const entry::token& base, const entry::token& held,
               milliseconds lease_ttl, milliseconds pending_ttl, then<lease::step_reply> done);
  /// Describes a fill for the server that gets it. The views are valid as long as the function.
  using fill_for = std::function<lease::fill_request(const redis_store& on)>;
  void fill(std::string_view value_key, fill_for describe, then<lease::fill_reply> done);
  void fail(const lease::failure_request& request);
  void release(std::string_view value_key, const entry::token& held, std::string_view wake_channel,
               then<lease::step_reply> done);
  void take_refresh_mark(std::string_view refresh_mark_key, std::string_view value_key,
                         const entry::token& attempt, milliseconds lease_ttl,
                         then<lease::refresh_mark_reply> done);
  void extend_refresh_mark(std::string_view refresh_mark_key, const entry::token& held,
                           milliseconds ttl);
  void release_refresh_mark(std::string_view refresh_mark_key, const entry::token& held);
  void invalidate_later(std::span<const std::string> keys, then<bool> done);

  /// Which of the clients are connected, see `redis_store::holders`. The own clients are not asked
  /// for; they count as connected.
  void holders(std::span<const std::uint64_t> client_ids, then<std::vector<std::uint64_t>> done);

 private:
  /// Sends a request to a server. It is called again if the request belongs to another server.
  template <class Reply>
  using sender = std::function<void(redis_store& on, addressee as, then<Reply> done)>;

  template <class Reply>
  void route(std::string_view key, const sender<Reply>& send, then<Reply> done);
  [[nodiscard]] events events_of();

  server_events to_;
  std::unique_ptr<redis_store> home_;
};

}  // namespace drover::store
