// SPDX-License-Identifier: MIT
#include "simulate/herd/callers.hpp"

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <optional>
#include <string>

#include "process/exit_codes.hpp"
#include "simulate/herd/draws.hpp"
#include "simulate/origins/row.hpp"

namespace drover::simulate {
namespace {

struct verdict {
  answer outcome = answer::wrong;
  bool is_stale = false;
  std::int64_t age = 0;
};

verdict judge(const run_plan& plan, const std::string& key, const std::optional<std::string>& value,
              std::uint64_t version_due, monotonic_ns now) {
  if (!value) return {.outcome = plan.has_rows ? answer::wrong : answer::absent};
  const auto read = read_value(key, *value);
  if (!read || !plan.has_rows) return {};
  return {.outcome = answer::value,
          .is_stale = read->version < version_due,
          .age = now - read->read_at};
}

}  // namespace

void sleep_until(monotonic_ns at) noexcept {
  const timespec instant{.tv_sec = at / 1'000'000'000, .tv_nsec = at % 1'000'000'000};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &instant, nullptr) == EINTR) {
  }
}

callers::callers(const run_plan& plan, std::uint32_t process, shared_run_state& shared,
                 strategy& cache)
    : plan_{plan}, process_{process}, state_{shared}, cache_{cache}, back_{plan.callers} {}

void callers::start(std::vector<std::jthread>& busy) {
  for (std::uint32_t i = 0; i < plan_.callers; ++i) {
    busy.emplace_back([this, i] { run(i); });
  }
  if (plan_.arrivals == arrival::open) {
    busy.emplace_back([this] { send_arrivals(); });
  }
}

void callers::run(std::uint32_t caller) noexcept {
  try {
    static_cast<void>(cache_.is_cached(key_name(plan_, 0)));
  } catch (const std::exception& error) {
    state_.note_error(error.what());
    std::_Exit(process::exit_failure);
  }
  ++state_.count().ready;
  state_.await(stage::released);
  switch (plan_.arrivals) {
    case arrival::once:
      sleep_until(state_.release_at());
      call(0, monotonic_now());
      back_.count_down();
      state_.await(stage::over);
      break;
    case arrival::loop: call_again_and_again(caller); break;
    case arrival::open: take_arrivals(caller); break;
  }
}

void callers::call_again_and_again(std::uint32_t caller) noexcept {
  draws random{plan_.seed, (std::uint64_t{process_} << 32) + caller};
  sleep_until(state_.release_at() + random.around(plan_.think).count());
  for (monotonic_ns now = monotonic_now(); now < state_.control().end_at; now = monotonic_now()) {
    call(random.below(plan_.keys), now);
    sleep_until(monotonic_now() + random.around(plan_.think).count());
  }
}

void callers::take_arrivals(std::uint32_t caller) noexcept {
  draws random{plan_.seed, (std::uint64_t{process_} << 32) + caller};
  for (;;) {
    ++free_;
    arrived_.acquire();
    if (are_all_sent_) return;
    call(random.below(plan_.keys), monotonic_now());
  }
}

/// Sends arrivals as a Poisson process. An arrival that finds no free caller is refused, because
/// the number of callers is fixed.
void callers::send_arrivals() noexcept {
  state_.await(stage::released);
  draws random{plan_.seed, (std::uint64_t{process_} << 32) + plan_.callers};
  const std::chrono::nanoseconds mean{
      static_cast<std::int64_t>(1e9 * static_cast<double>(plan_.processes) / plan_.rate)};
  for (monotonic_ns at = state_.release_at();;) {
    at += random.around(mean).count();
    if (at >= state_.control().end_at) break;
    sleep_until(at);
    if (free_.load() > 0) {
      --free_;
      arrived_.release();
    } else {
      state_.refuse(monotonic_now());
    }
  }
  are_all_sent_ = true;
  arrived_.release(static_cast<std::ptrdiff_t>(plan_.callers));
}

void callers::call(std::uint32_t key, monotonic_ns arrived) noexcept {
  const std::string name = key_name(plan_, key);
  const std::uint64_t version_due = state_.versions()[key].load();
  shared_run_state::call_entry* const entry = state_.begin_call(arrived, key, process_);
  try {
    const std::optional<std::string> value = cache_.get(name);
    const monotonic_ns now = monotonic_now();
    const verdict result = judge(plan_, name, value, version_due, now);
    state_.end_call(entry, now, result.outcome, result.is_stale, result.age);
  } catch (const std::exception& error) {
    const monotonic_ns now = monotonic_now();
    const monotonic_ns end = state_.control().end_at.load();
    // A call that the end of the run cuts off is not an error. It counts as not returned.
    if (dynamic_cast<const run_is_over*>(&error) != nullptr ||
        (plan_.capacity > 0 && end != 0 && now >= end)) {
      state_.end_call(nullptr, now, answer::none, false, 0);
      return;
    }
    state_.note_error(error.what());
    state_.end_call(entry, now, answer::error, false, 0);
  }
}

}  // namespace drover::simulate
