// SPDX-License-Identifier: MIT
// What a simulated program checks of limits: how long a call takes, how many loads run without
// Redis, and whether a call was refused for a reason.
#include <algorithm>
#include <cstdlib>

#include "world/play/program.hpp"

namespace drover::world {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t ppm = 1'000'000;

}  // namespace

// The limits are times of the process's own clock.
virtual_time program::own_time(virtual_time shown) const {
  return shown + shown / ppm * std::abs(planned_.drift_ppm) * 2 + 2ms;
}

void program::check_span(const planned_call& planned, virtual_time began, virtual_time ended,
                         virtual_time paused_before) {
  const virtual_time span = ended - began - (paused_for() - paused_before);
  const virtual_time most = limit_of(planned, began);
  if (span <= most) return;
  in_.report("late", std::string{name_of(planned.is)} + ' ' +
                         name_of({planned.cache, planned.key}) + " took " +
                         std::to_string(span.count() / 1000) + " us; the limit is " +
                         std::to_string(most.count() / 1000) + " us");
}

virtual_time program::limit_of(const planned_call& planned, virtual_time began) const {
  using kind = planned_call::kind;
  const client_options& options = in_.planned.options;
  switch (planned.is) {
    case kind::refresh: return work_max;
    case kind::peek: return own_time(bounded(options.silence_max)) + work_max;
    // It is sent a second time when the connection is lost.
    case kind::write:
    case kind::expire:
      return own_time(2 * (bounded(options.connect_max) + 4 * bounded(options.silence_max))) +
             work_max;
    default: break;
  }
  virtual_time most = longest_wait({planned.cache, planned.key}, began);
  // A loader of get_or_load runs on the caller's thread, whatever the limits. A mixed executor runs
  // some loads there, too.
  const bool can_leave = planned.is == kind::get && in_.planned.executor != executor_kind::mixed;
  if (planned.deadline && can_leave) most = std::min(most, own_time(bounded(*planned.deadline)));
  if (planned.stop_after && can_leave) most = std::min(most, own_time(*planned.stop_after));
  return most;
}

// The sum that the docstring of `cache::get` gives. The loader of the call itself is not bounded.
virtual_time program::longest_wait(row of, virtual_time began) const {
  const drover::policy& with = in_.planned.policy;
  const client_options& options = in_.planned.options;
  std::int64_t loads = 1;
  virtual_time own_loads{};
  for (const load_record& load : in_.database.loads()) {
    if (load.end && *load.end < began) continue;
    if (load.of == of) ++loads;
    if (load.thread == in_.system.running().number && load.process == number_)
      own_loads += load.end.value_or(in_.system.now()) - load.begin;
  }
  const std::int64_t turns = 1 + static_cast<std::int64_t>(planned_.threads.size());
  const std::int64_t dead_holders = std::ranges::count_if(in_.processes, [](const process* other) {
    return !other->is_alive || other->paused_for > virtual_time{} || other->is_paused;
  });
  const virtual_time sum = virtual_time{with.load_max} * (loads + turns) +
                           virtual_time{with.lease_ttl} * dead_holders +
                           bounded(options.connect_max) + bounded(options.silence_max) * 8;
  return sum * 103 / 100 + own_loads + 50ms;
}

// At most `bypass_max` loads of a cache run without Redis at once. Loads within a load share its
// turn, and only those of the second cache are such loads.
void program::check_turns(std::size_t number) {
  const load_record& begun = in_.database.load(number);
  const bool shares_turns = begun.of.cache == 1 && in_.planned.loader.nested > 0;
  const bool needs_no_turn = in_.planned.options.key_max < key_text(begun.of.key).size();
  // A pause may lie between a grant and its announcement.
  if (!begun.is_without_redis || shares_turns || needs_no_turn || paused_for() > 0ms) return;
  const virtual_time turn_max = virtual_time{in_.planned.policy.load_max} * 97 / 100 - 20ms;
  const auto has_turn = [&](const load_record& load) {
    return load.process == number_ && load.of.cache == begun.of.cache && !load.end &&
           load.is_without_redis && in_.system.now() - load.granted < turn_max;
  };
  const auto running = std::ranges::count_if(in_.database.loads(), has_turn);
  if (running <= static_cast<std::int64_t>(in_.planned.policy.bypass_max)) return;
  in_.report("turns", std::to_string(running) + " loads of cache " +
                          std::to_string(begun.of.cache) + " run without Redis in process " +
                          std::to_string(number_));
}

