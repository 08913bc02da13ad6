// SPDX-License-Identifier: MIT
// One run of the user's loader, and what becomes of its result. Exceptions are caught here, round
// the loader and round the codec, and nowhere between here and the caller.
#include <chrono>
#include <string>
#include <utility>

#include "cache/core.hpp"
#include "cache/load_chain.hpp"
#include "resp/printing.hpp"

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

  [[nodiscard]] bool is_draining() const {
    const std::scoped_lock lock{of_.running_mutex};
    return of_.draining;
  }

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
    return resp::escape(known.what(), failure_text_max);
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
    return std::string{"the codec threw: "} + resp::escape(thrown.what(), failure_text_max);
  } catch (...) {
    return "the codec threw";
  }
  return payload.size() > value_max ? "longer than value_max" : "";
}

}  // namespace

std::exception_ptr core::run_load(const flight_ptr& flight, const erased_loader& loader,
                                  erased_value& brought) {
  cache_part& of = *flight->of;
  counters& counted = of.counted;
  const running_load running{of};
  bool offered = false;
  step(flight, [&](fetch::flight& machine, fetch::actions&) {
    offered = machine.now_in() == fetch::flight::state::offered;
    if (!offered) return;
    flight->load_began = store::now();
    machine.lead_taken(flight->load_began);
  });
  if (!offered) return nullptr;
  counters::add(counted.loads);
  if (flight->machine.is_refresh()) counters::add(counted.refreshes);
  if (flight->early) counters::add(counted.early_refreshes);
  if (flight->machine.is_bypass()) counters::add(counted.bypasses);
  tell(flight->machine.is_refresh() ? event_kind::refresh_started : event_kind::load_started,
       *flight);

  erased_load found;
  std::exception_ptr failure;
  try {
    found = load_access::run(loader, *flight, of.policy.load_max);
  } catch (...) {
    failure = std::current_exception();
  }
  const microseconds took = store::now() - flight->load_began;
  const auto took_ms = std::chrono::duration_cast<duration>(took);
  if (failure) {
    const std::string text = text_of(failure);
    tell(event_kind::load_failed, *flight, took_ms, text);
    const auto why =
        running.is_draining() ? entry::failure_class::cancelled : entry::failure_class::threw;
    step(flight, [&](fetch::flight& machine, fetch::actions& out) {
      if (machine.now_in() != fetch::flight::state::loading) return;
      counters::add(counted.failures);
      flight->load_time = took;
      flight->failure = failure;
      if (of.policy.share_failure_text) flight->failure_text = text;
      flight->pause = entry::failure_pause(took, machine.attempts() + 1, draw());
      machine.load_failed(why, out);
    });
    return failure;
  }
  tell(event_kind::load_finished, *flight, took_ms);
  std::string payload;
  const bool bypass = flight->machine.is_bypass();
  const std::string why_not =
      bypass ? std::string{} : encode_into(payload, *flight, found, options_.value_max);
  if (!why_not.empty()) {
    counters::add(counted.not_stored);
    tell(event_kind::fill_skipped, *flight, {}, why_not);
  }
  brought = found.value;
  step(flight, [&](fetch::flight& machine, fetch::actions& out) {
    if (machine.now_in() != fetch::flight::state::loading) return;
    flight->load_time = took;
    flight->value = found.value;
    flight->absent = !found.value;
    flight->payload = std::move(payload);
    flight->times = lifetime_for(of.policy, found, took);
    machine.load_done(why_not.empty(), out);
  });
  return nullptr;
}

}  // namespace drover::detail

namespace drover {

bool load::is_lease_lost() const noexcept {
  return lease_ && static_cast<const std::atomic<bool>*>(lease_.get())->load();
}

}  // namespace drover
