// SPDX-License-Identifier: MIT
// One multiplexed RESP3 connection to one server, shared by all threads: leader/follower. Callers
// append requests; one of them writes for all, and one reads for all. No other thread is needed
// between a blocking caller and the socket.
//
// The service thread connects (and reconnects, with jittered back-off), runs timers, and writes the
// bytes that a caller with a deadline had to leave. It reads only while no caller reads and it is
// necessary: while pushes are held (`hold_pushes`), or while posted requests await replies.
//
// Threads:    every member from any thread, except `exchange` inside a handler or timer.
// Invariants: (1) replies go to requests in the order in which they were appended. A caller that
//                 leaves abandons its slot and never takes the reply of another request;
//             (2) after any error (silence, parse error, reply without a request) the connection is
//                 closed and every slot on it faults, each exactly once;
//             (3) no handler, timer or completion runs under a lock of the channel;
//             (4) every wait has an end: for a connection after `connect_max`, for a reply when the
//                 server is silent for `silence_max` or the reply is older than reply_watch allows.
// Fork:       a channel belongs to the process that made it. In a child every member returns at
//             once: requests fault, timers and alarms do not run, and the destructor leaks. A new
//             channel works there.
#pragma once

#include <drover/credentials.hpp>
#include <drover/fault.hpp>
#include <drover/result.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "connection/server_version.hpp"
#include "connection/tls.hpp"
#include "connection/url.hpp"
#include "resp/message.hpp"

namespace drover::connection {

/// The time of CLOCK_BOOTTIME. Every wait uses this clock.
[[nodiscard]] steady_time now() noexcept;

struct settings {
  endpoint at;
  std::shared_ptr<tls_context> tls;  ///< null: without TLS
  /// Called for each attempt to connect, and to authenticate the connection again. Empty: those of
  /// `at`.
  std::function<credentials()> ask_credentials{};
  std::string sentinel_user;                    ///< with sentinels; empty: the default user
  std::string sentinel_password;                ///< with sentinels; empty: no AUTH
  std::shared_ptr<tls_context> sentinel_tls{};  ///< with sentinels; null: without TLS
  std::string client_name = "drover";
  milliseconds connect_max{500};  ///< the longest wait for a connection
  /// The connection is closed after this silence while replies are due.
  milliseconds silence_max{500};
  milliseconds back_off_min{50};  ///< the shortest pause between attempts while the breaker is open
  milliseconds back_off_max{1000};
  std::size_t reply_max = std::size_t{64} << 20U;
  /// The limit on unwritten bytes. Any further request faults with `overloaded`.
  std::size_t queued_bytes_max = std::size_t{64} << 20U;
  /// The limit on requests without a reply. Any further request faults with `overloaded`.
  std::size_t slots_max = 1'000'000;
  bool spin = true;  ///< the reader polls briefly before it blocks, while that pays
  /// Commands to send at every (re)connect after HELLO 3 (with AUTH, SETNAME), SELECT, INFO;
  /// replies of any kind are accepted and handed to `handlers::up`.
  std::string on_connect;
  unsigned on_connect_replies = 0;
  std::uint64_t seed = 0;  ///< the seed of the back-off's jitter
  /// A server that reports an older version is refused. {}: every server with RESP3 is accepted.
  server_version version_min = oldest_redis;
  /// A server in cluster mode is accepted: the requests of the caller can be redirected.
  bool accepts_cluster = false;
};

/// The information about the server when a connection comes up.
struct greeting {
  std::uint64_t epoch = 0;  ///< counts connections of this channel, from 1
  std::uint64_t client_id = 0;
  std::string run_id;  ///< empty when INFO is refused
  std::string role;    ///< "master", "slave", ...; empty when INFO is refused
  std::string version;
  bool is_in_cluster = false;  ///< the server is a node of a cluster
  /// When the server started, on its own clock, rounded up. Entries stored before its start may
  /// come from a snapshot or log that it loaded. Empty when it has loaded nothing, and when INFO is
  /// refused.
  std::optional<server_time> started;
  /// A reading of the server's clock from INFO. Empty when INFO is refused.
  struct clock_reading {
    steady_time sent;
    steady_time received;
    server_time server;
  };
  std::optional<clock_reading> clock;
  /// `run_id` differs from that of the connection before.
  bool is_another_server = false;
  /// True when `is_another_server`, or when this connection or the one before reported no `run_id`.
  bool may_be_another_server = false;
  /// `role` differs from the last one that a connection reported.
  bool has_new_role = false;
  std::vector<resp::message> on_connect;
};

/// Called without any lock held, one at a time, in order: up, then pushes, then down.
struct handlers {
  /// On the service thread, before requests that waited for the connection are sent. Requests that
  /// are posted inside this handler are sent first.
  std::function<void(const greeting&)> up{};
  std::function<void(const fault&)> down{};
  /// On the thread that reads.
  std::function<void(const resp::message&)> push{};
  /// On the service thread: an attempt to connect has failed. `unsupported` means that the server
  /// was reached and refuses this client.
  std::function<void(const fault&)> refused{};
  /// On the service thread: the connection could not be authenticated again. It stays in use.
  std::function<void(const fault&)> login_failed{};
  /// On the service thread: the time given to `set_alarm` has come.
  std::function<void()> alarm{};
};

/// The state of the server, as far as the channel knows it.
struct reachability {
  enum class state : std::uint8_t {
    unknown,    ///< nothing has been tried yet, or the first attempt still runs
    available,  ///< connected, or reconnecting after a connection that worked
    away,       ///< the breaker is open: requests fault at once
    refused,    ///< the server was reached and refuses this client, or it is a replica
  };
  state now = state::unknown;
  std::string reason;  ///< for `away` and `refused`
};

/// Options of a posted request.
struct posting {
  /// The request faults with `superseded` instead of being sent to a server with another run id.
  bool bound_to_server = false;
  /// The server may hold the request back while it answers reads (CLIENT PAUSE WRITE). When a
  /// connection goes silent with such a request at the head of its queue, such requests fault at
  /// once for a growing time, so that reads go on.
  bool may_stall = false;
  /// The request faults with `superseded` instead of being sent on another connection than the one
  /// with this epoch, because it continues what was begun there. 0: any connection.
  std::uint64_t only_epoch = 0;
};

/// The limits of one caller. They end the waiting of this caller only.
struct wait_limit {
  std::optional<steady_time> deadline;
  std::stop_token stop;
};

enum class exchange_end : std::uint8_t { replied, faulted, deadline_passed, stopped };

/// The result of one exchange.
struct outcome {
  exchange_end ended = exchange_end::replied;
  fault why;  ///< only when `faulted`
};

using completion = std::function<void(result<std::vector<resp::message>>)>;
using timer_id = std::uint64_t;

class channel {
 public:
  /// Starts no thread; the first request does.
  channel(settings with, handlers to);
  /// Faults every outstanding request, closes the connection, and joins the service thread. No call
  /// may be in progress.
  ~channel();
  /// As the destructor, but the object remains: requests that block fault, and those that do not
  /// throw std::bad_alloc. No call may be in progress.
  void close() noexcept;
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  /// Sends `request` (which brings `replies.size()` replies) and blocks for them. While the channel
  /// is connecting the request waits for at most `connect_max`; with the breaker open it faults at
  /// once. An error reply of the server is a reply. A reply longer than `reply_max` is a fault,
  /// `corrupt`. It uses the request and the replies until it returns. Throws nothing.
  [[nodiscard]] outcome exchange(std::string_view request, std::span<resp::message> replies,
                                 const wait_limit& within = {});

