// SPDX-License-Identifier: MIT
// The service thread: connects, runs timers, writes what the socket did not take, and reads while
// nobody else does and somebody needs it.
#include <algorithm>
#include <utility>

#include "connection/channel_state.hpp"

namespace drover::connection {

// Under the lock. Throws std::system_error when no thread can be started.
void channel::state::start() {
  if (!service.joinable() && !stopping) service = std::thread{[this] { serve(); }};
}

void channel::state::serve() {
  locked lock{mutex};
  readiness came;
  for (;;) {
    run_timers(lock);
    tell_finished(lock);
    if (live != nullptr) serve_link(lock, came);
    close_if_broken(lock);
    if (live == nullptr) go_on_connecting(lock, came);
    expire_parked(lock);
    if (stopping) break;
    const bool has_link = live != nullptr;
    readiness asked = attempt.asked();
    if (has_link) asked = {live->reader == link::role::service, live->late, !live->hung_up};
    const bool ignores_link = has_link && !asked.input && !asked.output && !asked.hang_up;
    const auto* const watched = ignores_link ? nullptr
                                : has_link   ? &live->socket
                                             : attempt.socket();
    const auto until = next_moment();
    lock.unlock();
    came = wait_for(*service_bell, watched, asked, until);
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
  } else if (live->reader == link::role::service && live->traffic->due() > 0) {
    consider(live->quiet_since.load(std::memory_order_relaxed) + with.silence_max);
  }
  return first;
}

void channel::state::run_timers(locked& lock) {
  const auto since = now();
  while (!stopping) {
    auto what = timers.take_due(since);
    if (!what) return;
    lock.unlock();
    try {
      what();
    } catch (...) {
      // A timer has nobody to tell; the next one runs.
    }
    what = nullptr;
    lock.lock();
  }
}

void channel::state::tell_all(locked& lock, slot_list& ended) {
  arrivals told;
  while (slot* const item = ended.pop_front()) told.ended.push_back(*item);
  if (told.ended.empty()) return;
  lock.unlock();
  static_cast<void>(deliver(told, nullptr));
  lock.lock();
}

void channel::state::end(pending& item, const fault& why, slot_list& into) {
  item.why = why;
  item.at = slot::stage::ended;
  into.push_back(item);
}

void channel::state::tell_finished(locked& lock) { tell_all(lock, finished); }

void channel::state::expire_parked(locked& lock) {
  slot_list late;
  const auto moment = now();
  while (parked.front() != nullptr) {
    auto& oldest = static_cast<pending&>(*parked.front());
    const bool is_hopeless = at == phase::open || stopping;
    if (!is_hopeless && oldest.parked_until > moment) break;
    unpark(oldest);
    static const fault too_late{fault_code::unreachable, "no connection in time"};
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

// A broken connection ends here, once nobody writes or reads on it.
void channel::state::close_if_broken(locked& lock) {
  if (live == nullptr || !live->broken) return;
  if (live->late) {
    live->late = false;
    live->writing = false;
  }
  if (live->writing || live->reader != link::role::nobody) return;
  const auto gone = std::move(live);
  const auto before = gone->answered             ? health::use::answered
                      : gone->traffic->due() > 0 ? health::use::unanswered
                                                 : health::use::unasked;
  breaker.lost(*gone->broken, before, now());
  if (breaker.is_open()) {
    refusal = gone->why;
    at = phase::open;
    available.store(false, std::memory_order_release);
  }
  slot_list ended;
  gone->traffic->fail_all(ended);
  for (slot* item = ended.front(); item != nullptr; item = item->next) {
    static_cast<pending*>(item)->why = gone->why;
  }
  tell_all(lock, ended);
  if (!to.down) return;
  lock.unlock();
  try {
    to.down(gone->why);
  } catch (...) {
    // The connection is down already.
  }
  lock.lock();
}

void channel::state::go_on_connecting(locked& lock, readiness came) {
  if (at == phase::idle || stopping) return;
  const auto moment = now();
  if (!attempt.is_running()) {
    if (moment < breaker.next_attempt()) return;
    attempt.begin(moment);
    came = {};
  }
  lock.unlock();
  auto ended = attempt.step(came, moment);
  lock.lock();
  if (!ended) return;
  if (*ended) return come_up(lock, std::move(**ended));
  breaker.refused(now());
  refusal = ended->error();
  at = phase::open;
  available.store(false, std::memory_order_release);
}

void channel::state::come_up(locked& lock, connected fresh) {
  breaker.connected(now());
  live = std::make_unique<link>();
  live->socket = std::move(fresh.socket);
  live->traffic = std::move(fresh.traffic);
  live->reader = link::role::service;
  live->writing = true;
  at = phase::connecting;
  greeting_now = true;
  fresh.said.epoch = ++connections;
  epoch.store(connections, std::memory_order_release);
  client_id.store(fresh.said.client_id, std::memory_order_release);
  lock.unlock();
  bool went_well = true;
  try {
    if (to.up) to.up(fresh.said);
    for (const auto& push : fresh.pushes) {
      if (to.push) to.push(push);
    }
  } catch (...) {
    went_well = false;
  }
  lock.lock();
  greeting_now = false;
  slot_list refused;
  while (parked.front() != nullptr) {
    auto& item = static_cast<pending&>(*parked.front());
    unpark(item);
    if (const auto why = append(item)) end(item, *why, refused);
  }
  at = phase::up;
  available.store(true, std::memory_order_release);
  if (!went_well) break_off(*live, health::loss::ended, fault_code::overloaded, handler_threw);
  write_out(*live, lock);
  tell_all(lock, refused);
  hand_over(*live, lock);
}

bool channel::state::wants_to_read(const link& on) const noexcept {
  return on.traffic->due() > 0 || holds > 0 || on.hung_up;
}

// The service thread's part of a connection that is up.
void channel::state::serve_link(locked& lock, readiness came) {
  link& on = *live;
  if (came.hang_up) on.hung_up = true;
  if (on.late && !on.broken && came.output) write_out(on, lock);
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

// Gives the reader role to those who need it more: a caller knows at once when its reply is there.
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
  const fault why{fault_code::unreachable, "the client is being destroyed"};
  for (;;) {
    slot_list ended;
    while (parked.front() != nullptr) {
      auto& item = static_cast<pending&>(*parked.front());
      unpark(item);
      end(item, why, ended);
    }
    if (live != nullptr) {
      live->socket.hang_up();
      slot_list due;
      live->traffic->fail_all(due);
      while (slot* const item = due.pop_front()) end(static_cast<pending&>(*item), why, ended);
    }
    while (slot* const item = finished.pop_front()) ended.push_back(*item);
    if (ended.empty()) return;
    tell_all(lock, ended);
  }
}

}  // namespace drover::connection
