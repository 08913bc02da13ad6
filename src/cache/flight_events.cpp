// SPDX-License-Identifier: MIT
// Events from the server: connections, pushes, and which clients are still connected.
#include <algorithm>
#include <utility>

#include <drover/failure.hpp>

#include "cache/flight_runner.hpp"

namespace drover::detail {

// Without memory for a list of flights, it finds them one after another.
template <class Predicate, class Act>
void flight_runner::for_flights(std::optional<std::string_view> value_key,
                                const Predicate& predicate, const Act& act) noexcept {
  const auto matches = [&](live_flight& flight) {
    mutex_.assert_held();
    return predicate(flight, std::as_const(in(flight).machine));
  };
  try {
    std::vector<flight_ptr> flights;
    {
      const guard_lock lock{mutex_};
      flights = value_key ? table_.of_key(*value_key) : table_.all(matches);
    }
    for (const flight_ptr& flight : flights) act(flight);
    return;
  } catch (const std::bad_alloc&) {
    // Continue without a list.
  }
  std::uint64_t visit = 0;
  while (true) {
    flight_ptr next;
    {
      const guard_lock lock{mutex_};
      if (visit == 0) visit = ++visits_;
      next = table_.find(value_key, [&](live_flight& flight) {
        mutex_.assert_held();
        return std::exchange(in(flight).visit, visit) != visit && matches(flight);
      });
    }
    if (!next) return;
    act(next);
  }
}

namespace {

constexpr auto every_flight = [](const live_flight&, const fetch::flight&) { return true; };

}  // namespace

void flight_runner::server_up(const store::redis_store& on, bool is_another_server) noexcept {
  const auto is_there = [&](const live_flight& flight) {
    return servers_->is_at(flight.names.value_key, on);
  };
  {
    const guard_lock lock{mutex_};
    holders_.connection_up();
  }
  if (is_another_server) {
    const auto all = [&](const live_flight& flight, const fetch::flight&) {
      return is_there(flight);
    };
    for_flights({}, all, [this](const flight_ptr& flight) {
      step(flight,
           [](fetch::flight& machine, fetch::actions& out) { machine.server_replaced(out); });
    });
    return;
  }
  // The leases of these flights name a connection that is gone.
  const auto holds = [&](const live_flight& flight, const fetch::flight& machine) {
    return machine.is_holder() && is_there(flight);
  };
  for_flights({}, holds, [this](const flight_ptr& flight) {
    step(flight, [](fetch::flight& machine, fetch::actions& out) { machine.renew_now(out); });
  });
}

void flight_runner::server_down(const store::redis_store& on) noexcept {
  const auto all = [&](const live_flight& flight, const fetch::flight&) {
    return servers_->is_at(flight.names.value_key, on);
  };
  for_flights({}, all, [this](const flight_ptr& flight) {
    step(flight, [](fetch::flight& machine, fetch::actions& out) { machine.connection_lost(out); });
  });
}

void flight_runner::slots_moved(const cluster::slot_set& moved) noexcept {
  const auto concerns = [&](const live_flight& flight, const fetch::flight& machine) {
    const bool asks_redis = machine.is_holder() ||
                            machine.now_in() == fetch::flight::state::waiting ||
                            machine.now_in() == fetch::flight::state::asking;
    return asks_redis && moved[cluster::slot_of(flight.names.value_key)];
  };
  for_flights({}, concerns, [this](const flight_ptr& flight) {
    step(flight, [](fetch::flight& machine, fetch::actions& out) {
      machine.renew_now(out);
      machine.woken(out);
    });
  });
}

void flight_runner::key_changed(std::string_view value_key) noexcept {
  for_flights(value_key, every_flight, [this](const flight_ptr& flight) {
    step(flight, [](fetch::flight& machine, fetch::actions& out) { machine.woken(out); });
  });
}

void flight_runner::everything_changed(const store::redis_store& on) noexcept {
  const auto waits = [&](const live_flight& flight, const fetch::flight& machine) {
    return machine.now_in() == fetch::flight::state::waiting &&
           servers_->is_at(flight.names.value_key, on);
  };
  for_flights({}, waits, [this](const flight_ptr& flight) {
    step(flight, [](fetch::flight& machine, fetch::actions& out) { machine.woken(out); });
  });
}

void flight_runner::key_was_invalidated(std::string_view value_key) noexcept {
  failures_.forget(value_key);
  for_flights(value_key, every_flight, [this](const flight_ptr& flight) {
    step(flight, [](fetch::flight& machine, fetch::actions& out) {
      machine.invalidated_here(out);
      machine.woken(out);
    });
  });
}

void flight_runner::give_up_leases(const std::shared_ptr<cache_part>& part) noexcept {
  const auto is_of = [&](const live_flight& f, const fetch::flight&) { return f.part == part; };
  for_flights({}, is_of, [this](const flight_ptr& flight) {
    step(flight, [&](fetch::flight& machine, fetch::actions& out) {
      machine.give_up_lease(out);
      if (flight->in_background && flight->waiters == 0) machine.abandoned(out);
    });
  });
}

void flight_runner::give_up_load(const cache_part& part, std::string_view key) noexcept {
  try {
    for_flights(part.keys.value_key(key), every_flight, [this](const flight_ptr& flight) {
      step(flight, [&](fetch::flight& machine, fetch::actions& out) {
        if (machine.now_in() != fetch::flight::state::loading) return;
        flight->result.failure = std::make_exception_ptr(
            load_failed{load_failed::reason::cancelled, machine.attempts() + 1, {}});
        machine.load_failed(entry::failure_class::cancelled, out);
      });
    });
  } catch (const std::bad_alloc&) {
    // Out of memory: these callers wait until `load_max`.
  }
}

void flight_runner::end_flights(const std::shared_ptr<cache_part>& part) noexcept {
  const auto is_of = [&](const live_flight& f, const fetch::flight&) { return f.part == part; };
  for_flights({}, is_of, [this](const flight_ptr& flight) {
    step(flight, [](fetch::flight& machine, fetch::actions& out) { machine.abandoned(out); });
  });
}

namespace {

std::uint64_t id_of(const live_flight& flight) noexcept {
  return reinterpret_cast<std::uintptr_t>(&flight);
}

}  // namespace

// Another flight of this process holds the lease, which names a former connection until it is
// renewed.
bool flight_runner::is_held_here(live_flight& waiting) {
  const entry::token holder = in(waiting).machine.holder();
  return table_.find(waiting.names.value_key, [&](live_flight& other) {
    mutex_.assert_held();
    const fetch::flight& machine = in(other).machine;
    return machine.is_holder() && machine.held() == holder;
  }) != nullptr;
}

void flight_runner::watch_holder(live_flight& flight) {
  live_flight::guarded& inside = in(flight);
  const std::uint64_t client = inside.machine.holder_client_id();
  const bool wants = client != 0 && !closing_ && !is_held_here(flight);
  // A LEASE that is sent during the wait does not end the wait.
  if (!wants && inside.holds_pushes_of != nullptr) return;
  if (!wants) {
    if (std::exchange(inside.is_watching, false)) holders_.unwatch(id_of(flight));
    return;
  }
  try {
    holders_.watch(id_of(flight), client, inside.machine.holder());
    inside.is_watching = true;
  } catch (...) {
    // Out of memory: the flight waits until the lease of the holder ends.
  }
}

void flight_runner::arm_holder_check() noexcept {
  std::optional<steady_time> at;
  {
    const guard_lock lock{mutex_};
    if (!closing_) at = holders_.arm(store::now());
  }
  if (!at) return;
  try {
    servers_->home().channel().schedule(*at, [this] { check_holders(); });
  } catch (...) {
    const guard_lock lock{mutex_};
    holders_.unanswered();
  }
}

void flight_runner::check_holders() noexcept {
  try {
    std::vector<std::uint64_t> clients;
    {
      const guard_lock lock{mutex_};
      clients = holders_.ask(servers_->home().client_id());
    }
    if (clients.empty()) return;
    servers_->holders(clients, [this, clients](const result<std::vector<std::uint64_t>>& alive) {
      holders_answered(clients, alive);
    });
  } catch (...) {
    const guard_lock lock{mutex_};
    holders_.unanswered();
  }
}

void flight_runner::holders_answered(const std::vector<std::uint64_t>& clients,
                                     const result<std::vector<std::uint64_t>>& alive) noexcept {
  std::vector<std::uint64_t> gone;
  bool is_refused = false;
  try {
    const guard_lock lock{mutex_};
    if (alive) {
      gone = holders_.answered(clients, *alive, store::now());
    } else if (alive.error().code == fault_code::unsupported) {
      is_refused = holders_.refused();
    } else {
      holders_.unanswered();
    }
  } catch (...) {
    // Out of memory: `arm_holder_check` asks again later.
  }
  if (is_refused) report_.tell_fault(alive.error(), nullptr, {});
  if (closing_) return;
  std::sort(gone.begin(), gone.end());
  const auto has_lost_its_holder = [&](const live_flight& flight, const fetch::flight&) {
    return std::binary_search(gone.begin(), gone.end(), id_of(flight));
  };
  if (!gone.empty()) {
    for_flights({}, has_lost_its_holder, [this](const flight_ptr& flight) {
      step(flight, [](fetch::flight& machine, fetch::actions& out) { machine.holder_gone(out); });
    });
  }
  arm_holder_check();
}

}  // namespace drover::detail
