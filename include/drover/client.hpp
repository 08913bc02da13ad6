// SPDX-License-Identifier: MIT
#pragma once

#include <drover/observer.hpp>
#include <drover/policy.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace drover {

/// How to reach one Redis or Valkey server (6 or newer, RESP3), and the bounds of what a process
/// holds. Every bound has a default that a service need not change.
struct client_options {
  /// redis://[user[:password]@]host[:port][/db] or unix:///path[?db=n]. TLS (rediss://), Sentinel
  /// and servers in cluster mode are not supported yet and are refused with a message.
  std::string url = "redis://127.0.0.1:6379";
  std::string user{};      ///< used when the URL names none
  std::string password{};  ///< used when the URL names none; never shown in a text of ours

  /// Nobody waits longer for a connection; with the breaker open nobody waits at all. A local
  /// network's connect takes a millisecond; half a second covers a lost packet.
  duration connect_max{500};
  /// Replies are due and no byte has come for so long: the connection is closed. It counts silence,
  /// not a command's age, so that a long queue is no fault.
  duration silence_max{500};

  std::size_t waiters_max = 100'000;  ///< callers waiting for loads; beyond: `refused{saturated}`
  std::size_t flights_max =
      10'000;                       ///< keys being loaded or waited for; beyond: loads bypass Redis
  unsigned background_threads = 4;  ///< refreshes at once
  std::size_t background_queue_max =
      1000;  ///< refreshes waiting for a thread; beyond: dropped, counted
  std::size_t reply_max = std::size_t{64} << 20U;  ///< bytes of one reply
  std::size_t key_max = std::size_t{64} << 10U;    ///< longer keys are loaded and never stored
  std::size_t value_max = std::size_t{8} << 20U;   ///< longer values are returned and never stored
  std::size_t invalidations_max = 10'000;          ///< remembered for replay after a reconnect

  /// The reading caller polls the socket a little before it sleeps, while that pays.
  bool spin = true;

  std::shared_ptr<observer> observed_by{};  ///< may be empty
};

namespace detail {
class core;
struct client_access;
}  // namespace detail

/// A handle to the state shared by all caches on one server: one connection, one service thread,
/// one pool of background loads. Copies share it; caches keep it alive.
///
/// Throws:   the constructors throw `std::invalid_argument` for options that cannot be meant,
///           naming the option. An unreachable server is not an error.
/// Blocks:   never; the first call that needs the server connects.
/// Threads:  handle: one thread at a time. The state behind it: any thread.
/// Lifetime: the state ends with the last handle or cache; its end waits for running loads.
class client {
 public:
  explicit client(client_options options = {});
  /// The same as `client{{.url = url}}`.
  explicit client(std::string_view url);
  explicit client(const char* url) : client{std::string_view{url}} {}

  /// True unless the breaker is open: Redis is away and calls bypass it.
  ///
  /// Throws:  nothing.
  /// Threads: safe from any thread.
  [[nodiscard]] bool is_available() const noexcept;

 private:
  friend struct detail::client_access;
  std::shared_ptr<detail::core> core_;
};

namespace detail {
struct client_access {
  [[nodiscard]] static const std::shared_ptr<core>& core_of(const client& of) { return of.core_; }
};
}  // namespace detail

}  // namespace drover
