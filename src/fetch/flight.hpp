// SPDX-License-Identifier: MIT
// A flight: one load of one key in this process, with all callers that wait for it. It is a pure
// state machine: it receives events and appends the actions to carry out. Sockets, threads and the
// loader belong to the shell.
//
// A caller that joins gets a stamp: the number of steps that the flight has taken. Stamps decide
// which callers may have a result (rules R1-R3 of docs/internals/lease-protocol.md):
//   an entry read by a LEASE is for callers that joined before that LEASE was written;
//   a loaded value is for all callers if the server certified it: the fill was stored, or the lease
//   was released while this flight still had it. Otherwise it is for callers that joined before the
//   origin read began. All other callers start again.
//
// Threads:    one at a time; the shell holds its mutex.
// Invariants: (1) a flight ends exactly once, and every path that was granted a lease or mark
//                 fills, fails, releases or has lost it;
//             (2) every attempt carries a fresh token;
//             (3) waiting never turns into loading: a load begins by a grant, or because Redis is
//                 away;
//             (4) every grant has an end: `load_max` after the grant the lease, mark or turn is
//                 given back, whether the loader runs, hangs, or never began;
//             (5) LEASE is sent again without progress at most three times.
// Allocates:  nothing, except through `new_token`.
#pragma once

#include <drover/fault.hpp>
#include <drover/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/assert.hpp"
#include "base/time.hpp"
#include "entry/envelope.hpp"
#include "lease/reply.hpp"

namespace drover::fetch {

struct flight_settings {
  milliseconds lease_ttl{1000};
  milliseconds load_max{30000};
  bool marks_uncacheable = false;  ///< leave a marker when the loader's value may not be stored
  entry::token refused{};          ///< the token of an entry that this process could not use
  entry::token_source new_token;
};

enum class action_kind : std::uint8_t {
  send_lease,                 ///< attempt, other = previous holder's or own lost attempt
  send_renew,                 ///< attempt = held
  send_fill,                  ///< attempt = produced by, other = expected
  send_failure,               ///< attempt = held; attempts; failure
  send_release,               ///< attempt = held; its answer goes to `released`
  send_uncacheable,           ///< attempt = held; as `send_release`, and leaves a marker
  send_release_late,          ///< attempt, granted too late; the reply is ignored
  send_refresh_mark,          ///< attempt
  send_refresh_mark_extend,   ///< attempt; renew the refresh mark for another lease_ttl
  send_refresh_mark_pause,    ///< attempt; keep the mark for the failure's pause; attempts
  send_refresh_mark_release,  ///< attempt
  send_promote,               ///< attempt, other = base
  want_turn,                  ///< queue for one of the bypass turns
  return_turn,                ///< give the turn back, or leave the queue for it
  offer_lead,                 ///< granted: the load may begin
  lease_lost,                 ///< tell the running load that its lease is lost
  stop_load,                  ///< fire the running load's stop token
  let_go,                     ///< callers with a stamp of at least `from_stamp` start again at once
  finish,                     ///< the ending is final: tell all callers
};

struct action {
  action_kind kind = action_kind::finish;
  entry::token attempt{};
  entry::token other{};
  std::uint32_t attempts = 0;
  entry::failure_class failure = entry::failure_class::threw;
  std::uint64_t from_stamp = 0;
};

/// The actions that follow from one event, in order. Bounded, so that no event allocates memory.
class actions {
 public:
  static constexpr std::size_t capacity = 8;

  void push_back(const action& next) noexcept {
    DROVER_ASSERT(size_ < capacity);
    if (size_ < capacity) items_[size_++] = next;
  }
  void clear() noexcept { size_ = 0; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const action* begin() const noexcept { return items_.data(); }
  [[nodiscard]] const action* end() const noexcept { return items_.data() + size_; }
  [[nodiscard]] const action& operator[](std::size_t at) const noexcept { return items_[at]; }

 private:
  std::array<action, capacity> items_{};
  std::size_t size_ = 0;
};

enum class flight_outcome : std::uint8_t {
  read,              ///< a LEASE found an entry: `entry_bytes`
  loaded,            ///< the shell has the value
  failed_here,       ///< the shell has the exception
  failed_elsewhere,  ///< another process's failure: `entry_bytes` is the FAILED entry
  timed_out,         ///< the load passed load_max
  dissolved,         ///< no result: callers start again
  not_begun,         ///< granted, but the load did not begin in time
  saturated,         ///< the queue for bypass turns was full
  runs_already,      ///< Redis cannot be asked, and another load of the key may be shared
};

/// How a flight ended, as its callers see it.
struct ending {
  flight_outcome outcome = flight_outcome::dissolved;
  std::uint64_t stamp_limit = 0;   ///< only callers with a smaller stamp may have it
  std::uint64_t bypass_limit = 0;  ///< the same limit for callers that bypass Redis
  bool without_redis = false;      ///< the load was a bypass
  bool is_dropped = false;         ///< a refresh that did not begin before its entry ended
  std::uint32_t attempts = 0;      ///< failed loads in a row
  milliseconds retry_in{};         ///< failed_elsewhere
  entry::token token{};            ///< the token under which it was loaded or failed
  std::string entry_bytes;
  server_time server_now{};  ///< the server's time when a LEASE read the entry

