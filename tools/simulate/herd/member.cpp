// SPDX-License-Identifier: MIT
#include "simulate/herd/member.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "process/child_process.hpp"
#include "process/exit_codes.hpp"
#include "simulate/herd/callers.hpp"
#include "simulate/herd/draws.hpp"
#include "simulate/herd/run_plan.hpp"
#include "simulate/herd/shared_run_state.hpp"
#include "simulate/origins/load_time.hpp"
#include "simulate/origins/origin.hpp"
#include "simulate/strategies/chosen_strategy.hpp"
#include "simulate/strategies/strategy.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

constexpr auto poll_interval = 2ms;
constexpr auto watch_interval = 5ms;
constexpr std::uint32_t fillers_max = 32;

class member final : public query_log {
 public:
  member(std::uint32_t number, const run_plan& plan)
      : number_{number},
        plan_{plan},
        load_{load_time::parse(plan.load).value()},
        state_{process::child_process::descriptor_inside} {}

  [[nodiscard]] shared_run_state& shared() noexcept { return state_; }

  void run() {
    origin_ = open_origin(plan_.origin, *this, connections());
    const std::unique_ptr<strategy> cache = begin_strategy(plan_.ttl);
    std::vector<std::jthread> busy;
    callers own_callers{plan_, number_, state_, *cache};
    try {
      own_callers.start(busy);
      if (number_ == 0) run_first_process(*cache, busy);
    } catch (const std::exception& error) {
      end_process(error);
    }
    plan_.arrivals == arrival::once ? own_callers.await_all() : busy.clear();
    ++state_.count().done;
    // Like a service, the process runs until the strategy has finished its background work.
    state_.await(stage::over);
    busy.clear();
  }

  [[nodiscard]] std::size_t begin(std::string_view key) noexcept override {
    return state_.begin_query(key_number(plan_, key), number_);
  }
  void end(std::size_t place) noexcept override { state_.end_query(place); }

 private:
  [[nodiscard]] unsigned connections() const {
    return plan_.capacity > 0 ? std::min(plan_.capacity, plan_.callers) : plan_.callers;
  }

  [[nodiscard]] std::unique_ptr<strategy> begin_strategy(std::chrono::milliseconds ttl) {
    return chosen_strategy(plan_.strategy, plan_.strategy_command)
        .begin({.redis_url = plan_.redis_url,
                .ask = [this](std::string_view key) { return query_origin(key); },
                .ttl = ttl,
                .load = std::chrono::ceil<std::chrono::milliseconds>(load_.mean()),
                .seed = draws{plan_.seed, std::uint64_t{number_} << 32U}.next()});
  }

  std::optional<std::string> query_origin(std::string_view key) {
    const std::uint32_t nth = state_.count().queries_requested.fetch_add(1);
    if (!state_.pass_gate()) {
      --state_.count().queries_requested;  // the query is not sent to the database
      throw run_is_over{};
    }
    const struct gate_pass {
      shared_run_state& state;
      ~gate_pass() { state.leave_gate(); }
    } pass{state_};
    return origin_->ask({.key = key,
                         .takes = load_.draw(draws{plan_.seed, nth}.uniform()),
                         .fails = state_.control().origin_fails.load() != 0});
  }

  /// Ends the process at once. Without a release the callers wait forever and cannot be joined.
  [[noreturn]] void end_process(const std::exception& error) noexcept {
    state_.note_error(error.what());
    std::_Exit(process::exit_failure);
  }

  /// The work of the first process only.
  void run_first_process(strategy& cache, std::vector<std::jthread>& busy) {
    state_.await(stage::filling);
    if (state_.now() == stage::filling) {
      fill(cache);
      if (plan_.arrivals == arrival::once) wait_until_cold(cache);
    }
    if (plan_.change_every > 0ms) {
      busy.emplace_back([this, &cache] { change_rows(cache); });
    } else if (has_visible_expiry()) {
      busy.emplace_back([this, &cache] { watch_value(cache); });
    }
  }

