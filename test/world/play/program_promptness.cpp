// SPDX-License-Identifier: MIT
// What a simulated program checks while nothing is wrong: no call takes longer than the loads that
// it must wait for.
#include <algorithm>

#include "world/play/program.hpp"

namespace drover::world {
namespace {

using namespace std::chrono_literals;

constexpr unsigned many = 100;

}  // namespace

// A call with a stop token ends before its stopper does. A call within a load needs no thread.
bool program::is_prompt_when_usual(const planned_call& planned, bool is_nested) const {
  const plan& of = in_.planned;
  // One wrong reply costs a round trip, and perhaps a connection.
  const bool is_well = of.faults.empty() || (of.faults.size() == 1 &&
                                             of.faults[0].is == planned_fault::kind::change_reply);
  const bool has_room = of.options.flights_max > many && of.options.waiters_max > many;
  const bool has_threads =
      of.options.deadline_threads_max > many && of.executor == executor_kind::none;
  return is_well && has_room && !of.has_wrong_password && of.loader.hanging == 0 &&
         planned_.drift_ppm == 0 && of.executor != executor_kind::mixed && is_read(planned) &&
         !planned.stop_after && (!planned.deadline || has_threads || is_nested);
}

// Loads of other keys count where a granted refresh may wait for the thread of another one, where
// they are loads within loads, and where loads without Redis wait for turns. Under a marker only
// the loads of this process count.
virtual_time program::spent_in_loads(row of, virtual_time began, bool is_nested) const {
  const plan& with = in_.planned;
  const client_options usual;
  const bool has_refreshes = with.policy.grace > 0ms || with.policy.early_beta > 0 ||
                             with.has_call(planned_call::kind::refresh);
  const bool is_outer = with.loader.nested > 0 && of.cache == 0;
  // Only the theme of such calls has limits there, and it reads this cache in no other way.
  const bool is_unqueued = is_nested && with.loader.limited > 0;
  const bool is_alone = !has_refreshes && !is_outer && with.options.key_max == usual.key_max &&
                        (is_unqueued || with.options.deadline_threads_max > many);
  const virtual_time now = in_.system.now();
  const virtual_time trips = 30 * in_.longest_delay() + 10ms;
  const auto& loads = in_.database.loads();
  const auto first = std::ranges::find(loads, of, &load_record::of);
  const bool is_marked = with.faults.empty() && with.loader.unstored == 100 &&
                         with.loader.failing == 0 && with.loader.absent == 0 &&
                         first != loads.end() && first->end && *first->end + trips < began &&
                         now + trips < *first->end + virtual_time{with.policy.uncacheable_ttl} &&
                         !in_.database.has_changed(of, 0ms);
  virtual_time spent{};
  for (const load_record& load : loads) {
    const virtual_time end = load.end.value_or(now);
    if (end < began || (is_alone && load.of != of)) continue;
    if (is_alone && is_marked && load.process != number_) continue;
    const bool is_own = load.thread == in_.system.running().number && load.process == number_;
    const virtual_time span = end - std::max(load.begin, began);
    spent += is_own ? span : std::min<virtual_time>(span, with.policy.load_max);
  }
  return spent;
}

void program::check_promptness(const planned_call& planned, virtual_time began, bool is_nested) {
  if (!is_prompt_when_usual(planned, is_nested)) return;
  const row of{planned.cache, planned.key};
  const virtual_time now = in_.system.now();
  const virtual_time loads = spent_in_loads(of, began, is_nested);
  // The first call of a process connects, and sends all scripts.
  const virtual_time trips = 100 * in_.longest_delay() + 30ms;
  // A connection that ends with its first request on the way is followed by the shortest pause.
  const virtual_time pause = in_.planned.idle_max > 0ms ? 60ms : 0ms;
  if (now - began <= loads * 103 / 100 + trips + pause) return;
  in_.report("slow", std::string{name_of(planned.is)} + ' ' + name_of(of) + " took " +
                         std::to_string((now - began) / 1us) +
                         " us, and nothing is wrong; its loads took " +
                         std::to_string(loads / 1us) + " us");
}

}  // namespace drover::world
