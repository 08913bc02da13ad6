// SPDX-License-Identifier: MIT
// The service thread: connects, runs timers, writes the bytes that the socket did not accept at
// once, and reads if necessary while no caller reads.
#include <algorithm>
#include <utility>

#include "connection/callback_scope.hpp"
#include "connection/channel_state.hpp"

namespace drover::connection {

// Called under the lock. False when no thread can be started.
bool channel::state::start() noexcept {
  if (is_served || stopping) return true;
  try {
    service = std::thread{[this] { serve(); }};
    is_served = true;
  } catch (...) {
    return false;
  }
  if (with.at.sentinels.empty()) return true;
  try {
    sentinels = std::make_unique<sentinel_watch>(
        sentinels_of(with), [this](const host_port& primary) { leave_former_primary(primary); });
  } catch (...) {
    // Without it, the former primary is left when it ends its connections or refuses writes.
  }
  return true;
}

void channel::state::serve() {
  const callback_scope inside;
  locked lock{mutex};
  readiness came;
  for (;;) {
    run_timers(lock);
    run_alarm(lock);
    tell_finished(lock);
    if (live != nullptr) serve_link(lock, came);
    if (live != nullptr) look_for_another(*live);
    renew_login(lock);
    end_unneeded_link();
    close_if_broken(lock);
    come_to_rest();
    if (live == nullptr) go_on_connecting(lock, came);
    expire_parked(lock);
    if (stopping) break;
    const bool has_link = live != nullptr;
    readiness interest = attempt.interest();
    if (has_link) {
      const bool wants_room = live->late && !live->socket.writer_wants_input();
      interest = {live->reader == link::role::service, wants_room, !live->hung_up};
    }
    const bool ignores_link = has_link && !interest.input && !interest.output && !interest.hang_up;
    const auto* const watched = ignores_link ? nullptr
                                : has_link   ? &live->socket
                                             : attempt.socket();
    const auto until = next_moment();
    lock.unlock();
    came = wait_for(*service_bell, watched, interest, until);
    service_bell->hush();
    lock.lock();
  }
  shut_down(lock);
}

std::optional<steady_time> channel::state::next_moment() const {
  auto first = timers.next();
  const auto consider = [&first](steady_time when) {
    first = first ? std::min(*first, when) : when;
  };
  if (alarm_at != steady_time::max()) consider(alarm_at);
  if (!finished.empty()) consider(steady_time{});
  if (const slot* const oldest = parked.front()) {
    consider(static_cast<const pending*>(oldest)->parked_until);
  }
  if (live == nullptr) {
    if (attempt.is_running()) {
      consider(attempt.until());
    } else if (at != phase::idle) {
      consider(breaker.next_attempt());
    }
  } else {
    if (live->reader == link::role::service && live->traffic->due() > 0) {
      consider(live->watch.silent_at());
    }
    // A broken connection needs no other look. The thread that frees its last role rings the bell.
    if (live->look_at && !live->broken) consider(*live->look_at);
    if (!live->broken && renewal.due() != steady_time::max()) consider(renewal.due());
  }
  return first;
}

void channel::state::run_timers(locked& lock) {
  const auto since = now();
  while (!stopping) {
    auto task = timers.take_due(since);
    if (!task) return;
    lock.unlock();
    try {
      task();
    } catch (...) {
      // No caller could get the exception. The next timer runs.
    }
    task = nullptr;
    lock.lock();
  }
}

bool channel::state::set_alarm(steady_time when) noexcept {
  const locked lock{mutex};
  if (stopping || (when != steady_time::max() && !start())) return false;
  if (when < std::exchange(alarm_at, when)) service_bell->ring();
  return true;
}

void channel::state::run_alarm(locked& lock) {
  if (stopping || alarm_at == steady_time::max() || alarm_at > now()) return;
  alarm_at = steady_time::max();
  if (!to.alarm) return;
  lock.unlock();
  try {
    to.alarm();
  } catch (...) {
    // Ignore it, as for a timer.
  }
  lock.lock();
}

void channel::state::tell_all(locked& lock, slot_list& ended) {
  arrivals delivered;
  while (slot* const item = ended.pop_front()) delivered.ended.push_back(*item);
  if (delivered.ended.empty()) return;
  lock.unlock();
  static_cast<void>(deliver(delivered, nullptr));
  lock.lock();
}

void channel::state::end(pending& item, const fault& why, slot_list& into) noexcept {
  item.why = copy_of(why);
  item.at = slot::stage::ended;
  into.push_back(item);
}

void channel::state::tell_finished(locked& lock) { tell_all(lock, finished); }

void channel::state::expire_parked(locked& lock) {
  const fault too_late = fault_of(fault_code::unreachable, "no connection in time");
  slot_list late;
  const auto moment = now();
  while (parked.front() != nullptr) {
    auto& oldest = static_cast<pending&>(*parked.front());
    const bool is_hopeless = at == phase::open || stopping;
    if (!is_hopeless && oldest.parked_until > moment) break;
    unpark(oldest);
    end(oldest, at == phase::open ? refusal : too_late, late);
  }
  tell_all(lock, late);
}

void channel::state::unpark(pending& item) noexcept {
  parked.remove(item);
  --parked_count;
  parked_bytes -= item.request.size();
  item.at = slot::stage::apart;
}

bool channel::state::wants_to_read(const link& on) const noexcept {
  return on.traffic->due() > 0 || holds > 0 || on.hung_up;
}

// The work of the service thread on a connection that is up.
void channel::state::serve_link(locked& lock, readiness came) {
  link& on = *live;
  if (came.hang_up) on.hung_up = true;
  const bool may_write = std::exchange(on.may_write, false);
  if (on.late && !on.broken && (came.output || may_write)) write_out(on, lock);
  if (on.reader == link::role::nobody && !on.broken && (!on.writing || on.late) &&
      wants_to_read(on)) {
    on.reader = link::role::service;
  }
  if (on.reader == link::role::service) read_once(lock);
}

void channel::state::read_once(locked& lock) {
  link& on = *live;
  lock.unlock();
  const auto got = on.socket.receive(on.incoming);
  lock.lock();
  arrivals came;
  digest(on, got, came);
  lock.unlock();
  const bool went_well = deliver(came, nullptr);
  lock.lock();
  if (!went_well) break_off(on, health::loss::ended, fault_code::overloaded, handler_threw);
  hand_over(on, lock);
}

// Gives the reader role to a caller that needs it, because a caller that reads gets its reply
// without a thread switch.
void channel::state::hand_over(link& on, locked& lock) {
  const bool keeps = !on.broken && (holds > 0 || on.traffic->posted() > 0 || on.hung_up ||
                                    (on.traffic->blocking() == 0 && on.traffic->due() > 0));
  if (keeps) return;
  on.reader = link::role::nobody;
  if (on.broken) return;
  const void* const heir = pass_reader(on);
  if (heir == nullptr) return;
  lock.unlock();
  wake_word::wake(heir);
  lock.lock();
}

void channel::state::shut_down(locked& lock) {
  const fault why = fault_of(fault_code::unreachable, "the client is being destroyed");
  for (;;) {
    slot_list ended;
    while (parked.front() != nullptr) {
      auto& item = static_cast<pending&>(*parked.front());
      unpark(item);
      end(item, why, ended);
    }
    if (live != nullptr) {
      live->socket.close();
      live->socket.hang_up();
      slot_list due;
      live->traffic->fail_all(due);
      while (slot* const item = due.pop_front()) end(static_cast<pending&>(*item), why, ended);
    }
    while (slot* const item = finished.pop_front()) ended.push_back(*item);
    if (ended.empty()) {
      is_served = false;
      return;
    }
    tell_all(lock, ended);
  }
}

}  // namespace drover::connection
