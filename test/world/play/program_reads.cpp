// SPDX-License-Identifier: MIT
// The reads of a simulated program, and what it expects when all faults are over.
#include <algorithm>
#include <thread>

#include "world/play/program.hpp"
#include "world/play/sabotage.hpp"

namespace drover::world {

using namespace std::chrono_literals;

void program::begin_call(running_call& call) {
  in_.count_get(call.of, 1);
  running_calls_.push_back(&call);
  count_beside();
}

void program::end_call(const running_call& call) {
  std::erase(running_calls_, &call);
  in_.count_get(call.of, -1);
}

void program::count_beside() {
  for (running_call* const call : running_calls_)
    call->beside = std::max(call->beside, running_calls_.size() + loads_running_);
}

std::optional<refused::reason> program::read(const planned_call& planned,
                                             const call_options& limits, std::uint32_t floor) {
  std::optional<refused::reason> refused_for;
  running_call call{.of = {planned.cache, planned.key},
                    .began = in_.system.now(),
                    .floor = floor,
                    .deadline = planned.deadline,
                    .has_stop = limits.stop.stop_possible(),
                    .has_own_loader = planned.is == planned_call::kind::get_or_load,
                    .thread = in_.system.running().number};
  begin_call(call);
  try {
    fetch(call, limits);
  } catch (const origin_failed& failure) {
    in_.add(overlap::load_failed);
    check_failure(call, failure.load);
  } catch (const load_failed& failure) {
    in_.add(overlap::load_failed);
    check_failure(call, failure.why());
    check_text(call, failure.what());
  } catch (const refused& refusal) {
    ++counts_[planned.cache].refused;
    refused_for = refusal.why();
    check_refusal(call, refusal.why(), limits.stop.stop_requested());
  } catch (const std::exception& other) {
    in_.report("exception", name_of(call.of) + ": " + other.what());
  }
  end_call(call);
  return refused_for;
}

void program::fetch(running_call& call, const call_options& limits) {
  const row of = call.of;
  const std::string key = key_text(of.key);
  misbehave_in_a_call(in_, of);
  if (call.has_own_loader) {
    const auto loader = [&](std::string_view name, drover::load& run) {
      return load(of.cache, name, run);
    };
    const auto value = caches_[of.cache]->get_or_load(key, loader, limits);
    ++counts_[of.cache].unknown;
    return check_value(of, call.floor, call.began, value, std::nullopt);
  }
  const auto got = caches_[of.cache]->fetch(key, limits);
  if (got.how == served::fresh) ++counts_[of.cache].fresh;
  if (got.how == served::stale) ++counts_[of.cache].stale;
  if (got.how == served::stale) in_.add(overlap::stale_served);
  if (got.how == served::bypassed) in_.add(overlap::bypassed);
  if (got.how == served::bypassed) ++bypassed_;
  const served how = spoil(in_.planned.wrong, got.how);
  check_replica(call, how);
  check_value(of, call.floor, call.began, spoil(in_, of, got.value), how);
}

// What `peek` returns is stored, and at most stale.
bool program::is_peeked(row of) {
  const std::uint32_t floor = in_.database.floor(of);
  const virtual_time began = in_.system.now();
  const auto value = caches_[of.cache]->peek(key_text(of.key));
  if (value) check_value(of, floor, began, value, served::stale);
  return value.has_value();
}

void program::compare_at_the_end() {
  if (!in_.planned.compares_at_the_end) return;
  const auto end = in_.planned.faults_end + in_.planned.settle;
  if (in_.now() < end) std::this_thread::sleep_for(end - in_.now());
  for (unsigned cache = 0; cache < cache_count; ++cache) {
    for (unsigned key = 0; key < in_.planned.keys; ++key) {
      read_at_the_end({cache, key});
      check_repeated({cache, key});
      expect_hit({cache, key});
    }
  }
  const row last{0, last_key};
  try {
    const auto got = caches_[0]->fetch(key_text(last_key));
    if (got.how == served::fresh) ++counts_[0].fresh;
    if (got.how == served::stale) ++counts_[0].stale;
    check_value(last, 0, in_.system.now(), got.value, got.how);
    if (!got.value) in_.report("recovery", "the last key has no value");
    const bool may_bypass = in_.planned.options.flights_max == 1 ||
                            in_.planned.options.key_max < key_text(last_key).size();
    if (got.how == served::bypassed && !may_bypass)
      in_.report("recovery", "process " + std::to_string(number_) + " still bypasses Redis");
  } catch (const refused& refusal) {
    ++counts_[0].refused;
    const bool may_be_refused = in_.planned.policy.wait_max > 0ms;
    if (!may_be_refused) in_.report("recovery", std::string{"the last key: "} + refusal.what());
  } catch (const std::exception& failure) {
    in_.report("recovery", std::string{"the last key: "} + failure.what());
  }
}

void program::check_availability(const drover::client& of) {
  // What a withdrawn permission refused stays refused until it is tried again. No key is ever
  // tried if all are too long.
  if (!in_.planned.compares_at_the_end || in_.planned.options.key_max < 2 ||
      in_.planned.has_fault(planned_fault::kind::no_permission))
    return;
  const auto is_well = [](const availability_report& seen) {
    return seen.state == availability::available || seen.state == availability::unknown;
  };
  availability_report now = of.availability();
  for (int tries = 0; tries < 8 && !is_well(now); ++tries) {
    static_cast<void>(is_peeked({0, 0}));
    std::this_thread::sleep_for(1s);
    now = of.availability();
  }
  if (!is_well(now))
    in_.report("recovery", "process " + std::to_string(number_) + " finds its server " +
                               std::string{to_string(now.state)} + ": " + now.reason);
}

// Every change has reached this process, also those whose invalidation failed at first.
void program::read_at_the_end(row of) {
  std::uint32_t floor = in_.database.floor(of);
  for (const auto& pending : in_.pending) {
    // A process that could start no thread for its client sends it with its next call.
    const bool is_unsent = in_.planned.has_fault(planned_fault::kind::no_threads) &&
                           !in_.connections[pending.process].has_been_up;
    const bool goes_on = in_.processes[pending.process - 1]->is_alive && !is_unsent &&
                         in_.planned.options.invalidations_max > 100;
    if (pending.of == of && goes_on) floor = std::max(floor, pending.version);
  }
  static_cast<void>(read({.is = planned_call::kind::get,
                          .cache = of.cache,
                          .key = of.key,
                          .deadline = {},
                          .stop_after = {}},
                         {}, floor));
}

// Values that live only for some round trips may end before the next read, and a clock that was set
// back makes a marker of a value that must not be stored last longer.
bool program::expects_hits() const {
  const drover::policy& policy = in_.planned.policy;
  const client_options& options = in_.planned.options;
  const client_options usual;
  const auto shortest = std::chrono::duration_cast<microseconds>(
      std::min<duration>(policy.ttl, 50ms) * (1 - policy.ttl_jitter));
  const bool keeps_markers = in_.planned.loader.unstored > 0 &&
                             in_.planned.has_fault(planned_fault::kind::step_server_clock);
  // What is stored after a restart and before the clock has passed its time again looks older.
  const bool starts_in_the_future = in_.planned.restarts_server() &&
                                    in_.planned.has_fault(planned_fault::kind::step_server_clock);
  // A damaged failure stays until its pause ends.
  const bool keeps_failures = in_.planned.has_fault(planned_fault::kind::damage) &&
                              in_.planned.has_fault(planned_fault::kind::step_server_clock);
  return !keeps_markers && !starts_in_the_future && !keeps_failures &&
         shortest > 20 * in_.longest_delay() && options.flights_max > 1 &&
         options.waiters_max > 100 && options.key_max == usual.key_max &&
         options.value_max > 1000 && policy.wait_max == 0ms;
}

// The first tries may meet the failure of an earlier load, or a load that began before the end.
void program::expect_hit(row of) {
  if (!expects_hits()) return;
  std::string last;
  for (int tries = 0; tries < 12; ++tries) {
    const std::uint32_t floor = in_.database.floor(of);
    const virtual_time began = in_.system.now();
    try {
      const auto got = caches_[of.cache]->fetch(key_text(of.key));
      if (got.how == served::fresh) ++counts_[of.cache].fresh;
      if (got.how == served::stale) ++counts_[of.cache].stale;
      check_value(of, floor, began, got.value, got.how);
      if (got.how == served::fresh || got.how == served::stale) return;
      last = to_string(got.how);
    } catch (const refused& refusal) {
      ++counts_[of.cache].refused;
      last = refusal.what();
    } catch (const std::exception& failure) {
      last = failure.what();
    }
    // A process that has used no connection since a replica was promoted notices it now.
    if (tries % 3 == 2) std::this_thread::sleep_for(1s);
  }
  in_.report("recovery", name_of(of) + " is not served from Redis by process " +
                             std::to_string(number_) + "; the last try: " + last);
}

}  // namespace drover::world
