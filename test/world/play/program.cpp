// SPDX-License-Identifier: MIT
#include "world/play/program.hpp"

#include <algorithm>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>

#include "world/play/sabotage.hpp"
#include "world/system/arena.hpp"

namespace drover::world {

using namespace std::chrono_literals;

client_options program::options() {
  client_options with = in_.planned.options;
  with.event_observer = observe(in_, number_);
  if (in_.planned.executor != executor_kind::none)
    with.executor = [this](std::function<void()> task) { execute(std::move(task)); };
  return with;
}

// Without a descriptor there is no client, and the constructor says so.
drover::client program::connect() {
  for (;;) {
    try {
      return drover::client{options()};
    } catch (const std::system_error& missing) {
      if (!in_.planned.has_fault(planned_fault::kind::no_descriptors))
        in_.report("exception", std::string{"the client: "} + missing.what());
    }
    std::this_thread::sleep_for(20ms);
  }
}

void program::execute(std::function<void()> task) {
  enum class way { in_time, late, here, dropped, refused, kept, count };
  way chosen = way::in_time;
  if (in_.planned.executor == executor_kind::mixed)
    chosen = static_cast<way>(in_.system.draw(static_cast<std::uint64_t>(way::count)));
  switch (chosen) {
    case way::late:
      std::thread{[task = std::move(task)] {
        std::this_thread::sleep_for(100ms);
        task();
      }}.detach();
      return;
    case way::here: return task();
    case way::dropped: return;
    case way::refused: throw std::runtime_error{"the executor is full"};
    case way::kept: kept_tasks_.push_back(std::move(task)); return;
    default: std::thread{std::move(task)}.detach();
  }
}

void program::open(const drover::client& on) {
  for (unsigned i = 0; i < cache_count; ++i) {
    caches_[i] = std::make_unique<text_cache>(
        on, cache_options{.name = i == 0 ? "a" : "b", .policy = in_.planned.policy},
        [this, i](std::string_view key, drover::load& run) { return load(i, key, run); });
  }
}

void program::run() {
  std::this_thread::sleep_for(planned_.starts);
  {
    std::optional<drover::client> client{connect()};
    open(*client);
    if (planned_.drops_client_first) client.reset();
    misbehave_at_the_start(in_);
    run_threads();
    compare_at_the_end();
    if (planned_.drains) {
      in_.is_ending.at(number_) = true;
      drain();
    }
    if (loads_running_ > 0) in_.add(overlap::destroyed_while_loading);
    in_.is_ending.at(number_) = true;
    for (auto& cache : caches_) cache.reset();
  }
  kept_tasks_ = {};
  in_.database.process_ended(number_, in_.system.now());
}

void program::drain() {
  std::size_t running = 0;
  for (const auto& cache : caches_) running += cache->drain(50ms);
  // The counters of a cache on whose behalf loads still run may change.
  if (running == 0) check_counters();
}

void program::run_threads() {
  std::vector<std::thread> threads;
  for (const auto& calls : planned_.threads)
    threads.push_back(start_thread([this, &calls] { run_calls(calls); }));
  for (std::thread& joined : threads) joined.join();
}

void program::run_calls(const std::vector<planned_call>& calls) {
  for (const planned_call& planned : calls) {
    if (planned.is == planned_call::kind::rest) {
      std::this_thread::sleep_for(planned.span);
      continue;
    }
    ++in_.found.calls;
    const virtual_time began = in_.system.now();
    const virtual_time paused_before = paused_for();
    call(planned);
    // A call with a stop token is timed where its stopper is not.
    const bool is_timed = planned.stop_after && is_read(planned);
    if (!is_timed) check_span(planned, began, in_.system.now(), paused_before);
    check_promptness(planned, began);
  }
}

void program::call(const planned_call& planned) {
  const row of{planned.cache, planned.key};
  text_cache& cache = *caches_[of.cache];
  const std::string key = key_text(of.key);
  make_mistake(of);
  if (in_.prints()) {
    in_.print("process " + std::to_string(number_) + ": begins " +
              std::string{name_of(planned.is)} + ' ' + name_of(of));
  }
  switch (planned.is) {
    case planned_call::kind::get:
    case planned_call::kind::get_or_load: {
      const std::uint32_t floor = in_.database.floor(of);
      call_options limits;
      if (planned.deadline) limits.deadline = std::chrono::steady_clock::now() + *planned.deadline;
      if (!planned.stop_after) return read(planned, limits, floor);
      std::stop_source source;
      limits.stop = source.get_token();
      std::thread stopper = start_thread([source, wait = *planned.stop_after]() mutable {
        std::this_thread::sleep_for(wait);
        source.request_stop();
      });
      const virtual_time began = in_.system.now();
      const virtual_time paused_before = paused_for();
      read(planned, limits, floor);
      check_span(planned, began, in_.system.now(), paused_before);
      stopper.join();
      return;
    }
    case planned_call::kind::write: return write(of);
    case planned_call::kind::expire:
      in_.database.begin_change(of);
      static_cast<void>(cache.expire(key));
      in_.database.end_change(of, in_.system.now());
      return;
    case planned_call::kind::refresh: return cache.refresh(key);
    case planned_call::kind::peek: {
      const std::uint32_t floor = in_.database.floor(of);
      const virtual_time began = in_.system.now();
      const auto value = cache.peek(key);
      if (value) check_value(of, floor, began, value, std::nullopt);
      return;
    }
    case planned_call::kind::rest: return;
  }
}

void program::read(const planned_call& planned, const call_options& limits, std::uint32_t floor) {
  const row of{planned.cache, planned.key};
  text_cache& cache = *caches_[of.cache];
  const std::string key = key_text(of.key);
  const virtual_time began = in_.system.now();
  in_.count_get(of, 1);
  try {
    if (planned.is == planned_call::kind::get_or_load) {
      const auto loader = [&](std::string_view name, drover::load& run) {
        return load(of.cache, name, run);
      };
      const auto value = cache.get_or_load(key, loader, limits);
      ++counts_[of.cache].unknown;
      check_value(of, floor, began, value, std::nullopt);
    } else {
      const auto got = cache.fetch(key, limits);
      if (got.how == served::fresh) ++counts_[of.cache].fresh;
      if (got.how == served::stale) ++counts_[of.cache].stale;
      check_value(of, floor, began, spoil(in_, of, got.value), got.how);
    }
  } catch (const origin_failed& failure) {
    in_.add(overlap::load_failed);
    if (failure.load >= in_.database.loads().size() || in_.database.load(failure.load).of != of)
      in_.report("foreign_failure", name_of(of) + " got the failure of another key");
  } catch (const load_failed&) {
    in_.add(overlap::load_failed);
  } catch (const refused& refusal) {
    ++counts_[of.cache].refused;
    switch (refusal.why()) {
      case refused::reason::timed_out:
        in_.add(overlap::call_ended_by_deadline);
        if (!limits.deadline && in_.planned.policy.wait_max == 0ms)
          in_.report("refused", name_of(of) + ": timed out without a limit");
        break;
      case refused::reason::stopped:
        in_.add(overlap::call_ended_by_stop);
        if (!limits.stop.stop_requested())
          in_.report("refused", name_of(of) + ": stopped without a request");
        break;
      case refused::reason::saturated: in_.add(overlap::call_saturated); break;
    }
  } catch (const std::exception& other) {
    in_.report("exception", name_of(of) + ": " + other.what());
  }
  in_.count_get(of, -1);
}

void program::write(row changed) {
  const std::uint32_t version = in_.database.write(changed);
  in_.database.begin_change(changed);
  const auto stored =
      in_.planned.wrong == sabotage::stores_unfenced ? stored_bytes(in_, changed) : std::nullopt;
  const drover::result<void> outcome = invalidate(changed);
  if (stored) store_unfenced(in_, changed, *stored);
  in_.database.end_change(changed, in_.system.now());
  const arena::on_account_of account{arena::harness};
  if (!outcome) {
    in_.pending.push_back({changed, version, number_, in_.system.now()});
    return;
  }
  in_.database.acknowledge(changed, version);
  if (in_.running_gets[changed] > 0) in_.add(overlap::get_beside_invalidation);
  for (const load_record& load : in_.database.loads()) {
    if (load.of == changed && !load.end) in_.add(overlap::load_beside_invalidation);
  }
}

drover::result<void> program::invalidate(row changed) {
  if (in_.planned.wrong == sabotage::skips_invalidations) return {};
  ++counts_[changed.cache].invalidations;
  return caches_[changed.cache]->invalidate(key_text(changed.key));
}

void program::compare_at_the_end() {
  if (!in_.planned.compares_at_the_end) return;
  const auto end = in_.planned.faults_end + in_.planned.settle;
  if (in_.now() < end) std::this_thread::sleep_for(end - in_.now());
  for (unsigned cache = 0; cache < cache_count; ++cache) {
    for (unsigned key = 0; key < in_.planned.keys; ++key) read_at_the_end({cache, key});
  }
  const row last{0, last_key};
  try {
    const auto got = caches_[0]->fetch(key_text(last_key));
    if (got.how == served::fresh) ++counts_[0].fresh;
    if (got.how == served::stale) ++counts_[0].stale;
    check_value(last, 0, in_.system.now(), got.value, got.how);
    if (!got.value) in_.report("end", "the last key has no value");
    if (got.how == served::bypassed && in_.planned.options.flights_max > 1)
      in_.report("recovery", "process " + std::to_string(number_) + " still bypasses Redis");
  } catch (const refused& refusal) {
    ++counts_[0].refused;
    const bool may_be_refused = in_.planned.policy.wait_max > 0ms;
    if (!may_be_refused) in_.report("recovery", std::string{"the last key: "} + refusal.what());
  } catch (const std::exception& failure) {
    in_.report("recovery", std::string{"the last key: "} + failure.what());
  }
}

// Every change has reached this process, also those whose invalidation failed at first.
void program::read_at_the_end(row of) {
  std::uint32_t floor = in_.database.floor(of);
  for (const auto& pending : in_.pending) {
    const bool goes_on =
        in_.processes[pending.process - 1]->is_alive && in_.planned.options.invalidations_max > 100;
    if (pending.of == of && goes_on) floor = std::max(floor, pending.version);
  }
  read({.is = planned_call::kind::get,
        .cache = of.cache,
        .key = of.key,
        .deadline = {},
        .stop_after = {}},
       {}, floor);
}

void run_process(universe& in, std::size_t index) {
  program running{in, index};
  running.run();
}

}  // namespace drover::world
