// SPDX-License-Identifier: MIT
// Runs the user's loader and handles its result. Exceptions of the loader and of the codec are
// caught in this file, and nowhere between this file and the caller.
#include <chrono>
#include <string>
#include <utility>

#include <drover/failure.hpp>

#include "base/printing.hpp"
#include "cache/flight_runner.hpp"
#include "cache/load_access.hpp"
#include "cache/load_chain.hpp"

namespace drover::detail {

namespace {

constexpr milliseconds absent_for_waiters{50};
constexpr std::size_t failure_text_max = 200;

entry::lifetime lifetime_for(const policy& policy, const erased_load& loaded, microseconds took) {
  const bool absent = !loaded.value;
  const milliseconds usual =
      absent ? (policy.absent_ttl.count() > 0 ? policy.absent_ttl : absent_for_waiters)
             : policy.ttl;
  return entry::lifetime_of({.ttl = loaded.ttl.value_or(usual),
                             .grace = absent ? milliseconds{0} : policy.grace,
                             .lease_ttl = policy.lease_ttl,
                             .load_time = took,
                             .ttl_jitter = policy.ttl_jitter,
                             .unit = draw()});
}

std::string text_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& known) {
    return base::escape(known.what(), failure_text_max);
  } catch (...) {
    return "an exception that is not a std::exception";
  }
}

/// Encodes the value. Returns an empty text when the value can be stored, otherwise the reason why
/// not.
std::string encode_into(std::string& payload, const live_flight& flight, const erased_load& loaded,
                        std::size_t value_max) {
  if (!loaded.store) return "the loader returned do_not_store";
  if (loaded.ttl && loaded.ttl->count() <= 0) return "the ttl is not positive";
  if (!loaded.value) return {};
  try {
    payload = flight.part->type.encode(loaded.value.get());
  } catch (const std::exception& thrown) {
    return std::string{"the codec threw: "} + base::escape(thrown.what(), failure_text_max);
  } catch (...) {
    return "the codec threw";
  }
  return payload.size() > value_max ? "longer than value_max" : "";
}

/// Destroys the loader of a destroyed cache after its last load. The captures are destroyed outside
/// the lock.
void destroy_loader(cache_part& part) noexcept {
  erased_loader gone;
  const std::scoped_lock lock{part.running_mutex};
  if (part.running == 0) gone.swap(part.loader);
}

/// Decodes the value that a refresh replaces, if it is not decoded yet. Called on the thread that
/// loads.
void decode_previous(live_flight& flight) noexcept {
  if (flight.previous || flight.previous_payload.empty()) return;
  try {
    flight.previous = flight.part->type.decode(flight.previous_payload);
  } catch (...) {
    // The loader runs without the previous value.
  }
}

