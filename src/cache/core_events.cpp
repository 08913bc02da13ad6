// SPDX-License-Identifier: MIT
// What the server tells: connections, pushes, who is still connected.
#include <algorithm>
#include <utility>

#include "cache/core.hpp"

namespace drover::detail {

namespace {

constexpr milliseconds holder_check_every{20};
constexpr milliseconds holder_gone_after{15};

}  // namespace

template <class Wanted>
std::vector<flight_ptr> core::flights_where(const Wanted& wanted) {
  std::vector<flight_ptr> out;
  const std::scoped_lock lock{mutex_};
  for (const auto& [key, flights] : flights_) {
    for (const flight_ptr& one : flights) {
      if (wanted(*one)) out.push_back(one);
    }
  }
  for (const flight_ptr& one : solo_flights_) {
    if (wanted(*one)) out.push_back(one);
  }
  return out;
}

void core::on_up(const connection::greeting& hello) {
  bool another_server = false;
  std::vector<fetch::invalidation_journal::due> again;
  {
    const std::scoped_lock lock{mutex_};
    another_server = !run_id_.empty() && (run_id_ != hello.run_id || role_ != hello.role);
    run_id_ = hello.run_id;
    role_ = hello.role;
    holder_check_refused_ = false;
    again = journal_.replay(another_server, store::now());
  }
  // Leases first: they name a connection that is gone.
  for (const flight_ptr& one :
       flights_where([](const live_flight& f) { return f.machine.is_holder(); })) {
    perform_one(one, {.what = fetch::action_kind::send_renew, .attempt = one->machine.held()});
  }
  for (fetch::invalidation_journal::due& one : again) {
    store_->invalidate_later(one.keys, [this, one](const result<bool>& done) {
      if (done) invalidation_acknowledged(one.which);
    });
  }
  tell({.what = event_kind::connection_up, .text = hello.version}, nullptr);
}

void core::on_down(const fault& why) {
  for (const flight_ptr& one : flights_where([](const live_flight&) { return true; })) {
    step(one, [](fetch::flight& machine, fetch::actions& out) { machine.connection_lost(out); });
  }
  tell({.what = event_kind::connection_down, .code = why.code, .text = why.text}, nullptr);
}

void core::on_changed(std::string_view value_key) {
  std::vector<flight_ptr> waiting;
  {
    const std::scoped_lock lock{mutex_};
    const auto at = flights_.find(std::string{value_key});
    if (at == flights_.end()) return;
    waiting = at->second;
  }
  for (const flight_ptr& one : waiting) {
    step(one, [](fetch::flight& machine, fetch::actions& out) { machine.woken(out); });
  }
}

void core::on_everything_changed() {
  for (const flight_ptr& one : flights_where([](const live_flight& f) {
         return f.machine.now_in() == fetch::flight::state::waiting;
       })) {
    step(one, [](fetch::flight& machine, fetch::actions& out) { machine.woken(out); });
  }
}

void core::on_waking(store::wake_mode mode) {
  event_kind what = event_kind::wake_by_push;
  if (mode == store::wake_mode::channel) what = event_kind::wake_by_channel;
  if (mode == store::wake_mode::polling) what = event_kind::wake_by_polling;
  tell({.what = what}, nullptr);
  if (mode != store::wake_mode::push) on_everything_changed();  // they begin to poll or to listen
}

void core::arm_holder_check() {
  {
    const std::scoped_lock lock{mutex_};
    if (holder_check_armed_ || holder_check_refused_ || closing_) return;
    holder_check_armed_ = true;
  }
  store_->channel().schedule(store::now() + holder_check_every, [this] { check_holders(); });
}

void core::check_holders() {
  const std::uint64_t self = store_->client_id();
  std::vector<std::uint64_t> asked;
  {
    const std::scoped_lock lock{mutex_};
    for (const auto& [key, flights] : flights_) {
      for (const flight_ptr& one : flights) {
        const std::uint64_t id = one->machine.holder_client_id();
        if (id != 0 && id != self) asked.push_back(id);
      }
    }
    if (asked.empty()) holder_check_armed_ = false;
  }
  if (asked.empty()) return;
  std::sort(asked.begin(), asked.end());
  asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
  store_->holders(asked, [this, asked](const result<std::vector<std::uint64_t>>& alive) {
    holders_told(asked, alive);
  });
}

void core::holders_told(const std::vector<std::uint64_t>& asked,
                        const result<std::vector<std::uint64_t>>& alive) {
  bool refused = false;
  {
    const std::scoped_lock lock{mutex_};
    holder_check_armed_ = false;
    if (!alive && alive.error().code == fault_code::unsupported) {
      refused = !std::exchange(holder_check_refused_, true);
    }
  }
  if (refused) tell_fault(alive.error(), nullptr, {});
  if (closing_) return;
  const steady_time now = store::now();
  bool still_waiting = false;
  for (const flight_ptr& one :
       flights_where([](const live_flight& f) { return f.machine.holder_client_id() != 0; })) {
    still_waiting = true;
    if (!alive) continue;
    step(one, [&](fetch::flight& machine, fetch::actions& out) {
      const std::uint64_t id = machine.holder_client_id();
      const bool was_asked = std::binary_search(asked.begin(), asked.end(), id);
      if (id == 0 || !was_asked) return;
      if (std::binary_search(alive->begin(), alive->end(), id)) {
        one->suspect_client = 0;
      } else if (one->suspect_client != id || one->suspect != machine.holder()) {
        one->suspect_client = id;
        one->suspect = machine.holder();
        one->suspected_at = now;
      } else if (now - one->suspected_at >= holder_gone_after) {
        one->suspect_client = 0;
        machine.holder_gone(out);
      }
    });
  }
  if (still_waiting) arm_holder_check();
}

void core::key_was_invalidated(const std::vector<std::string>& value_keys) {
  for (const std::string& value_key : value_keys) {
    std::vector<flight_ptr> of_key;
    {
      const std::scoped_lock lock{mutex_};
      failures_.forget(value_key);
      const auto at = flights_.find(value_key);
      if (at != flights_.end()) of_key = at->second;
    }
    for (const flight_ptr& one : of_key) {
      step(one, [](fetch::flight& machine, fetch::actions& out) {
        machine.invalidated_here(out);
        machine.woken(out);
      });
    }
  }
}

fetch::invalidation_journal::number core::note_invalidation(std::vector<std::string> keys) {
  const std::scoped_lock lock{mutex_};
  return journal_.add(std::move(keys), false, store::now());
}

void core::invalidation_acknowledged(fetch::invalidation_journal::number which) {
  const std::scoped_lock lock{mutex_};
  journal_.acknowledged(which, store::now());
}

void core::give_up_leases(const std::shared_ptr<cache_part>& of) {
  pool_.cancel(of.get());
  for (const flight_ptr& one : flights_where([&](const live_flight& f) { return f.of == of; })) {
    step(one, [&](fetch::flight& machine, fetch::actions& out) {
      machine.give_up_lease(out);
      // What the pool was to run will not run.
      if (one->in_background) machine.abandoned(out);
    });
  }
}

void core::end_flights(const std::shared_ptr<cache_part>& of) {
  for (const flight_ptr& one : flights_where([&](const live_flight& f) { return f.of == of; })) {
    step(one, [](fetch::flight& machine, fetch::actions& out) { machine.abandoned(out); });
  }
}

}  // namespace drover::detail
