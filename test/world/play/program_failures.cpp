// SPDX-License-Identifier: MIT
// What a simulated program checks of failures: whose they are, how long they answer for the origin,
// and what their texts say.
#include <algorithm>

#include "world/play/program.hpp"

namespace drover::world {
namespace {

using namespace std::chrono_literals;

// A text of another process has 200 characters, and the library's own words.
constexpr std::size_t failure_text_max = 400;

}  // namespace

// The longest time for which a failure answers for the origin. The pause begins when the server
// receives the failure.
virtual_time program::longest_pause() const {
  virtual_time on_the_way = 4 * in_.longest_delay() + 2 * clock_error();
  for (const planned_fault& fault : in_.planned.faults) {
    const bool holds_back = fault.is == planned_fault::kind::block ||
                            fault.is == planned_fault::kind::pause_process ||
                            fault.is == planned_fault::kind::slow;
    if (holds_back && fault.process != number_) on_the_way += fault.length;
  }
  return own_time(in_.planned.policy.failure_pause_max) * 6 / 5 + on_the_way + 50ms;
}

// A process that has never had a connection knows only its own failures. With one thread no two
// loads overlap, so its pause grows with the failures since the last success.
virtual_time program::own_pause(const load_record& failed) const {
  const bool is_alone = !in_.connections.at(number_).has_been_up && planned_.threads.size() == 1 &&
                        !in_.planned.has_limits() && in_.planned.loader.nested == 0 &&
                        in_.planned.loader.hanging == 0 && paused_for() == 0ms &&
                        in_.planned.executor == executor_kind::none;
  if (!is_alone) return longest_pause();
  unsigned earlier = 0;
  for (const load_record& load : in_.database.loads()) {
    if (load.process != number_ || load.of != failed.of || !load.end || *load.end > failed.begin)
      continue;
    earlier = load.has_failed ? earlier + 1 : 0;
  }
  const virtual_time first = std::clamp<virtual_time>(*failed.end - failed.begin + 5ms, 50ms, 1s);
  const virtual_time pause = first * (std::int64_t{1} << std::min(earlier, 10U));
  return std::min(longest_pause(), own_time(pause) * 6 / 5 + 10ms);
}

void program::check_failure(const running_call& call, std::size_t load) {
  if (load >= in_.database.loads().size() || in_.database.load(load).of != call.of)
    return in_.report("foreign_failure", name_of(call.of) + " got the failure of another key");
  const load_record& failed = in_.database.load(load);
  if (!failed.has_failed)
    in_.report("foreign_failure", name_of(call.of) + " got the failure of a load that succeeded");
  const bool is_over = failed.end && *failed.end < call.began - own_pause(failed);
  if (is_over && !in_.planned.has_fault(planned_fault::kind::step_server_clock))
    in_.report("foreign_failure", name_of(call.of) + " got a failure after its pause");
  check_own_try(call);
}

// A call with a loader of its own gets the failure of another load only after it has tried.
void program::check_own_try(const running_call& call) {
  const auto is_own = [&](const load_record& load) {
    return load.of == call.of && load.process == number_ && load.thread == call.thread &&
           load.begin >= call.began;
  };
  if (call.has_own_loader && std::ranges::none_of(in_.database.loads(), is_own))
    in_.report("foreign_failure", name_of(call.of) + " failed before it has tried its own loader");
}

void program::check_failure(const running_call& call, load_failed::reason why) {
  check_own_try(call);
  if (in_.planned.has_fault(planned_fault::kind::step_server_clock)) return;
  const virtual_time since = call.began - longest_pause();
  const auto foreign = in_.foreign_failures.find(call.of);
  if (foreign != in_.foreign_failures.end() && foreign->second >= since) return;
  const auto timeout = in_.timeouts.find(call.of);
  const auto is_late = [&](const load_record& load) {
    const virtual_time end = load.end.value_or(in_.system.now());
    return load.of == call.of && end - load.begin >= in_.planned.policy.load_max * 9 / 10;
  };
  bool has_reason = false;
  switch (why) {
    case load_failed::reason::threw:
      has_reason = in_.database.has_failed_load(call.of, since);
      break;
    case load_failed::reason::timed_out:
      has_reason = (timeout != in_.timeouts.end() && timeout->second >= since) ||
                   std::ranges::any_of(in_.database.loads(), is_late);
      break;
    case load_failed::reason::cancelled:
      has_reason = std::ranges::any_of(in_.is_ending, [](bool ending) { return ending; });
      break;
  }
  if (!has_reason) in_.report("refused", name_of(call.of) + ": load_failed, but no load failed");
}

// Other programs write the text, too.
void program::check_text(const running_call& call, std::string_view text) {
  const bool is_printable =
      std::ranges::all_of(text, [](char shown) { return shown >= ' ' && shown <= '~'; });
  if (!is_printable || text.size() > failure_text_max)
    in_.report("text", "the failure of " + name_of(call.of) + " has a text of " +
                           std::to_string(text.size()) + " bytes that is not for people");
}

// A load stops for its limit or the end of its cache only, while the call that runs it waits.
void program::check_stop(row of, const load_record& run, bool is_stopped) {
  // The limit of a refresh counts from its mark, which its process does not announce. A pause may
  // lie between a grant and the load.
  if (run.is_refresh || paused_for() > 0ms) return;
  is_stopped = is_stopped || in_.planned.wrong == sabotage::takes_loads_for_stopped;
  if (!is_stopped || in_.is_ending.at(number_) || in_.planned.executor != executor_kind::none)
    return;
  const virtual_time limit = virtual_time{in_.planned.policy.load_max} * 97 / 100 - 20ms;
  if (in_.system.now() - run.granted >= limit) return;
  const bool has_caller = std::ranges::any_of(running_calls_, [&](const running_call* call) {
    return call->of == of && call->thread == run.thread;
  });
  if (has_caller)
    in_.report("stopped", "a load of " + name_of(of) + " was stopped, and its caller waits for it");
}

}  // namespace drover::world
