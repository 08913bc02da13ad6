// SPDX-License-Identifier: MIT
// The interface of the cache to one Redis or Valkey server: entries, leases, refresh marks,
// wake-ups and the server's clock. It takes and returns types; bytes, scripts and connections are
// hidden.
//
// Threads: every member from any thread. Completions and events run without a lock, on the thread
//          that reads or on the service thread. They must be short.
// Memory:  when it runs out, blocking requests return a fault. Requests that do not wait throw
//          std::bad_alloc if nothing was sent yet; then nothing has changed, and `done` is not
//          called. Otherwise `done` gets a fault.
#pragma once

#include <drover/fault.hpp>
#include <drover/result.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "connection/channel.hpp"
#include "entry/keys.hpp"
#include "lease/commands.hpp"
#include "store/fork_count.hpp"
#include "store/known_server.hpp"
#include "store/plain_protocol.hpp"
#include "store/refusals.hpp"
#include "store/waker.hpp"

namespace drover::store {

using connection::now;
using connection::wait_limit;

template <class Reply>
using then = std::function<void(result<Reply>)>;

[[nodiscard]] fault out_of_memory() noexcept;

template <class Reply>
void ignore(const result<Reply>& /*reply*/) {}

/// The events of the connection and the server.
struct events {
  /// A connection is up. Requests sent inside this handler precede those that waited for the
  /// connection.
  std::function<void(const connection::greeting&)> up;
  std::function<void(const fault&)> down;
  std::function<void(std::string_view value_key)> changed;
  std::function<void()> everything_changed;
  std::function<void(wake_mode)> waking;
  /// An attempt to connect has failed, or the server has refused this client a request.
  std::function<void(const fault&)> refused{};
  /// The living connection could not be authenticated again.
  std::function<void(const fault&)> login_failed{};
  /// The alarm of `channel::set_alarm` is due.
  std::function<void()> alarm{};
};

/// How a server comes to be asked about a key.
enum class addressee : std::uint8_t {
  server,  ///< it is the only server
  owner,   ///< the node of a cluster that owns the slot of the key
  /// The node to which the slot is on its way. ASKING precedes each command with a key.
  importer,
};

class redis_store {
  static constexpr unsigned mark_shift = 48;
  static constexpr std::uint64_t id_mask = (std::uint64_t{1} << mark_shift) - 1;

 public:
  /// `keeps_writes`: the server loses no write in a restart, so entries older than its start are
  /// trusted.
  redis_store(connection::settings with, events to, bool keeps_writes = false);
  ~redis_store();
  redis_store(const redis_store&) = delete;
  redis_store& operator=(const redis_store&) = delete;

  /// Ends all requests and events, also those without scripts, as `channel::close` does.
  void close() noexcept;
  /// See `channel::rest`.
  void rest() noexcept;
  /// See `channel::credentials_changed`.
  void credentials_changed() noexcept;

  struct looked_up {
    connection::exchange_end ended = connection::exchange_end::replied;
    /// Has a meaning only when `ended` is `replied` or `faulted`.
    result<std::optional<std::string>> entry = std::optional<std::string>{};
    /// The store that answered.
    const redis_store* by = nullptr;
  };
  /// The plain GET of the hit path. Blocks for one reply. Sends the request a second time if the
  /// connection was lost.
  [[nodiscard]] looked_up get(std::string_view value_key, const wait_limit& within,
                              addressee as = addressee::server);

  /// Blocks for its replies. It counts as acknowledged only when the echo that follows it has come
  /// back.
  [[nodiscard]] result<void> invalidate(std::span<const std::string> keys,
                                        addressee as = addressee::server);
  /// Makes each of the values stale and removes each of the marks. Blocks for its replies.
  [[nodiscard]] result<void> expire(std::span<const std::string> value_keys,
                                    std::span<const std::string> refresh_mark_keys,
                                    const entry::token_source& new_token,
                                    addressee as = addressee::server);

  /// Sends a PING with a text and blocks for the echo. False: the echo did not come, and earlier
  /// replies on this connection are not valid. A different reply closes the connection.
  [[nodiscard]] bool verify(const wait_limit& within = {});
  /// As `verify`, without waiting.
  void verify_later();

  // The following requests do not wait. A malformed reply causes `verify_later`. Requests that name
  // a granted token, such as fills and renewals, fault with `superseded` on another server.
  void look_up_later(std::string_view value_key, then<std::optional<std::string>> done,
                     addressee as = addressee::server);
  /// Replaces the holder's PENDING entry with the marker that says: load, and do not store.
  void mark_uncacheable(std::string_view value_key, const entry::token& held, milliseconds ttl,
                        std::string_view wake_channel, then<lease::step_reply> done,
                        addressee as = addressee::server);
  /// An importer does not track the key: ASKING and CLIENT CACHING YES cancel each other.
  void lease(lease::lease_request request, then<lease::lease_reply> done,
             addressee as = addressee::server);
  void renew(std::string_view value_key, const entry::token& held, milliseconds lease_ttl,
             then<lease::step_reply> done, addressee as = addressee::server);
  void promote(std::string_view value_key, const entry::token& base, const entry::token& held,
               milliseconds lease_ttl, milliseconds pending_ttl, then<lease::step_reply> done,
               addressee as = addressee::server);
  void fill(const lease::fill_request& request, then<lease::fill_reply> done,
            addressee as = addressee::server);
  void fail(const lease::failure_request& request, then<lease::step_reply> done,
            addressee as = addressee::server);
  void release(std::string_view value_key, const entry::token& held, std::string_view wake_channel,
               then<lease::step_reply> done, addressee as = addressee::server);
  void take_refresh_mark(std::string_view refresh_mark_key, std::string_view value_key,
                         const entry::token& attempt, milliseconds lease_ttl,
                         then<lease::refresh_mark_reply> done, addressee as = addressee::server);
  void extend_refresh_mark(std::string_view refresh_mark_key, const entry::token& held,
                           milliseconds ttl, then<lease::step_reply> done,
                           addressee as = addressee::server);
  void release_refresh_mark(std::string_view refresh_mark_key, const entry::token& held,
                            then<lease::step_reply> done, addressee as = addressee::server);
  /// Precondition: `is_client_id`.
  void holders(std::span<const std::uint64_t> client_ids, then<std::vector<std::uint64_t>> done);
  /// UNLINK without waiting, to repeat invalidations.
  void invalidate_later(std::span<const std::string> keys, then<bool> done,
                        addressee as = addressee::server);

