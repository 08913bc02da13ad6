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

// The implicit constructors of client_options use its deprecated member. Users get no warning.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

/// How to reach one Redis (7.0.5 or newer) or Valkey server, and bounds on what a process holds.
/// The defaults of the bounds suit most services. All times are in milliseconds.
///
/// Threads: a value; copy it.
struct client_options {
  /// redis://[user[:password]@]host[:port][/db] or unix:///path[?db=n]. TLS (rediss://), Sentinel
  /// and servers in cluster mode are not supported yet and are refused with a message.
  std::string url = "redis://127.0.0.1:6379";
  std::string user{};      ///< used when the URL names none
  std::string password{};  ///< used when the URL names none; never shown in a text of ours

  /// The longest wait for a connection. While the breaker is open no call waits at all. Connecting
  /// in a local network takes a millisecond; half a second covers a lost packet.
  duration connect_max{500};

#pragma GCC diagnostic pop
  /// When replies are due and no byte has come for this long, the connection is closed. This limits
  /// the server's silence, not the age of a command, so a long queue is no fault. The reply at the
  /// head of the queue must be complete after four times as long, plus a second for each 64 KiB.
  duration silence_max{500};

  /// Callers that wait for loads. Beyond that a call is `refused{saturated}`.
  std::size_t waiters_max = 100'000;
  /// Keys that are being loaded or waited for. Beyond that, any other key is loaded without Redis,
  /// on a turn (`policy::bypass_max`), and no refresh begins.
  std::size_t flights_max = 10'000;
  unsigned background_threads = 4;  ///< the number of refreshes at once
  /// Loads at once on behalf of callers with a deadline or stop token. Such callers cannot leave a
  /// loader that runs on their own thread. Threads start on demand and end after ten idle seconds.
  /// When all are busy, loads queue for each cache, and a thread that becomes free takes the caches
  /// in turn: slow loads of one cache do not starve another. A call whose load has not begun by its
  /// deadline is `refused{saturated}`; with only a stop token, after `policy::load_max`.
  unsigned deadline_threads_max = 256;
  /// Refreshes that wait for a thread. Beyond that they are dropped and counted.
  std::size_t background_queue_max = 1000;
  std::size_t reply_max = std::size_t{64} << 20U;  ///< bytes of one reply; beyond 1 GiB: 1 GiB
  std::size_t key_max = std::size_t{64} << 10U;    ///< longer keys are loaded and never stored
  /// Longer values are returned and never stored. At most 64 bytes below 512 MiB, the longest
  /// string of Redis, and 4096 bytes below `reply_max`.
  std::size_t value_max = std::size_t{8} << 20U;
  /// Invalidations kept to be sent again: those that no server has acknowledged, and those of the
  /// last minute. The oldest acknowledged one makes room for a new one. When all are
  /// unacknowledged, a new one is dropped (`event_kind::invalidation_dropped`).
  std::size_t invalidations_max = 10'000;

  /// Runs loads for callers with a deadline or stop token, instead of the client's own threads. It
  /// is called on the caller's thread. If it throws or destroys the task, the grant is given back,
  /// and the caller is refused at its deadline, or at once if it has only a stop token. If it never
  /// runs the task, the grant ends after `policy::load_max`. If it runs the task at once, the
  /// deadline may pass. A task that runs after the cache was destroyed does nothing.
  std::function<void(std::function<void()> task)> executor{};

  /// True when the server loses nothing in a restart (`appendfsync always`). Entries stored before
  /// its start may then be fresh. Otherwise they are at most stale, within grace, and older leases
  /// are void, because a snapshot may have brought back entries that were invalidated. This does
  /// not concern a server whose INFO says that it has loaded nothing. If this is set wrongly,
  /// entries that were invalidated since the snapshot are served as fresh.
  bool server_keeps_writes = false;

  /// The caller that reads polls the socket for a moment before it sleeps, as long as that pays.
  bool spin = true;

  /// Receives the client's events. May be empty.
  std::shared_ptr<drover::observer> event_observer{};
  /// The former name of `event_observer`, used when that is empty; removed in 0.2.0.
  [[deprecated("use event_observer")]] std::shared_ptr<drover::observer> observed_by{};
};

/// The state of the server, as far as this client knows.
enum class availability : std::uint8_t {
  unknown,    ///< nothing has been tried yet
  available,  ///< connected, or reconnecting after a connection that worked
  away,       ///< it does not answer: calls bypass it
  /// It answers but refuses this client: a wrong password, cluster mode, a replica; or its last
  /// answer to a read, a lease, a fill or a refresh was that this client has no right to it. Calls
  /// go on asking it, and a refused invalidation is reported to its caller only.
  refused,
};

/// The name of the state.
///
/// Throws:  nothing.
/// Threads: safe from any thread.
[[nodiscard]] std::string_view to_string(availability state) noexcept;

/// The state of the server and its reason.
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
/// Throws:   the constructors throw `std::invalid_argument` when an option is out of range; the
///           text names it. They throw `std::bad_alloc`, and `std::system_error` when the process
///           has no file descriptor left (EMFILE). An unreachable server is not an error.
/// Blocks:   never; the first call that needs the server connects.
/// Threads:  handle: one thread at a time. The state behind it: any thread.
/// Lifetime: the state ends with the last handle or cache, on any thread. It first waits for the
///           running loads, except for those that the thread itself is inside of.
/// Fork:     in a child the handle is `away`; its destructor returns at once and frees no memory.
///           Make a new client in the child. `cache` says what inherited caches do.
class client {
 public:
  explicit client(client_options options = {});
  /// The same as `client{{.url = url}}`.
  explicit client(std::string_view url);
  explicit client(const char* url) : client{std::string_view{url}} {}

  /// The state of the server as far as this client knows. Sends nothing.
  ///
  /// Throws:  `std::bad_alloc`.
  /// Threads: safe from any thread.
  [[nodiscard]] availability_report availability() const;

  /// True unless `availability()` is `away` or `refused`, and so also before the first attempt to
  /// connect. Prefer `availability()`.
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