  void fill(strategy& cache) {
    std::unique_ptr<strategy> first_fill_cache;
    if (plan_.fill_ttl > 0ms) first_fill_cache = begin_strategy(plan_.fill_ttl);
    strategy& filled_cache = first_fill_cache ? *first_fill_cache : cache;
    std::atomic<std::uint32_t> next{0};
    std::exception_ptr error;
    std::mutex guard;
    const auto fill_some = [&] {
      try {
        for (std::uint32_t i = next++; i < plan_.keys; i = next++) {
          if (filled_cache.get(key_name(plan_, i)).has_value() != plan_.has_rows) {
            throw std::runtime_error{"the first fill loaded a wrong value"};
          }
          ++state_.count().filled;
        }
      } catch (const std::exception&) {
        const std::lock_guard held{guard};
        error = std::current_exception();
      }
    };
    {
      std::vector<std::jthread> fillers;
      for (std::uint32_t i = 1; i < std::min(plan_.keys, fillers_max); ++i) {
        fillers.emplace_back(fill_some);
      }
      fill_some();
    }
    if (error) std::rethrow_exception(error);
  }

  void wait_until_cold(strategy& cache) {
    while (cache.is_cached(key_name(plan_, 0))) std::this_thread::sleep_for(poll_interval);
    state_.count().cold.store(1);
  }

  /// Whether the ttl ends while callers call and the strategy can detect it. A client program may
  /// not know the values that its other instances stored.
  [[nodiscard]] bool has_visible_expiry() const {
    return plan_.arrivals != arrival::once && plan_.has_rows && plan_.ttl < plan_.duration &&
           plan_.strategy != command_strategy_name;
  }

  /// Adds a marker for the charts each time the first key stops having a fresh value.
  void watch_value(strategy& cache) noexcept {
    state_.await(stage::released);
    bool was_fresh = true;
    for (monotonic_ns at = state_.release_at(); at < state_.control().end_at;) {
      sleep_until(at);
      try {
        const bool is_fresh = cache.is_cached(key_name(plan_, 0));
        if (was_fresh && !is_fresh) state_.note_marker(monotonic_now(), marker_kind::cold);
        was_fresh = is_fresh;
      } catch (const std::exception& error) {
        state_.note_error(error.what());
      }
      at = monotonic_now() + std::chrono::nanoseconds{watch_interval}.count();
    }
  }

  /// The writer: commits a new version of a row, then invalidates its key. A call that begins after
  /// the invalidation must get the new version.
  void change_rows(strategy& cache) noexcept {
    state_.await(stage::released);
    draws random{plan_.seed, std::numeric_limits<std::uint64_t>::max()};
    for (monotonic_ns at = state_.release_at();;) {
      at += random.around(plan_.change_every).count();
      if (at >= state_.control().end_at) return;
      sleep_until(at);
      const std::uint32_t key = state_.count().changes % plan_.keys;
      try {
        const std::uint64_t version = origin_->change(key_name(plan_, key));
        cache.invalidate(key_name(plan_, key));
        state_.versions()[key].store(version);
        ++state_.count().changes;
        state_.note_marker(monotonic_now(), marker_kind::change);
      } catch (const std::exception& error) {
        state_.note_error(error.what());
      }
    }
  }

  const std::uint32_t number_;
  const run_plan plan_;
  const load_time load_;
  shared_run_state state_;
  std::unique_ptr<origin> origin_;
};

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int run_member(std::span<const std::string> arguments) {
  if (arguments.empty()) return process::exit_usage;
  raise_descriptor_limit();
  const auto number = static_cast<std::uint32_t>(std::strtoul(arguments[0].c_str(), nullptr, 10));
  member self{number, from_arguments(arguments.subspan(1))};
  try {
    self.run();
  } catch (const std::exception& error) {
    self.shared().note_error(error.what());
    return process::exit_failure;
  }
  return process::exit_success;
}

}  // namespace drover::simulate
