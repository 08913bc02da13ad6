// SPDX-License-Identifier: MIT
// The state of a channel: one mutex, the live connection with its two roles, the callers that wait
// for a connection, and the service thread. channel.cpp has the public members, exchange.cpp the
// callers' side, roles.cpp the writer's and the reader's work for all callers, arrivals.cpp the
// handling of replies, service.cpp the service thread, and reconnect.cpp its work on connecting.
//
// Roles:      a connection has at most one writer and one reader. The thread with a role uses that
//             half of the socket, and its buffer, without the lock.
// Invariants: (1) while replies are due and no thread writes, a thread reads, or the service thread
//                 has been woken to do so;
//             (2) a connection that is broken keeps its slots until the service thread has seen
//                 both roles free; only the service thread makes and closes connections, and calls
//                 `up` and `down`;
//             (3) a caller's slot gets `done` exactly once, outside the lock. That is the last
//             access to the slot.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "connection/channel.hpp"
#include "connection/connector.hpp"
#include "connection/faults.hpp"
#include "connection/health.hpp"
#include "connection/login_renewal.hpp"
#include "connection/reply_watch.hpp"
#include "connection/sentinel_watch.hpp"
#include "connection/spin_gauge.hpp"
#include "connection/stall_gate.hpp"
#include "connection/stream.hpp"
#include "connection/timer_queue.hpp"
#include "connection/transport.hpp"
#include "connection/wake_word.hpp"

namespace drover::connection {

struct link;

struct pending : slot {
  /// The fault with which the request ended, empty if it succeeded. Moves `why` out.
  [[nodiscard]] std::optional<fault> fault_of_end() noexcept;

  std::string_view request;
  posting manner{};
  std::optional<fault> why;
  steady_time parked_until{};
  link* on = nullptr;  ///< the connection, once the request was appended
};

struct call : pending {
  explicit call(std::string_view bytes, std::span<resp::message> into) noexcept {
    request = bytes;
    replies = into;
    blocks = true;
  }
  wake_word word;
  bool reading = false;  ///< the caller has the reader role, or is being given it
};

struct posted : pending {
  posted(std::string bytes, unsigned count, completion then, posting behaviour)
      : text{std::move(bytes)}, storage(count), done{std::move(then)} {
    request = text;
    replies = storage;
    manner = behaviour;
  }
  std::string text;
  std::vector<resp::message> storage;
  completion done;
  bool is_trial = false;  ///< the request is a trial of the stall gate
};

/// A connection that is up.
struct link {
  enum class role : std::uint8_t { nobody, caller, service };
  static constexpr std::size_t incoming_size = std::size_t{64} << 10U;

  explicit link(milliseconds silence_max) : watch{silence_max} {}

  transport socket;
  address where;
  std::unique_ptr<stream> traffic;

  role reader = role::nobody;
  bool writing = false;
  bool late = false;       ///< the socket was full, so the service thread is the writer
  bool hung_up = false;    ///< the peer has closed; earlier bytes may be unread
  bool may_write = false;  ///< the writer waited for the reader, and need not any longer
  bool answered = false;
  std::optional<health::loss> broken;
  fault why;
  reply_watch watch;
  std::optional<steady_time> look_at;  ///< when to give the connection up for another server
  /// Until this time the connection is given up only while no reply is due, unless it `is_doubted`.
  steady_time look_by{};
  bool is_doubted = false;  ///< `distrust` asked for another server

  std::string outgoing;  // used by the writer only
  std::size_t sent = 0;
  std::array<char, incoming_size> incoming;  // used by the reader only
  spin_gauge gauge;
  /// No byte of a reply has come since the last wait began, so a wait of the usual length would end
  /// too late.
  std::atomic<bool> exact_silence{false};
};

inline constexpr std::string_view handler_threw = "a handler threw";
inline constexpr std::string_view is_a_fork_text =
    "this process is a fork; make a new client in it";

struct channel::state {
  enum class phase : std::uint8_t {
    idle,        ///< no request has been made
    connecting,  ///< requests are parked
    up,
    open,  ///< the breaker is open: requests fault at once
  };
  /// The reason for which the reader stopped reading.
  enum class leaving : std::uint8_t { ended, broken, deadline, stop };
  using locked = std::unique_lock<std::mutex>;

  state(settings channel_settings, handlers channel_handlers);
  ~state();
  void close() noexcept;