  /// The estimated time of the server now; empty before the first sample.
  [[nodiscard]] std::optional<server_time> server_now() const noexcept {
    return known_.time_at(now());
  }
  /// The latest time that the server's clock can have shown at `at`; empty before the first sample.
  [[nodiscard]] std::optional<server_time> server_latest_at(steady_time at) const noexcept {
    return known_.latest_at(at);
  }
  /// The time on this process's clock at which the server's clock shows `at`. Precondition: the
  /// clock has a sample.
  [[nodiscard]] steady_time steady_at(server_time at) const noexcept {
    return known_.steady_at(at);
  }
  /// Which entries of this server may be treated as fresh.
  [[nodiscard]] entry::trust trusted() const noexcept { return known_.trusted(); }

  [[nodiscard]] bool is_available() const noexcept { return channel_.is_available(); }
  /// The id of this client, 0 while it is unknown. In a cluster its first 16 bits name the node, by
  /// its `run_id`, because the ids of two nodes may be equal.
  [[nodiscard]] std::uint64_t client_id() const noexcept;
  /// Whether this server, as it was last connected, has given the id.
  [[nodiscard]] bool is_client_id(std::uint64_t id) const noexcept;
  /// The requests that the current server refuses this client.
  [[nodiscard]] const refusals& refused() const noexcept { return refusals_; }
  /// Throws std::bad_alloc.
  [[nodiscard]] connection::reachability reached() const { return channel_.reached(); }
  connection::channel& channel() noexcept { return channel_; }
  waker& wakes() noexcept { return waker_; }

 private:
  void on_up(const connection::greeting& hello);
  void on_push(const resp::message& push);
  [[nodiscard]] connection::outcome exchange_again(std::string_view request,
                                                   std::span<resp::message> replies,
                                                   const wait_limit& within = {});
  template <class Reply, class Read>
  connection::completion completion_of(std::optional<request_kind> request, then<Reply> done,
                                       Read read);
  /// Appends the requests that remove the keys, and returns the number of their replies.
  [[nodiscard]] static unsigned write_unlinks(std::string& out, std::span<const std::string> keys,
                                              addressee as);
  /// Notes a refusal if `why` is one.
  void note_refusal(request_kind request, const fault& why) noexcept;
  void note_refused_scripts(std::span<const resp::message> loaded) noexcept;
  void run_script(std::string request, unsigned due, connection::completion done,
                  connection::posting behaviour);
  void step(std::string request, addressee as, then<lease::step_reply> done);
  [[nodiscard]] result<void> load_scripts();
  void load_scripts_once();

  // The same requests for a server that refuses scripts: redis_store_plain.cpp.
  template <class Reply>
  then<Reply> noted(request_kind request, then<Reply> done);
  /// Leases without a script when the server refuses the script.
  then<lease::lease_reply> without_scripts(const lease::lease_request& request, bool tracked,
                                           then<lease::lease_reply> done);
  void plain_lease(const lease::lease_request& request, bool tracked,
                   then<lease::lease_reply> done);
  void plain_fill(const lease::fill_request& request, then<lease::fill_reply> done);
  void plain_fail(const lease::failure_request& request, then<lease::step_reply> done);
  void plain_step(std::string_view key, const entry::token& held, std::string_view wake_channel,
                  plain_protocol::decider<lease::step_reply> decide, then<lease::step_reply> done);
  [[nodiscard]] result<void> plain_expire(std::span<const std::string> value_keys,
                                          std::span<const std::string> refresh_mark_keys,
                                          const entry::token_source& new_token);

  std::uint64_t new_nonce() noexcept;
  void distrust(const fault& why);
  void look_for_readonly(std::span<const resp::message> replies);
  [[nodiscard]] result<void> checked(const resp::message& echo, std::uint64_t nonce);
  [[nodiscard]] result<void> acknowledged(std::span<const resp::message> replies_and_echo,
                                          std::uint64_t nonce);
  void take_sample(steady_time sent, const result<server_time>& answered) noexcept;

  static constexpr std::uint64_t no_mark = 1;

  events to_;
  known_server known_;
  refusals refusals_;
  std::atomic<std::uint64_t> next_nonce_;
  std::atomic<bool> verifying_{false};
  std::atomic<std::int64_t> scripts_loaded_at_us_{INT64_MIN};
  /// What `client_id` adds to an id. `no_mark`: neither the node nor the client can be named.
  std::atomic<std::uint64_t> mark_{0};
  plain_protocol plain_;
  waker waker_;  // the channel is destroyed first: its last completions may still use the waker
  connection::channel channel_;
};

}  // namespace drover::store