  [[nodiscard]] bool is_for(std::uint64_t stamp, bool bypassing = false) const noexcept {
    return stamp < (bypassing ? bypass_limit : stamp_limit);
  }
};

class flight {
 public:
  enum class state : std::uint8_t {
    asking,   ///< a LEASE was sent, and no reply has come
    waiting,  ///< another process holds the lease
    queued,   ///< Redis is away: waiting for a bypass turn
    marking,  ///< the request for the refresh mark was sent, and no reply has come
    offered,  ///< granted; the load has not begun yet
    /// A refresh whose entry is about to end: PROMOTE was sent, and no reply has come.
    claiming,
    loading,    ///< the loader runs
    promoting,  ///< the load is done; PROMOTE was sent, and no reply has come
    storing,    ///< FILL or RELEASE was sent, and no reply has come
    ended,
  };

  explicit flight(flight_settings settings) : settings_{std::move(settings)} {}

  // --- queries
  [[nodiscard]] state now_in() const noexcept { return state_; }
  /// Whether new callers may join. False once the fill is sent, the key was invalidated, or the
  /// flight ended. A caller that bypasses Redis may also join a running load whose connection was
  /// lost, because that caller has no acknowledged invalidation that is newer than the load.
  [[nodiscard]] bool is_open(bool to_bypass = false) const noexcept;
  /// True while callers wait for a reply of Redis, and Redis has not told them to wait for a load.
  [[nodiscard]] bool awaits_reply() const noexcept {
    return (state_ == state::asking && !lease_says_wait_) || state_ == state::marking ||
           state_ == state::claiming;
  }
  /// Callers with a smaller stamp may have the result of the load, stored or not.
  [[nodiscard]] std::uint64_t read_step() const noexcept { return read_step_; }
  /// True for a bypass of callers that do not wait for a slow Redis.
  [[nodiscard]] bool is_alone() const noexcept { return alone_; }
  /// True when nothing will be stored: the key has a marker, or is never stored.
  [[nodiscard]] bool is_unleased() const noexcept { return unleased_; }
  /// When the current grant ends; empty without a grant.
  [[nodiscard]] std::optional<steady_time> grant_ends() const noexcept { return load_ends_; }
  /// The stamp of a caller that joins now and has needed the load since `waits_since`. If the
  /// origin read began after `waits_since`, the caller counts as one that joined before the read.
  [[nodiscard]] std::uint64_t stamp(steady_time waits_since) const noexcept {
    return read_step_ != 0 && waits_since < read_began_ ? read_step_ - 1 : step_;
  }
  [[nodiscard]] const ending& end() const noexcept { return end_; }
  /// Moves the ending out. Precondition: the flight has ended.
  [[nodiscard]] ending take_end() noexcept { return std::move(end_); }
  [[nodiscard]] bool is_refresh() const noexcept { return refresh_; }
  [[nodiscard]] bool is_bypass() const noexcept { return bypass_; }
  [[nodiscard]] bool is_promoted() const noexcept { return promoted_; }
  [[nodiscard]] bool is_lease_lost() const noexcept { return lost_; }
  /// True when the lease was taken over from a holder that was gone or silent.
  [[nodiscard]] bool is_take_over() const noexcept { return took_over_; }
  [[nodiscard]] std::uint32_t attempts() const noexcept { return attempts_; }
  /// The token of the entry that a refresh replaces.
  [[nodiscard]] const entry::token& base() const noexcept { return base_; }
  /// The token of an entry that this process could not use.
  [[nodiscard]] const entry::token& refused() const noexcept { return settings_.refused; }
  /// True while a lease in Redis names this process as its holder.
  [[nodiscard]] bool is_holder() const noexcept;
  [[nodiscard]] const entry::token& held() const noexcept { return held_; }
  /// The token of the latest LEASE.
  [[nodiscard]] const entry::token& attempt() const noexcept { return attempt_; }
  /// The client id of the holder that the flight waits for, as last read. 0 when unknown.
  [[nodiscard]] std::uint64_t holder_client_id() const noexcept;
  [[nodiscard]] const entry::token& holder() const noexcept { return observed_.produced_by; }
  /// True when `on_time(now)` will end the load because load_max has passed.
  [[nodiscard]] bool is_load_over(steady_time now) const noexcept {
    return state_ == state::loading && load_ends_ && *load_ends_ <= now;
  }
  /// The time at which `on_time` must be called. nullopt: not before another event.
  [[nodiscard]] std::optional<steady_time> due() const noexcept;

  // --- beginnings: call `remember_attempts` at most once, then exactly one of the others
  /// The number of failed loads in a row that this process knows of. A granted lease brings the
  /// exact number.
  void remember_attempts(std::uint32_t attempts) noexcept { attempts_ = attempts; }
  void start_cold(actions& out);
  void start_bypass(actions& out);
  /// A bypass of one call while Redis is slow: its load is shared only with callers that joined
  /// before the origin read began.
  void start_bypass_alone(actions& out);
  /// A load of a key that is never stored: no lease, no turn.
  void start_unstored(steady_time now, actions& out);
  /// `base` is the token of the entry to replace. `servable_until` is the time, on the clock of
  /// this process, from which that entry can no longer be served.
  void start_refresh(const entry::token& base, steady_time servable_until, actions& out);