  // The functions of callers.
  outcome exchange(std::string_view request, std::span<resp::message> replies,
                   const wait_limit& within);
  void post(std::string request, unsigned replies, completion done, posting behaviour);
  [[nodiscard]] std::optional<fault> admit_posted(posted& item);
  [[nodiscard]] std::optional<fault> admit(pending& item);
  [[nodiscard]] std::optional<fault> park(pending& item);
  [[nodiscard]] std::optional<fault> append(pending& item);
  outcome wait(call& mine, const wait_limit& within, bool reads);
  outcome leave(call& mine, exchange_end why);

  // The functions of the writer and the reader.
  [[nodiscard]] bool flush(link& on, const call* self, bool yield_first);
  void write_out(link& on, locked& lock);
  leaving read_for_all(link& on, call& self, const wait_limit& within);
  [[nodiscard]] transfer receive(link& on, call& self, const wait_limit& within,
                                 std::optional<leaving>& limit);
  [[nodiscard]] std::optional<transfer> spin(link& on);
  void digest(link& on, transfer got, arrivals& came);
  void digest_bytes(link& on, std::size_t bytes, arrivals& came);
  [[nodiscard]] bool deliver(arrivals& came, const call* self) noexcept;
  [[nodiscard]] const void* pass_reader(link& on);
  void break_off(link& on, health::loss kind, fault_code code, std::string_view why) noexcept;
  void tell(pending& item);

  // The functions for any thread.
  bool set_alarm(steady_time when) noexcept;
  void distrust(std::uint64_t which, const fault& why) noexcept;
  void leave_former_primary(const host_port& primary);
  [[nodiscard]] reachability reached();
  [[nodiscard]] reachability::state reached_state() const noexcept;

  // The functions of the service thread.
  [[nodiscard]] bool start() noexcept;
  void serve();
  void run_alarm(locked& lock);
  void shut_down(locked& lock);
  void run_timers(locked& lock);
  void tell_finished(locked& lock);
  void expire_parked(locked& lock);
  void close_if_broken(locked& lock);
  void look_for_another(link& on) noexcept;
  void end_unneeded_link() noexcept;
  void come_to_rest() noexcept;
  void go_on_connecting(locked& lock, readiness came);
  void fail_attempt(locked& lock, fault why);
  void come_up(locked& lock, connected fresh);
  [[nodiscard]] bool greet(locked& lock, const connected& fresh);
  void renew_login(locked& lock);
  void send_login(locked& lock, given_credentials with_login);
  void fail_login(locked& lock, const fault& why);
  void send_parked(bool is_another_server, slot_list& refused);
  void open_breaker(const fault& why) noexcept;
  void tell_all(locked& lock, slot_list& ended);
  static void end(pending& item, const fault& why, slot_list& into) noexcept;
  void serve_link(locked& lock, readiness came);
  void read_once(locked& lock);
  void hand_over(link& on, locked& lock);
  void unpark(pending& item) noexcept;
  [[nodiscard]] bool wants_to_read(const link& on) const noexcept;
  [[nodiscard]] std::optional<steady_time> next_moment() const;
  [[nodiscard]] bool is_a_fork() const noexcept;

  const settings with;
  const handlers to;
  const std::uint32_t born_in;
  const std::shared_ptr<const bell> service_bell;
  const bell reader_bell;  // wakes a reader whose stop token fires

  std::atomic<bool> available{true};
  std::atomic<std::uint64_t> epoch{0};
  std::atomic<std::uint64_t> client_id{0};

  std::mutex mutex;  // guards all members below, except `attempt`
  phase at = phase::idle;
  bool stopping = false;
  // The handler `up` runs: requests that the service thread posts are sent first.
  bool greeting_now = false;
  bool is_to_rest = false;  // no request has come since `rest`
  bool is_replica = false;  // the current server, or the last one, is a replica
  fault refusal;
  health breaker;
  stall_gate stalls;
  std::string last_run_id;            // the last run id that a server reported
  bool last_run_id_is_known = false;  // the last connection reported its run id
  std::string last_role;              // the last role that a server reported
  std::uint64_t connections = 0;
  std::unique_ptr<link> live;
  slot_list parked;
  std::size_t parked_count = 0;
  std::size_t parked_bytes = 0;
  // Ended for another reason than the connection; the service thread notifies the owners.
  slot_list finished;
  timer_queue timers;
  steady_time alarm_at = steady_time::max();
  std::size_t holds = 0;
  login_renewal renewal;
  std::optional<result<void>> login_end;  // the server's answer to AUTH on `live`
  bool is_served = false;                 // the service thread runs, and still takes what has ended
  std::thread service;                    // joined without the mutex

  connector attempt;  // used by the service thread only
  std::unique_ptr<sentinel_watch> sentinels;
};

}  // namespace drover::connection