/// A loader that was refused by another cache has failed. Its callers reached no limit of their
/// own, so they get a `load_failed` with the `refused` nested in it.
std::exception_ptr failure_of_loader(std::uint32_t attempt) noexcept {
  try {
    throw;
  } catch (const refused& nested) {
    try {
      std::throw_with_nested(load_failed{load_failed::reason::threw,
                                         attempt,
                                         {},
                                         std::string{"its loader was refused: "} + nested.what()});
    } catch (...) {
      return std::current_exception();
    }
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace

flight_runner::load_end flight_runner::run_load(const flight_ptr& flight,
                                                const erased_loader& loader,
                                                load_runner runner) noexcept {
  const std::shared_ptr<cache_part> part = flight->part;
  load_end end;
  bool is_refresh = false;
  std::uint32_t attempt = 1;
  steady_time ends{};
  {
    const running_load running{*part};
    step(flight, [&](fetch::flight& machine, fetch::actions& out) {
      const steady_time now = store::now();
      end.ran = machine.begin_load(now, out);
      if (!end.ran) return;
      end.is_bypass = machine.is_bypass();
      is_refresh = machine.is_refresh();
      attempt = machine.attempts() + 1;
      ends = machine.grant_ends().value_or(now);
      if (runner == load_runner::caller) flight->is_claimed.store(true);
      flight->result.began = now;
    });
    if (!end.ran) return end;
    count_load(*flight, is_refresh, end.is_bypass);
    decode_previous(*flight);
    erased_load loaded;
    try {
      const load_chain inside{part.get(), part->keys.name(), flight->names.key};
      loaded = load_access::run(loader, *flight, ends - store::now());
    } catch (...) {
      end.failure = failure_of_loader(attempt);
    }
    if (is_inherited()) {
      end.value = std::move(loaded.value);
      return end;
    }
    const steady_time ended = store::now();
    // After a pause of the process the timer may be later than the loader.
    if (ended >= ends) on_time(flight);
    const microseconds took = ended - flight->result.began;
    try {
      if (end.failure) {
        load_threw(flight, end.failure, took);
      } else {
        load_brought(flight, loaded, took, !end.is_bypass);
      }
    } catch (...) {  // out of memory: the result is neither reported nor stored
      step(flight, [&](fetch::flight& machine, fetch::actions& out) { machine.collapse(out); });
    }
    end.value = std::move(loaded.value);
  }
  if (part->ends_with_its_loads) destroy_loader(*part);
  return end;
}

void flight_runner::count_load(const live_flight& flight, bool is_refresh, bool is_bypass) {
  counters& counted = flight.part->counted;
  counters::add(counted.loads);
  if (is_refresh) counters::add(counted.refreshes);
  if (flight.is_early) counters::add(counted.early_refreshes);
  if (is_bypass) counters::add(counted.bypasses);
  report_.tell(is_refresh ? event_kind::refresh_started : event_kind::load_started, flight);
}

void flight_runner::load_threw(const flight_ptr& flight, const std::exception_ptr& failure,
                               microseconds took) {
  const cache_part& part = *flight->part;
  std::string text = text_of(failure);
  report_.tell(event_kind::load_failed, *flight, std::chrono::duration_cast<duration>(took), text);
  const auto why = part.draining ? entry::failure_class::cancelled : entry::failure_class::threw;
  step(flight, [&](fetch::flight& machine, fetch::actions& out) {
    if (machine.now_in() != fetch::flight::state::loading) return;
    load_result& result = flight->result;
    counters::add(flight->part->counted.failures);
    result.took = took;
    result.failure = failure;
    if (part.policy.share_failure_text) result.failure_text = std::move(text);
    result.pause =
        entry::failure_pause(took, machine.attempts() + 1, draw(), part.policy.failure_pause_max);
    machine.load_failed(why, out);
  });
}

void flight_runner::load_brought(const flight_ptr& flight, const erased_load& loaded,
                                 microseconds took, bool may_store) {
  const cache_part& part = *flight->part;
  report_.tell(event_kind::load_finished, *flight, std::chrono::duration_cast<duration>(took));
  std::string payload;
  const std::string why_not =
      may_store ? encode_into(payload, *flight, loaded, options_.value_max) : std::string{};
  // Such a key is never stored.
  const bool has_long_key = flight->names.key.size() > options_.key_max;
  if (!why_not.empty() || has_long_key) {
    counters::add(flight->part->counted.not_stored);
    report_.tell(event_kind::fill_skipped, *flight, {},
                 has_long_key ? std::string_view{"its key is longer than key_max"} : why_not);
  }
  bool is_in_time = false;
  step(flight, [&](fetch::flight& machine, fetch::actions& out) {
    is_in_time = machine.now_in() == fetch::flight::state::loading;
    if (!is_in_time) return;
    load_result& result = flight->result;
    result.took = took;
    result.value = loaded.value;
    result.is_absent = !loaded.value;
    result.payload = std::move(payload);
    result.times = lifetime_for(part.policy, loaded, took);
    machine.load_done(why_not.empty(), out);
  });
  if (is_in_time) failures_.forget(flight->names.value_key);
}

}  // namespace drover::detail

namespace drover {

bool load::is_lease_lost() const noexcept {
  return lease_ && static_cast<const std::atomic<bool>*>(lease_.get())->load();
}

}  // namespace drover
