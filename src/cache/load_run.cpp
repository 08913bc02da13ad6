// SPDX-License-Identifier: MIT
// One run of the user's loader, and what becomes of its result. Exceptions are caught here, round
// the loader and round the codec, and nowhere between here and the caller.
#include <chrono>
#include <string>
#include <utility>

#include "cache/core.hpp"
#include "cache/load_chain.hpp"
#include "base/printing.hpp"

namespace drover::detail {

struct load_access {
  static erased_load run(const erased_loader& loader, live_flight& flight, duration load_max) {
    load seen;
    seen.previous_ = flight.previous;
    seen.previous_type_ = flight.previous ? flight.of->type.tag : nullptr;
    seen.stop_ = flight.stop.get_token();
    seen.deadline_ = std::chrono::steady_clock::now() + load_max;
    seen.lease_ = flight.lease_lost;
    const load_chain inside{flight.of.get(), flight.of->keys.name(), flight.names.key,
                            flight.machine.is_bypass()};
    return loader(flight.names.key, seen);
  }
};

namespace {

constexpr milliseconds absent_for_waiters{50};
constexpr std::size_t failure_text_max = 200;

class running_load {
 public:
  explicit running_load(cache_part& of) : of_{of} {
    const std::scoped_lock lock{of_.running_mutex};
    ++of_.running;
  }
  ~running_load() {
    const std::scoped_lock lock{of_.running_mutex};
    --of_.running;
    of_.running_ended.notify_all();
  }
  running_load(const running_load&) = delete;
  running_load& operator=(const running_load&) = delete;

 private:
  cache_part& of_;
};

entry::lifetime lifetime_for(const policy& with, const erased_load& found, microseconds took) {
  const bool absent = !found.value;
  const milliseconds usual =
      absent ? (with.absent_ttl.count() > 0 ? with.absent_ttl : absent_for_waiters) : with.ttl;
  return entry::lifetime_of({.ttl = found.ttl.value_or(usual),
                             .grace = absent ? milliseconds{0} : with.grace,
                             .lease_ttl = with.lease_ttl,
                             .load_time = took,
                             .ttl_jitter = with.ttl_jitter,
                             .unit = draw()});
}

std::string text_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& known) {
    return base::escape(known.what(), failure_text_max);
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

/// Empty when the value can be stored; else why not.
std::string encode_into(std::string& payload, const live_flight& flight, const erased_load& found,
                        std::size_t value_max) {
  if (!found.store) return "the loader's wish";
  if (found.ttl && found.ttl->count() <= 0) return "a ttl of zero";
  if (!found.value) return {};
  try {
    payload = flight.of->type.encode(found.value.get());
  } catch (const std::exception& thrown) {
    return std::string{"the codec threw: "} + base::escape(thrown.what(), failure_text_max);
  } catch (...) {
    return "the codec threw";
  }
  return payload.size() > value_max ? "longer than value_max" : "";
}

}  // namespace

core::load_end core::run_load(const flight_ptr& flight, const erased_loader& loader) {
  cache_part& of = *flight->of;
  const running_load running{of};
  load_end end;
  step(flight, [&](fetch::flight& machine, fetch::actions&) {
    end.ran = machine.now_in() == fetch::flight::state::offered;
    if (!end.ran) return;
    flight->load_began = store::now();
    flight->loader_runs = true;
    machine.lead_taken(flight->load_began);
  });
  if (!end.ran) return end;
  count_load(*flight);
  erased_load found;
  try {
    found = load_access::run(loader, *flight, of.policy.load_max);
  } catch (...) {
    end.failure = std::current_exception();
  }
  loader_returned(flight);
  const microseconds took = store::now() - flight->load_began;
  if (end.failure) {
    load_threw(flight, end.failure, took);
  } else {
    load_brought(flight, found, took);
    end.value = std::move(found.value);
  }
  return end;
}

void core::count_load(const live_flight& flight) {
  counters& counted = flight.of->counted;
  counters::add(counted.loads);
  const bool refresh = flight.machine.is_refresh();
  if (refresh) counters::add(counted.refreshes);
  if (flight.early) counters::add(counted.early_refreshes);
  if (flight.machine.is_bypass()) counters::add(counted.bypasses);
  tell(refresh ? event_kind::refresh_started : event_kind::load_started, flight);
}

void core::loader_returned(const flight_ptr& flight) {
  bool owes_turn = false;
  {
    const std::scoped_lock lock{mutex_};
    flight->loader_runs = false;
    owes_turn = std::exchange(flight->owes_turn, false);
  }
  if (owes_turn) return_turn(flight);
}

void core::load_threw(const flight_ptr& flight, const std::exception_ptr& failure,
                      microseconds took) {
  const cache_part& of = *flight->of;
  const std::string text = text_of(failure);
  tell(event_kind::load_failed, *flight, std::chrono::duration_cast<duration>(took), text);
  const auto why = of.draining ? entry::failure_class::cancelled : entry::failure_class::threw;
  step(flight, [&](fetch::flight& machine, fetch::actions& out) {
    if (machine.now_in() != fetch::flight::state::loading) return;
    counters::add(flight->of->counted.failures);
    flight->load_time = took;
    flight->failure = failure;
    if (of.policy.share_failure_text) flight->failure_text = text;
    flight->pause = entry::failure_pause(took, machine.attempts() + 1, draw());
    machine.load_failed(why, out);
  });
}

void core::load_brought(const flight_ptr& flight, const erased_load& found, microseconds took) {
  const cache_part& of = *flight->of;
  tell(event_kind::load_finished, *flight, std::chrono::duration_cast<duration>(took));
  std::string payload;
  const std::string why_not = flight->machine.is_bypass()
                                  ? std::string{}
                                  : encode_into(payload, *flight, found, options_.value_max);
  if (!why_not.empty()) {
    counters::add(flight->of->counted.not_stored);
    tell(event_kind::fill_skipped, *flight, {}, why_not);
  }
  step(flight, [&](fetch::flight& machine, fetch::actions& out) {
    if (machine.now_in() != fetch::flight::state::loading) return;
    flight->load_time = took;
    flight->value = found.value;
    flight->absent = !found.value;
    flight->payload = std::move(payload);
    flight->times = lifetime_for(of.policy, found, took);
    machine.load_done(why_not.empty(), out);
  });
}

}  // namespace drover::detail

namespace drover {

bool load::is_lease_lost() const noexcept {
  return lease_ && static_cast<const std::atomic<bool>*>(lease_.get())->load();
}

}  // namespace drover
