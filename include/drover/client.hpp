// SPDX-License-Identifier: MIT
#pragma once

#include <drover/check.hpp>
#include <drover/credentials.hpp>
#include <drover/observer.hpp>
#include <drover/policy.hpp>
#include <drover/tls_options.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drover {

// The implicit constructors of client_options use its deprecated member. Users get no warning.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

/// The address of a Redis (7.0.5 or newer) or Valkey server or cluster, and limits on the
/// resources of the client. The default limits suit most services. All times are in milliseconds.
///
/// Threads: a value; copy it.
struct client_options {
  /// redis://[user[:password]@]host[:port][/db], the same with rediss:// for TLS,
  /// unix:///path[?db=n], redis+sentinel://[user[:password]@]host[:port],.../service[/db], where
  /// the sentinels at these addresses (port 26379 by default) name the primary of the service, or
  /// redis+cluster://[user[:password]@]host[:port],..., where these are nodes of a cluster. The
  /// last two begin with rediss+sentinel:// and rediss+cluster:// for TLS.
  std::string url = "redis://127.0.0.1:6379";
  std::string user{};      ///< used when the URL has no user
  std::string password{};  ///< used when the URL has no password; never part of a message
  /// Returns user and password, for those that change: rotated passwords, tokens of a cloud. It is
  /// called at each attempt to connect (many times a second while the server is away), and when the
  /// connection is to be authenticated again (`credentials::renew_after`,
  /// `client::credentials_changed`). It is called on a thread of its own, one call at a time, and
  /// may block: an attempt waits for at most `connect_max`, and a later one takes the answer. If it
  /// throws, the attempt fails; the text of the exception is not kept. With it, the URL has no user
  /// and password. It must return before the client can be destroyed.
  std::function<credentials()> credentials_source{};
  std::string sentinel_user{};      ///< of the sentinels, only with a redis+sentinel:// URL
  std::string sentinel_password{};  ///< of the sentinels; empty: they need none
  /// In a cluster: the address at which this process reaches a node, for the one that the node
  /// announces; both as "host:port". For networks that translate addresses. It must be quick, must
  /// not use the client, and is called on any thread. Anything else than an address stands for the
  /// announced one.
  std::function<std::string(std::string_view announced)> cluster_address{};
  /// Only with a URL of rediss://, rediss+sentinel:// or rediss+cluster://. A library that was
  /// built with `DROVER_WITH_TLS=OFF` refuses such a URL.
  tls_options tls{};
  /// TLS to the sentinels, when it is not as `tls`, which applies to them by default with a
  /// rediss+sentinel:// URL. With a redis+sentinel:// URL, the sentinels alone speak TLS.
  std::optional<tls_options> sentinel_tls{};
  /// The sentinels speak no TLS, although the URL begins with rediss+sentinel://. An attacker who
  /// replaces a sentinel can name any server, so `tls.ca` or `tls.server_name` is required.
  bool plain_sentinels = false;

  /// The longest wait for a connection. While the breaker is open, no call waits. Connecting in a
  /// local network takes a millisecond; half a second covers a lost packet.
  duration connect_max{500};

#pragma GCC diagnostic pop
  /// The connection is closed when replies are due and no byte has arrived for this long. This
  /// limits the server's silence, not the age of a command, so a long queue is not a fault. The
  /// reply at the head of the queue must be complete within four times this time, plus a second for
  /// each 64 KiB.
  duration silence_max{500};

  /// The number of callers that may wait for loads. Any further call is `refused{saturated}`.
  std::size_t waiters_max = 100'000;
  /// The number of keys that may be loaded or waited for at once. At this limit, any other key is
  /// loaded without Redis, on a turn (`policy::bypass_max`), and no refresh begins.
  std::size_t flights_max = 10'000;
  unsigned background_threads = 4;  ///< the number of refreshes at once
  /// The number of loads that run at once for callers with a deadline or stop token. Such callers
  /// cannot leave a loader that runs on their own thread. Threads start on demand and end after ten
  /// idle seconds. When all threads are busy, each cache has its own queue of loads, and free
  /// threads serve the caches in turn: slow loads of one cache do not starve another. A call whose
  /// load has not begun by its deadline is `refused{saturated}`; with only a stop token, after
  /// `policy::load_max`.
  unsigned deadline_threads_max = 256;
  /// The number of refreshes that may wait for a thread. Any further refresh is dropped and
  /// counted.
  std::size_t background_queue_max = 1000;
  /// The longest reply, in bytes. A larger value than 1 GiB counts as 1 GiB.
  std::size_t reply_max = std::size_t{64} << 20U;
  /// The longest key that is stored, in bytes. Longer keys are loaded and never stored.
  std::size_t key_max = std::size_t{64} << 10U;
  /// The longest value that is stored, in bytes. Longer values are returned and never stored. It
  /// must be at least 64 bytes below 512 MiB, the longest string of Redis, and at least 4096 bytes
  /// below `reply_max`.
  std::size_t value_max = std::size_t{8} << 20U;
  /// The number of invalidations that are kept to be sent again: those that no server has
  /// acknowledged, and those of the last minute. The oldest acknowledged one makes room for a new
  /// one. When all are unacknowledged, a new one is dropped (`event_kind::invalidation_dropped`).
  std::size_t invalidations_max = 10'000;