  /// Sends without waiting. `done` is called exactly once, never from within `post`, on the thread
  /// that reads or on the service thread. It must be short, and may post. Throws std::bad_alloc
  /// when there is no memory or no thread for it; nothing has changed then. In a fork, `post` calls
  /// `done` with a fault before it returns, because no other thread exists.
  void post(std::string request, unsigned replies, completion done, posting behaviour = {});

  /// Runs `task` on the service thread at `when` or soon after. Throws as `post` does. In a fork
  /// the task never runs.
  timer_id schedule(steady_time when, std::function<void()> task);
  /// Cancels a timer. True when the timer will not run. False: it ran, runs now, or is unknown.
  bool cancel(timer_id id);

  /// Runs `handlers::alarm` once, on the service thread, at `when` or soon after. There is one
  /// alarm: each call moves it, and `steady_time::max()` cancels it. Allocates nothing once the
  /// service thread runs. Returns false, and the alarm will not run, when that thread cannot be
  /// started, and in a fork.
  bool set_alarm(steady_time when) noexcept;

  /// Holds are counted. While pushes are held, the service thread reads them when no caller reads.
  void hold_pushes();
  void release_pushes();

  /// The server is not needed at present: ends the connection once no reply is due, and stops
  /// trying to connect. The next request connects again.
  void rest() noexcept;

  /// Breaks the connection `epoch` if it is still the current one, and resolves the name again.
  /// When its answers cannot be trusted (`why` is `corrupt`), it breaks at once; if this repeats,
  /// the next attempts come after growing pauses. For any other `why` the channel looks for another
  /// server; if this repeats, the connection stays in use for a growing time before it is given up.
  /// Neither opens the breaker.
  void distrust(std::uint64_t epoch, const fault& why) noexcept;

  /// `settings::ask_credentials` has others now: the connection is authenticated again.
  void credentials_changed() noexcept;

  /// Throws std::bad_alloc.
  [[nodiscard]] reachability reached() const;
  /// As `reached`, without the reason: needs no memory.
  [[nodiscard]] reachability::state reached_state() const noexcept;
  /// False while the breaker is open: a request would fault at once.
  [[nodiscard]] bool is_available() const noexcept;
  /// The current connection's greeting epoch; 0 while there is none.
  [[nodiscard]] std::uint64_t epoch() const noexcept;
  /// The current connection's CLIENT ID; 0 while there is none.
  [[nodiscard]] std::uint64_t client_id() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace drover::connection
