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

namespace {

std::optional<std::chrono::steady_clock::time_point> moment_of(std::optional<virtual_time> span) {
  using moment = std::chrono::steady_clock::time_point;
  if (!span) return std::nullopt;
  if (*span == virtual_time::min()) return moment::min();
  if (*span == virtual_time::max()) return moment::max();
  return std::chrono::steady_clock::now() + *span;
}

}  // namespace

client_options program::options() {
  client_options with = in_.planned.options;
  with.event_observer = observe(in_, number_);
  if (in_.planned.has_wrong_password) with.password = "wrong";
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
        on, cache_options{.name = i == 0 ? "a" : "b", .policy = spoil(in_.planned)},
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
    if (client) check_refusal_is_told(*client);
    check_drops();
    compare_at_the_end();
    if (client) check_availability(*client);
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
  for (const auto& cache : caches_) {
    const virtual_time began = in_.system.now();
    const virtual_time paused_before = paused_for();
    running +=
        cache->drain(in_.planned.wrong == sabotage::drains_slowly ? 20 * drain_max : drain_max);
    const virtual_time span = in_.system.now() - began - (paused_for() - paused_before);
    if (span > own_time(drain_max) + work_max)
      in_.report("late", "drain took " + std::to_string(span / 1us) + " us");
  }
  // The counters of a cache on whose behalf loads still run may change. A thread may be between a
  // counter and its event.
  std::this_thread::sleep_for(5ms);
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
      if (!planned.stop_after) {
        limits.deadline = moment_of(planned.deadline);
        static_cast<void>(read(planned, limits, floor));
        return;
      }
      std::stop_source source;
      limits.stop = source.get_token();
      std::thread stopper = start_thread([source, wait = *planned.stop_after]() mutable {
        std::this_thread::sleep_for(wait);
        source.request_stop();
      });
      const virtual_time began = in_.system.now();
      const virtual_time paused_before = paused_for();
      // Not earlier: the process may have been paused while the thread started.
      limits.deadline = moment_of(planned.deadline);
      static_cast<void>(read(planned, limits, floor));
      check_span(planned, began, in_.system.now(), paused_before);
      stopper.join();
      return;
    }
    case planned_call::kind::write: return write(of);
    case planned_call::kind::expire:
      in_.database.begin_change(of, number_);
      static_cast<void>(cache.expire(key));
      in_.database.end_change(of, number_, in_.system.now());
      return;
    case planned_call::kind::refresh: ++refreshes_asked_; return cache.refresh(key);
    case planned_call::kind::peek: static_cast<void>(is_peeked(of)); return;
    case planned_call::kind::rest: return;
  }
}

void program::write(row changed) {
  const std::uint32_t version = in_.database.write(changed);
  in_.database.begin_change(changed, number_);
  const auto stored =
      in_.planned.wrong == sabotage::stores_unfenced ? stored_bytes(in_, changed) : std::nullopt;
  const drover::result<void> outcome = invalidate(changed);
  if (stored) store_unfenced(in_, changed, *stored);
  in_.database.end_change(changed, number_, in_.system.now());
  const arena::on_account_of account{arena::harness};
  if (!outcome) {
    ++counts_[changed.cache].unacknowledged;
    failed_invalidations_[changed.cache].insert(changed.key);
    in_.pending.push_back({changed, version, number_, in_.system.now()});
    return;
  }
  in_.database.acknowledge(changed, version);
  in_.invalidated_by[{number_, changed}] = version;
  check_unstored(changed, version);
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

void run_process(universe& in, std::size_t index) {
  program running{in, index};
  running.run();
}

}  // namespace drover::world
