// SPDX-License-Identifier: MIT
// One multiplexed RESP3 connection to one server, shared by all threads: leader/follower. Callers
// append; one writes for all; one reads for all. No thread of ours stands between a blocking caller
// and the socket.
//
// The service thread connects (and reconnects, with jittered back-off), runs timers, writes what a
// caller with a deadline had to leave, and reads only while nobody else does and somebody needs it:
// while `pushes_wanted` is held, or while posted requests await replies.
//
// Threads:    every member from any thread, but not `exchange` from within a handler or timer.
// Invariants: (1) replies go to requests in the order in which they were appended, whatever callers
//                 do meanwhile: a caller that leaves abandons its slot, it never takes another's
//                 reply;
//             (2) after any doubt (silence, parse error, reply without a request) the connection is
//                 closed and every slot on it faults, each exactly once;
//             (3) no handler, timer or completion runs under a lock of the channel.
#pragma once

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
#include "connection/url.hpp"
#include "resp/message.hpp"

namespace drover::connection {

/// CLOCK_BOOTTIME: the one place where a monotonic clock is read for waiting.
[[nodiscard]] steady_time now() noexcept;

struct settings {
  endpoint at;
  std::string client_name = "drover";
  milliseconds connect_max{500};  ///< nobody waits longer for a connection
  milliseconds silence_max{500};  ///< replies are due and no byte has come for so long: close
  milliseconds back_off_min{50};  ///< between attempts while the breaker is open
  milliseconds back_off_max{5000};
  std::size_t reply_max = std::size_t{64} << 20U;
  std::size_t queued_bytes_max = std::size_t{64}
                                 << 20U;  ///< not yet written; beyond: fault `overloaded`
  std::size_t slots_max = 1'000'000;      ///< requests without a reply; beyond: `overloaded`
  bool spin = true;  ///< the reader polls a little before it blocks, while that pays
  /// Commands to send at every (re)connect after HELLO 3 (with AUTH, SETNAME), SELECT, INFO;
  /// replies of any kind are accepted and handed to `handlers::up`.
  std::string on_connect;
  unsigned on_connect_replies = 0;
  std::uint64_t seed = 0;  ///< of the back-off's jitter
};

/// What the server said of itself when the connection came up.
struct greeting {
  std::uint64_t epoch = 0;  ///< counts connections of this channel, from 1
  std::uint64_t client_id = 0;
  std::string run_id;  ///< empty when INFO is refused
  std::string role;    ///< "master", "slave", ...; empty when INFO is refused
  std::string version;
  std::vector<resp::message> on_connect;
};

/// Called without any lock held, one at a time, in order: up, then pushes, then down.
struct handlers {
  /// On the service thread, before requests that waited for the connection are sent: what is posted
  /// from within goes first.
  std::function<void(const greeting&)> up;
  std::function<void(const fault&)> down;
  /// On whichever thread reads.
  std::function<void(const resp::message&)> push;
};

/// A caller's own limits: they end its waiting and nobody else's.
struct wait_limit {
  std::optional<steady_time> deadline;
  std::stop_token stop;
};

struct outcome {
  enum class how : std::uint8_t { replied, faulted, deadline_passed, stopped };
  how ended = how::replied;
  fault why;  ///< only when `faulted`
};

using completion = std::function<void(result<std::vector<resp::message>>)>;
using timer_id = std::uint64_t;

class channel {
 public:
  /// Starts nothing: the first request does.
  channel(settings with, handlers to);
  /// Faults every outstanding request, closes, joins the service thread. No caller may be inside.
  ~channel();
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  /// Sends `request` (which brings `replies.size()` replies) and blocks for them. While the channel
  /// is connecting the request waits for at most `connect_max`; with the breaker open it faults at
  /// once. An error reply of the server is a reply. Request and replies are borrowed until it
  /// returns.
  [[nodiscard]] outcome exchange(std::string_view request, std::span<resp::message> replies,
                                 const wait_limit& within = {});

  /// Sends without waiting. `done` is called exactly once, never from within `post`, from whichever
  /// thread reads or from the service thread. It must be short, and may post.
  void post(std::string request, unsigned replies, completion done);

  /// Runs `what` on the service thread at `when` or soon after.
  timer_id schedule(steady_time when, std::function<void()> what);
  /// True when the timer will not run. False: it ran, runs now, or is unknown.
  bool cancel(timer_id id);

  /// Counted. While held, the service thread reads pushes when nobody else reads.
  void hold_pushes();
  void release_pushes();

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
