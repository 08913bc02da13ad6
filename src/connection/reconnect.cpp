// SPDX-License-Identifier: MIT
// How the service thread gets a connection: it connects, calls the handlers, ends a broken
// connection, and looks for another server. These functions must not throw: without memory an
// attempt fails.
#include <algorithm>
#include <utility>

#include "connection/channel_state.hpp"
#include "connection/moments.hpp"

namespace drover::connection {
namespace {

constexpr milliseconds idle_poll{10};

}  // namespace

// Ends a broken connection once no thread writes or reads on it.
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
  if (breaker.is_open()) open_breaker(gone->why);
  renewal.disconnected();
  slot_list ended;
  gone->traffic->fail_all(ended);
  for (slot* item = ended.front(); item != nullptr; item = item->next) {
    static_cast<pending*>(item)->why = copy_of(gone->why);
  }
  tell_all(lock, ended);
  if (!to.down) return;
  lock.unlock();
  try {
    to.down(gone->why);
  } catch (...) {
    // Ignore it: the connection is already down.
  }
  lock.lock();
}

void channel::state::open_breaker(const fault& why) noexcept {
  refusal = copy_of(why);
  at = phase::open;
  available.store(false, std::memory_order_release);
}

void channel::state::go_on_connecting(locked& lock, readiness came) {
  if (at == phase::idle || stopping) return;
  const auto moment = now();
  if (!attempt.is_running()) {
    if (moment < breaker.next_attempt()) return;
    breaker.begins(moment);
    attempt.begin(moment);
    came = {};
  }
  lock.unlock();
  auto ended = attempt.step(came, moment);
  lock.lock();
  if (!ended) return;
  if (!*ended) return fail_attempt(lock, std::move(ended->error()));
  come_up(lock, std::move(**ended));
}

void channel::state::fail_attempt(locked& lock, fault why) {
  breaker.refused(now());
  open_breaker(why);
  if (!to.refused) return;
  lock.unlock();
  try {
    to.refused(why);
  } catch (...) {
    // Ignore it: the attempt has already failed.
  }
  lock.lock();
}

void channel::state::come_up(locked& lock, connected fresh) {
  std::unique_ptr<link> next;
  try {
    next = std::make_unique<link>(with.silence_max);
    const bool has_run_id = !fresh.hello.run_id.empty();
    if (has_run_id) {
      fresh.hello.is_another_server = !last_run_id.empty() && last_run_id != fresh.hello.run_id;
      last_run_id = fresh.hello.run_id;
    }
    const bool is_unknown = connections > 0 && !(has_run_id && last_run_id_is_known);
    fresh.hello.may_be_another_server = fresh.hello.is_another_server || is_unknown;
    last_run_id_is_known = has_run_id;
    if (!fresh.hello.role.empty()) {
      fresh.hello.has_new_role = !last_role.empty() && last_role != fresh.hello.role;
      last_role = fresh.hello.role;
    }
  } catch (...) {
    return fail_attempt(lock, fault_of(fault_code::overloaded, "no memory for a connection"));
  }
  breaker.connected(now());
  live = std::move(next);
  live->socket = std::move(fresh.socket);
  live->where = std::move(fresh.where);
  live->traffic = std::move(fresh.traffic);
  live->reader = link::role::service;
  live->writing = true;
  at = phase::connecting;
  if (attempt.logins() != nullptr) {
    renewal.connected(fresh.who.asked, fresh.who.login.renew_after);
    login_end.reset();
  }
  // In a cluster the other nodes say who is the primary.
  is_replica =
      !fresh.hello.is_in_cluster && !fresh.hello.role.empty() && fresh.hello.role != "master";
  if (is_replica) {
    live->look_at = std::max(breaker.next_look(), after(now(), with.back_off_min));
    live->look_by = after(*live->look_at, with.back_off_max);
  }
  fresh.hello.epoch = ++connections;
  epoch.store(connections, std::memory_order_release);
  client_id.store(fresh.hello.client_id, std::memory_order_release);
  const bool went_well = greet(lock, fresh);
  slot_list refused;
  send_parked(fresh.hello.is_another_server, refused);
  if (!live->broken) at = phase::up;
  available.store(true, std::memory_order_release);
  if (!went_well) break_off(*live, health::loss::ended, fault_code::overloaded, handler_threw);
  write_out(*live, lock);
  tell_all(lock, refused);
  hand_over(*live, lock);
}