  /// Runs loads for callers with a deadline or stop token, instead of the client's own threads. It
  /// is called on the caller's thread. If it throws or destroys the task, the grant is given back,
  /// and the caller is refused at its deadline, or at once if it has only a stop token. If it never
  /// runs the task, the grant ends after `policy::load_max`. If it runs the task on the caller's
  /// thread, the call may return after its deadline. A task that runs after the cache was destroyed
  /// does nothing.
  std::function<void(std::function<void()> task)> executor{};

  /// True when the server loses no write in a restart (`appendfsync always`). Entries stored before
  /// its start may then be fresh. Otherwise they are at most stale, within grace, and older leases
  /// are void, because a snapshot may have brought back entries that were invalidated. The option
  /// has no effect on a server whose INFO says that it has loaded nothing. If it is true for a
  /// server that loses writes, entries that were invalidated since the snapshot are served as
  /// fresh.
  bool server_keeps_writes = false;

  /// Whether the thread that reads replies polls the socket briefly before it sleeps. It stops
  /// polling while that does not pay.
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
  /// It answers but refuses this client: a wrong password or a replica; or
  /// `client_options::credentials_source` failed; or the last read, lease, fill or refresh failed
  /// because this client lacks the permission, and calls still go to the server. A refused
  /// invalidation is reported to its caller only.
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
/// Threads:  handle: one thread at a time. The shared state: any thread.
/// Lifetime: the last handle or cache destroys the state, on any thread. That thread first waits
///           for the running loads, except those that it runs itself.
/// Fork:     in a child the handle is `away`; its destructor returns at once and frees no memory.
///           Make a new client in the child. See `cache` for inherited caches.
class client {
 public:
  explicit client(client_options options = {});
  /// The same as `client{{.url = url}}`.
  explicit client(std::string_view url);
  explicit client(const char* url) : client{std::string_view{url}} {}

  /// The state of the server, as far as this client knows. Sends no request.
  ///
  /// Throws:  `std::bad_alloc`.
  /// Threads: safe from any thread.
  [[nodiscard]] availability_report availability() const;

  /// True unless `availability()` is `away` or `refused`. Also true before the first attempt to
  /// connect. Prefer `availability()`.
  ///
  /// Throws:  nothing.
  /// Threads: safe from any thread.
  [[nodiscard]] bool is_available() const noexcept;

  /// Says that `client_options::credentials_source` returns other credentials now. The function is
  /// called, and the connection is authenticated again with its answer, between two requests. If
  /// the server refuses them, the connection stays in use as long as the server keeps it,
  /// `event_kind::login_failed` reports it, and it is tried again after 1 to 60 s.
  ///
  /// Throws:  nothing.
  /// Threads: safe from any thread.
  void credentials_changed() const noexcept;

  /// Connects, tries every command that the library uses, and reports what the server does not
  /// execute, and the effect: for readiness probes. `drover doctor` prints the report. Keys of the
  /// caches `names` are written and removed; no key of an application is touched. Without `names`,
  /// the keys are named as those of the client's caches, or `drover-check` if it has none. Some
  /// thirty round trips. An unreachable server is tried again until `timeout` is over.
  ///
  /// Throws:  `std::invalid_argument` for a name that no cache may have, and `std::bad_alloc`. A
  ///          fault of the server is not an error: the report contains it.
  /// Blocks:  for at most `timeout`.
  /// Threads: safe from any thread. An observer must not call it: the report is `unusable` there,
  ///          and in a child of `fork`.
  [[nodiscard]] check_report check(duration timeout = duration{2000},
                                   std::vector<std::string> names = {}) const;

 private:
  friend struct detail::client_access;
  std::shared_ptr<detail::core> core_;
};

namespace detail {
struct client_access {
  [[nodiscard]] static const std::shared_ptr<core>& core_of(const client& handle) {
    return handle.core_;
  }
};
}  // namespace detail

}  // namespace drover