  // --- events
  void lease_replied(const entry::token& attempt, result<lease::lease_reply> reply,
                     bool is_available, steady_time now, actions& out);
  /// `still_due`: the mark was won, and the entry is still the base and still needs a refresh.
  void refresh_mark_replied(const result<lease::refresh_mark_reply>& reply, bool still_due,
                            steady_time now, actions& out);
  void turn_granted(steady_time now, actions& out);
  /// A caller inside a load has joined: the flight shares the turn of that load.
  void turn_lent(steady_time now, actions& out);
  /// The queue for turns is full.
  void turn_refused(actions& out);
  /// No turn is needed: another flight of the key loads, and callers without Redis may join it.
  void turn_not_needed(actions& out);
  /// No thread is available for the load, and no caller can run it.
  void thread_missing(actions& out);
  /// A push, a write of this process to the key, or a new connection: ask again.
  void woken(actions& out);
  /// The connection of `holder()` is gone.
  void holder_gone(actions& out);
  void on_time(steady_time now, actions& out);
  void renew_replied(const result<lease::step_reply>& reply, actions& out);
  /// Call it on a new connection: the lease names the former connection.
  void renew_now(actions& out);
  void promote_replied(const result<lease::step_reply>& reply, actions& out);
  /// A waiter or a thread of the pool begins the load now. False: the load was not offered, or
  /// another thread has begun it.
  [[nodiscard]] bool begin_load(steady_time now, actions& out);
  /// `may_store`: the loader allows storing, and the value can be stored.
  void load_done(bool may_store, actions& out);
  void load_failed(entry::failure_class why, actions& out);
  void fill_replied(const result<lease::fill_reply>& reply, bool is_available, actions& out);
  void released(const result<lease::step_reply>& reply, actions& out);
  /// This process invalidated or expired the key.
  void invalidated_here(actions& out);
  /// The connection is gone: ask again on the next one, and close a running load to new callers.
  void connection_lost(actions& out);
  /// Another server answers, or the same one restarted from a snapshot: earlier grants are void.
  void server_replaced(actions& out);
  /// The process drains: other processes may load now. The load goes on for its own callers.
  void give_up_lease(actions& out);
  /// The shell cannot go on with the flight: all callers start again.
  void collapse(actions& out);
  /// The last caller has left, or none can lead.
  void abandoned(actions& out);

 private:
  void ask(entry::token previous, actions& out);
  void take_over(actions& out);
  void go_bypass(actions& out);
  void grant(const entry::token& token, steady_time now, actions& out);
  void give_grant_back(flight_outcome outcome, actions& out);
  void give_request_back(actions& out);
  void lose_lease(actions& out);
  void store(actions& out);
  void finish(flight_outcome outcome, std::uint64_t stamp_limit, actions& out);
  void waiting_reply(const lease::lease_reply& reply, steady_time now, actions& out);
  void return_turn(actions& out);
  void loading_time(steady_time now, actions& out);
  void promote(actions& out);
  void claim_replied(const result<lease::step_reply>& reply, actions& out);

  static constexpr std::uint64_t everyone = UINT64_MAX;
  /// Sendings after lost connections; then Redis counts as away.
  static constexpr unsigned resend_max = 2;
  static constexpr unsigned stall_max = 3;  ///< replies of LEASE without progress; then bypass

  flight_settings settings_;
  state state_ = state::asking;
  std::uint64_t step_ = 0;
  std::uint64_t lease_step_ = 0;
  std::uint64_t read_step_ = 0;  ///< the step at which the origin read began; 0: not begun
  steady_time read_began_{};
  unsigned resends_ = 0;
  bool refresh_ = false;
  bool bypass_ = false;
  bool promoted_ = false;
  bool promote_asked_ = false;
  bool promote_unknown_ = false;  ///< its reply was lost, so this process may hold the lease
  bool lost_ = false;
  bool closed_ = false;
  bool invalidated_ = false;  ///< the flight is closed for callers that bypass Redis, too
  bool unleased_ = false;
  bool alone_ = false;            ///< the flight closes when the origin read begins
  bool owes_turn_ = false;        ///< the flight is queued for a turn or has one
  bool lease_says_wait_ = false;  ///< a LEASE was answered with *wait*
  bool wait_has_ended_ = false;   ///< the holder's lease should have ended by now
  unsigned stalls_ = 0;
  bool woken_meanwhile_ = false;
  bool took_over_ = false;
  bool may_store_ = false;
  entry::token attempt_{};
  entry::token held_{};
  entry::token base_{};
  std::uint32_t attempts_ = 0;
  entry::envelope observed_{};
  steady_time observed_since_{};
  std::optional<steady_time> look_again_;
  std::optional<steady_time> renew_;
  std::optional<steady_time> load_ends_;
  std::optional<steady_time> promote_at_;
  ending end_;
};

}  // namespace drover::fetch