// Redis gets half of the time of a call with a deadline. A process that has never had a connection
// waits for no other holder of a lease.
bool program::has_time_for_the_origin(const running_call& call) const {
  const plan& with = in_.planned;
  const client_options& options = with.options;
  using kind = planned_fault::kind;
  const bool has_room = options.deadline_threads_max > 100 && options.flights_max > 100 &&
                        options.waiters_max > 100 && with.executor == executor_kind::none &&
                        call.beside <= with.policy.bypass_max;
  const bool may_be_slow = with.loader.hanging > 0 || with.loader.nested > 0 ||
                           with.policy.wait_max > 0ms || planned_.drift_ppm != 0 ||
                           paused_for() > 0ms || with.has_fault(kind::no_threads) ||
                           with.has_fault(kind::no_descriptors);
  if (!call.deadline || !has_room || may_be_slow || in_.connections.at(number_).has_been_up)
    return false;
  return bounded(*call.deadline) / 2 > virtual_time{with.loader.longest} + work_max;
}

void program::check_refusal(const running_call& call, refused::reason why, bool stop_is_requested) {
  const drover::policy& policy = in_.planned.policy;
  const client_options& options = in_.planned.options;
  const auto complain = [&](const char* text) {
    in_.report("refused", name_of(call.of) + ": " + text);
  };
  const auto has_waited_for = [&](virtual_time limit) {
    return in_.system.now() - call.began >= limit * 98 / 100 - 1ms;
  };
  switch (why) {
    case refused::reason::timed_out:
      in_.add(overlap::call_ended_by_deadline);
      if (!call.deadline && policy.wait_max == 0ms) complain("timed out without a limit");
      if (call.deadline && policy.wait_max == 0ms && !has_waited_for(bounded(*call.deadline)))
        complain("timed out before its deadline");
      if (has_time_for_the_origin(call))
        complain("timed out although half of its time was enough for a load");
      return;
    case refused::reason::stopped:
      in_.add(overlap::call_ended_by_stop);
      if (!stop_is_requested) complain("stopped without a request");
      return;
    case refused::reason::saturated: break;
  }
  in_.add(overlap::call_saturated);
  const bool needs_a_thread = (call.deadline || call.has_stop) && !call.has_own_loader;
  const bool may_lack_threads = call.beside > options.deadline_threads_max ||
                                in_.planned.executor != executor_kind::none ||
                                in_.planned.has_fault(planned_fault::kind::no_threads);
  // A call with a deadline waits for a thread until then, or until `wait_max` has passed.
  const bool is_late = (call.deadline && has_waited_for(bounded(*call.deadline))) ||
                       (policy.wait_max > 0ms && has_waited_for(policy.wait_max));
  // A deadline at the end of time is none.
  const bool may_wait =
      call.deadline && *call.deadline < virtual_time::max() && policy.wait_max == 0ms;
  const bool lacked_a_thread = needs_a_thread && (is_late || (!may_wait && may_lack_threads));
  // Refreshes may be queued for a turn, too.
  const std::size_t queued = call.beside + refreshes_asked_;
  const bool was_full =
      call.beside > options.waiters_max || queued > policy.bypass_queue_max || lacked_a_thread;
  if (!was_full) complain("saturated, but no limit was reached");
}

}  // namespace drover::world