// Calls the handlers of the new connection. False: a handler threw.
bool channel::state::greet(locked& lock, const connected& fresh) {
  greeting_now = true;
  lock.unlock();
  bool went_well = true;
  try {
    if (to.up) to.up(fresh.hello);
    for (const auto& push : fresh.pushes) {
      if (to.push) to.push(push);
    }
  } catch (...) {
    went_well = false;
  }
  lock.lock();
  greeting_now = false;
  return went_well;
}

void channel::state::send_parked(bool is_another_server, slot_list& refused) {
  const fault other =
      fault_of(fault_code::superseded, "the server has restarted, or is another one");
  while (parked.front() != nullptr) {
    auto& item = static_cast<pending&>(*parked.front());
    unpark(item);
    if (is_another_server && item.manner.bound_to_server) {
      end(item, other, refused);
      continue;
    }
    try {
      if (const auto why = append(item)) end(item, *why, refused);
    } catch (...) {
      end(item, fault_of(fault_code::overloaded, "no memory for a request"), refused);
    }
  }
}

void channel::state::distrust(std::uint64_t which, const fault& why) noexcept {
  const locked lock{mutex};
  if (live == nullptr || live->broken || which == 0 || which != epoch.load()) return;
  const bool lies = why.code == fault_code::corrupt;
  if (lies) return break_off(*live, health::loss::distrusted, why.code, why.text);
  live->is_doubted = true;
  if (live->look_at && *live->look_at <= breaker.next_look()) return;
  live->look_at = breaker.next_look();
  service_bell->ring();
}

// Sentinels have named a new primary. A host name cannot be compared: then it costs a connection.
void channel::state::leave_former_primary(const host_port& primary) {
  const std::optional<address> where = numeric_address(primary.host, primary.port);
  std::uint64_t which = 0;
  {
    const locked lock{mutex};
    if (live == nullptr || (where && where->bytes == live->where.bytes)) return;
    which = connections;
  }
  distrust(which, {fault_code::unreachable, "the sentinels have named another primary"});
}

// Gives the connection up to look for another server. A replica may become the master, or the name
// may lead to another server, and only a new connection shows that. Unless the layer above
// distrusts the server, this waits until no reply is due, but not longer than `look_by`. An unused
// connection is kept.
void channel::state::look_for_another(link& on) noexcept {
  if (on.broken || !on.look_at) return;
  const auto moment = now();
  if (moment < *on.look_at) return;
  const bool is_cheap = on.traffic->due() == 0 || moment >= on.look_by;
  if (on.is_doubted || (on.answered && is_cheap)) {
    break_off(on, health::loss::distrusted, fault_code::unreachable,
              "looking for the master: this server refuses writes or is a replica");
  } else {
    on.look_at = after(moment, on.answered ? idle_poll : with.back_off_max);
  }
}

void channel::state::end_unneeded_link() noexcept {
  if (!is_to_rest || live == nullptr || live->broken || live->traffic->due() > 0) return;
  if (live->reader == link::role::service) live->reader = link::role::nobody;
  break_off(*live, health::loss::ended, fault_code::unreachable, "it is not needed any more");
}

void channel::state::come_to_rest() noexcept {
  const bool is_quiet = live == nullptr && !attempt.is_running() && parked.front() == nullptr;
  if (!is_to_rest || !is_quiet || stopping) return;
  is_to_rest = false;
  at = phase::idle;
  available.store(true, std::memory_order_release);
}

reachability channel::state::reached() {
  const locked lock{mutex};
  const auto known = reached_state();
  if (at == phase::open) return {known, refusal.text};
  return {known, known == reachability::state::refused ? "the server is a replica" : ""};
}

// Called under the lock.
reachability::state channel::state::reached_state() const noexcept {
  using known = reachability::state;
  if (at == phase::open) {
    return refusal.code == fault_code::unsupported ? known::refused : known::away;
  }
  if (connections == 0) return known::unknown;
  return is_replica ? known::refused : known::available;
}

}  // namespace drover::connection
