// SPDX-License-Identifier: MIT
#include "cache/core.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <random>
#include <utility>

#include <drover/failure.hpp>

#include "base/random.hpp"
#include "cache/load_chain.hpp"

namespace drover::detail {

namespace {

std::uint64_t random_seed() {
  const entry::token bytes = random_token();
  std::uint64_t seed = 0;
  std::memcpy(&seed, bytes.bytes.data(), sizeof seed);
  return seed;
}

std::string letters_and_digits(std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuv";
  std::string out;
  for (int i = 0; i < 12; ++i, number >>= 5U) out += digits[number & 31U];
  return out;
}

connection::settings settings_of(const client_options& options, connection::endpoint at) {
  connection::settings with;
  with.at = std::move(at);
  with.connect_max = options.connect_max;
  with.silence_max = options.silence_max;
  with.reply_max = options.reply_max;
  with.spin = options.spin;
  with.seed = random_seed();
  return with;
}

}  // namespace

double draw() {
  thread_local base::seeded_random source{random_seed()};
  return source.next_unit();
}

entry::token random_token() {
  entry::token made;
  do {
    std::size_t have = 0;
    while (have < made.bytes.size()) {
      const ssize_t got = getrandom(made.bytes.data() + have, made.bytes.size() - have, 0);
      if (got > 0) {
        have += static_cast<std::size_t>(got);
      } else if (errno != EINTR) {  // a kernel without getrandom: the library's own device reader
        std::random_device device;
        for (char& byte : made.bytes) byte = static_cast<char>(device());
        break;
      }
    }
  } while (made.is_none());
  return made;
}

core::core(client_options options, connection::endpoint at)
    : options_{std::move(options)},
      canary_id_{letters_and_digits(random_seed())},
      failures_{options_.flights_max},
      journal_{options_.invalidations_max},
      pool_{options_.background_threads, options_.background_queue_max} {
  store_ = std::make_unique<store::redis_store>(
      settings_of(options_, std::move(at)),
      store::events{
          .up = [this](const connection::greeting& hello) { on_up(hello); },
          .down = [this](const fault& why) { on_down(why); },
          .changed = [this](std::string_view value_key) { on_changed(value_key); },
          .everything_changed = [this] { on_everything_changed(); },
          .waking = [this](store::wake_mode mode) { on_waking(mode); },
      });
}

core::~core() {
  closing_ = true;
  pool_.stop();
  // store_ goes first of all members, and points at its store until that has ended.
}

bool core::take_name(const std::string& name, std::uint32_t schema) {
  const std::scoped_lock lock{mutex_};
  return names_.emplace(name, schema).second;
}

void core::free_name(const std::string& name, std::uint32_t schema) {
  const std::scoped_lock lock{mutex_};
  names_.erase({name, schema});
}

fetch::flight_settings core::settings_for(const cache_part& of, const entry::token& refused) const {
  return {.lease_ttl = of.policy.lease_ttl,
          .load_max = of.policy.load_max,
          .refused = refused,
          .new_token = random_token};
}

flight_ptr core::open_flight(const std::string& value_key) {
  const auto at = flights_.find(value_key);
  if (at == flights_.end()) return nullptr;
  for (const flight_ptr& one : at->second) {
    if (one->machine.is_open()) return one;
  }
  return nullptr;
}

void core::enter(const flight_ptr& flight) {
  ++flight_count_;
  if (flight->solo) {
    solo_flights_.insert(flight);
  } else {
    flights_[flight->names.value_key].push_back(flight);
  }
}

std::optional<core::boarding> core::board(const boarding_request& request) {
  boarding made;
  fetch::actions todo;
  {
    const std::scoped_lock lock{mutex_};
    if (waiter_count_ >= options_.waiters_max) return std::nullopt;
    ++waiter_count_;
    const bool solo = request.solo || flight_count_ >= options_.flights_max;
    if (!solo) made.flight = open_flight(request.names.value_key);
    if (made.flight) {
      made.stamp = made.flight->machine.stamp();
      ++made.flight->waiters;
      return made;
    }
    made.flight = std::make_shared<live_flight>(request.of, request.names,
                                                settings_for(*request.of, request.refused));
    made.flight->solo = solo;
    made.flight->free_turn = load_chain::has_turn();
    made.flight->waiters = 1;
    made.flight->machine.remember_attempts(
        failures_.attempts(request.names.value_key, store::now()));
    enter(made.flight);
  }
  const bool bypass = request.how == beginning::bypass || made.flight->solo;
  step(made.flight, [&](fetch::flight& machine, fetch::actions& out) {
    if (bypass) {
      machine.start_bypass(out);
    } else {
      machine.start_cold(out);
    }
  });
  return made;
}

std::optional<core::boarding> core::begin_refresh(const refresh_request& request) {
  boarding made;
  {
    const std::scoped_lock lock{mutex_};
    const steady_time now = store::now();
    if (request.of->draining || flight_count_ >= options_.flights_max ||
        open_flight(request.names.value_key)) {
      return std::nullopt;
    }
    const auto quiet = quiet_until_.find(request.names.value_key);
    if (quiet != quiet_until_.end()) {
      if (quiet->second > now) return std::nullopt;
      quiet_until_.erase(quiet);
    }
    if (request.foreground && waiter_count_ >= options_.waiters_max) return std::nullopt;
    made.flight =
        std::make_shared<live_flight>(request.of, request.names, settings_for(*request.of, {}));
    made.flight->previous = request.previous;
    made.flight->early = request.early;
    made.flight->in_background = !request.foreground;
    made.flight->machine.remember_attempts(failures_.attempts(request.names.value_key, now));
    if (request.foreground) {
      ++waiter_count_;
      made.flight->waiters = 1;
    }
    enter(made.flight);
  }
  step(made.flight, [&](fetch::flight& machine, fetch::actions& out) {
    machine.start_refresh(request.base, request.servable_until, out);
  });
  return made;
}

void core::leave(const flight_ptr& flight) {
  --waiter_count_;
  if (flight->ended.load(std::memory_order_acquire)) {  // a thousand leave at once: no mutex
    --flight->waiters;
    return;
  }
  bool wake_another = false;
  {
    const std::scoped_lock lock{mutex_};
    --flight->waiters;
    if (flight->ended.load(std::memory_order_acquire)) return;
    if (flight->waiters > 0 || flight->in_background) {
      wake_another = flight->lead_offered.load();
      if (!wake_another) return;
    }
  }
  if (wake_another) {
    flight->word.wake_one();
    return;
  }
  step(flight, [&](fetch::flight& machine, fetch::actions& out) {
    if (flight->waiters == 0 && !flight->in_background) machine.abandoned(out);
  });
}

struct core::later {
  bool prove_wakes = false;
  bool watch_holders = false;
};

void core::step(const flight_ptr& flight,
                const std::function<void(fetch::flight&, fetch::actions&)>& event) {
  fetch::actions todo;
  later after;
  {
    const std::scoped_lock lock{mutex_};
    event(flight->machine, todo);
    after_step(flight, after);
  }
  perform(flight, todo);
  if (after.prove_wakes) now_waits(flight);
  if (after.watch_holders) arm_holder_check();
}

void core::after_step(const flight_ptr& flight, later& todo) {
  using state = fetch::flight::state;
  const state now_in = flight->machine.now_in();
  const bool waits = now_in == state::waiting;
  // A look in between is part of the wait: it neither lets go of the pushes nor starts polling
  // anew.
  const bool still_waits = waits || (now_in == state::asking && flight->holding_pushes);
  if (still_waits != flight->holding_pushes && !closing_) {
    flight->holding_pushes = still_waits;
    still_waits ? store_->channel().hold_pushes() : store_->channel().release_pushes();
    flight->poll_every = milliseconds{0};
  }
  if (!waits) flight->poll_at.reset();
  todo.prove_wakes = waits;
  todo.watch_holders = waits && flight->machine.holder_client_id() != 0;
  plan_timer(flight);
  if (flight->machine.now_in() != fetch::flight::state::ended) return;
  if (flight->solo) {
    flight_count_ -= solo_flights_.erase(flight);
    return;
  }
  const auto at = flights_.find(flight->names.value_key);
  if (at == flights_.end()) return;
  flight_count_ -= std::erase(at->second, flight);
  if (at->second.empty()) flights_.erase(at);
}

void core::plan_timer(const flight_ptr& flight) {
  if (closing_) return;
  std::optional<steady_time> due = flight->machine.due();
  if (flight->poll_at && (!due || *flight->poll_at < *due)) due = flight->poll_at;
  if (due == flight->timer_at) return;
  if (flight->timer_at) store_->channel().cancel(flight->timer);
  flight->timer_at = due;
  if (!due) return;
  const std::uint64_t turn = ++flight->timer_turn;
  flight->timer = store_->channel().schedule(*due, [this, flight, turn] { on_time(flight, turn); });
}

void core::on_time(const flight_ptr& flight, std::uint64_t turn) {
  step(flight, [&](fetch::flight& machine, fetch::actions& out) {
    if (turn != flight->timer_turn) return;  // replaced while it was about to run
    const steady_time now = store::now();
    flight->timer_at.reset();
    if (flight->poll_at && *flight->poll_at <= now) {
      flight->poll_at.reset();
      machine.woken(out);
    }
    if (machine.is_load_over(now)) {
      flight->load_time = now - flight->load_began;
      flight->pause = entry::failure_pause(flight->load_time, machine.attempts() + 1, draw());
      flight->failure = std::make_exception_ptr(
          load_failed{load_failed::reason::timed_out, machine.attempts() + 1, flight->pause});
    }
    machine.on_time(now, out);
  });
}

std::optional<fetch::remembered_failure> core::failure_of(std::string_view value_key) {
  const std::scoped_lock lock{mutex_};
  return failures_.find(value_key, store::now());
}

void core::tell(const event& what, counters* on) {
  if (!options_.observed_by) return;
  try {
    options_.observed_by->seen(what);
  } catch (...) {
    if (on != nullptr) counters::add(on->observer_faults);
  }
}

void core::tell(event_kind what, const live_flight& of, duration took, std::string_view text) {
  const bool superseded = what == event_kind::lease_lost || what == event_kind::fill_refused;
  tell({.what = what,
        .cache = of.of->keys.name(),
        .key = of.names.key,
        .took = took,
        .code = superseded ? fault_code::superseded : fault_code::unreachable,
        .text = text},
       &of.of->counted);
}

void core::tell_fault(const fault& why, cache_part* of, std::string_view key) {
  if (of != nullptr) of->counted.add_fault(why.code);
  if (why.code == fault_code::unsupported) {
    // Said once a minute: it is a setting, and it does not go away by itself.
    const auto minute = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::minutes>(store::now().time_since_epoch()).count() +
        1);
    if (unsupported_told_.exchange(minute) == minute) return;
  }
  tell({.what = event_kind::fault_seen,
        .cache = of != nullptr ? std::string_view{of->keys.name()} : std::string_view{},
        .key = key,
        .code = why.code,
        .text = why.text},
       of != nullptr ? &of->counted : nullptr);
}

}  // namespace drover::detail
