// SPDX-License-Identifier: MIT
#pragma once

#include <drover/observer.hpp>
#include <drover/policy.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace drover {

/// How to reach one Redis (7.0.5 or newer) or Valkey server, and the bounds of what a process
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
  /// not a command's age, so that a long queue is no fault. The reply at the head of the queue has
  /// four times as long to be complete, and a second more for each 64 KiB of it.
  duration silence_max{500};

  std::size_t waiters_max = 100'000;  ///< callers waiting for loads; beyond: `refused{saturated}`
  /// Keys being loaded or waited for. Beyond, a key that nobody loads yet is loaded without Redis,
  /// on a turn (`policy::bypass_max`), and no refresh begins.
  std::size_t flights_max = 10'000;
  unsigned background_threads = 4;  ///< refreshes at once
  /// Loads at once on behalf of callers with a deadline or stop token. Such a caller cannot leave a
  /// loader that runs on its own thread. Threads start on demand and end after ten idle seconds.
  /// When all are busy, free ones go round the caches, so that slow loads of one starve no other. A
  /// call whose load no thread has begun by its deadline is `refused{saturated}`; with only a stop
  /// token, after `policy::load_max`.
  unsigned deadline_threads_max = 256;
  std::size_t background_queue_max =
      1000;  ///< refreshes waiting for a thread; beyond: dropped, counted
  std::size_t reply_max = std::size_t{64} << 20U;  ///< bytes of one reply
  std::size_t key_max = std::size_t{64} << 10U;    ///< longer keys are loaded and never stored
  std::size_t value_max = std::size_t{8} << 20U;   ///< longer values are returned and never stored
  /// Invalidations kept to be sent again: those that no server has acknowledged, and those of the
  /// last minute, the oldest of which give way. When it is full of unacknowledged ones a new one is
  /// not repeated, and said to be dropped (`event_kind::invalidation_dropped`).
  std::size_t invalidations_max = 10'000;

  /// Where loads for callers with a deadline or stop token run, instead of threads of ours. Called
  /// on the caller's thread. It may throw or drop the task: the grant is given back, and the caller
  /// is refused at its deadline, or at once if it has only a stop token. It may forget the task:
  /// the grant then ends after `policy::load_max`. It may run the task at once: the deadline may
  /// then pass. A task that runs after the cache is gone does nothing.
  std::function<void(std::function<void()> task)> executor{};

  /// True when the server loses nothing when it restarts (`appendfsync always`): entries stored
  /// before its start may then be fresh. Otherwise they are at most stale, within grace, and leases
  /// from before mean nothing, because a snapshot may have brought back what was invalidated. A
  /// server whose INFO says that it has loaded nothing is exempt. Set wrongly, it serves as fresh
  /// what was invalidated since the snapshot.
  bool server_keeps_writes = false;

  /// The reading caller polls the socket a little before it sleeps, while that pays.
  bool spin = true;

  std::shared_ptr<observer> observed_by{};  ///< may be empty
};

/// What is known of the server.
enum class availability : std::uint8_t {
  unknown,    ///< nothing has been tried yet
  available,  ///< connected, or reconnecting after a connection that worked
  away,       ///< it does not answer: calls bypass it
  refused,    ///< it answers, and refuses this client: a wrong password, a missing right, cluster
              ///< mode, a replica
};

/// The word for it.
///
/// Throws:  nothing.
/// Threads: safe from any thread.
[[nodiscard]] std::string_view to_string(availability state) noexcept;

/// What is known of the server, and why.
struct availability_report {
  drover::availability state = drover::availability::unknown;
  std::string reason{};  ///< one line for people; empty unless `away` or `refused`
};

namespace detail {
class core;
struct client_access;
}  // namespace detail

/// A handle to the state shared by all caches on one server: one connection, one service thread,
/// the threads for refreshes and those for callers with limits. Copies share it; caches keep it
/// alive.
///
/// Throws:   the constructors throw `std::invalid_argument` for options that cannot be meant,
///           naming the option. An unreachable server is not an error.
/// Blocks:   never; the first call that needs the server connects.
/// Threads:  handle: one thread at a time. The state behind it: any thread.
/// Lifetime: the state ends with the last handle or cache, whichever thread drops it. Its end waits
///           for running loads, but for those that this thread is inside of.
/// Fork:     a child's handle is `away`, and destroyed at once; its memory is not freed. Make a new
///           client in the child. What the inherited caches do is said at `cache`.
class client {
 public:
  explicit client(client_options options = {});
  /// The same as `client{{.url = url}}`.
  explicit client(std::string_view url);
  explicit client(const char* url) : client{std::string_view{url}} {}

  /// What is known of the server. Asks nothing of it.
  ///
  /// Throws:  `std::bad_alloc`.
  /// Threads: safe from any thread.
  [[nodiscard]] availability_report availability() const;

  /// True unless `availability()` is `away` or `refused`. Prefer `availability()`: this is true,
  /// too, before anything was tried.
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
