// SPDX-License-Identifier: MIT
#include "simulate/herd/herd.hpp"

#include <algorithm>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <utility>

#include "simulate/origins/load_time.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

/// From the signal to the release. It gives every caller time to wake up.
constexpr auto head_start = 20ms;
constexpr auto tick = 20ms;
/// The run ends when no query has run in the background for this long. The time is longer for a run
/// that has had no query, because a value may be served before its refresh begins.
constexpr auto quiet = 100ms;
constexpr auto quiet_without_query = 2s;
constexpr auto patience_max = 60s;  // on top of the time that a step is expected to take
// Sizes of the logs: several queries for each caller, or, in a long run, about a minute of the
// fastest callers. Further events are only counted.
constexpr std::uint32_t queries_per_caller = 8;
constexpr std::uint32_t places_min = 64;
constexpr std::uint32_t call_places_max = 1U << 20;
constexpr std::uint32_t query_places_max = 1U << 18;
constexpr std::uint32_t refusal_places_max = 1U << 16;
constexpr std::uint32_t marker_places_max = 1U << 12;

run_state_size size_for(const run_plan& plan) {
  const std::uint32_t callers = plan.processes * plan.callers;
  if (plan.arrivals != arrival::once) {
    return {.keys = plan.keys,
            .call_places = call_places_max,
            .query_places = query_places_max,
            .refusal_places = plan.arrivals == arrival::open ? refusal_places_max : 0,
            .marker_places = marker_places_max};
  }
  return {.keys = plan.keys,
          .call_places = callers,
          .query_places = queries_per_caller * callers + places_min};
}

process::child_process::plan process_plan(const run_plan& plan, const shared_run_state& shared,
                                          std::uint32_t number) {
  process::child_process::plan child{.program = "/proc/self/exe",
                                     .arguments = {"drover", "herd-member", std::to_string(number)},
                                     .passed_descriptor = shared.descriptor()};
  for (std::string& argument : to_arguments(plan)) child.arguments.push_back(std::move(argument));
  return child;
}

/// In a run with several keys, only the first key is watched.
std::string marker_in_words(marker_kind kind, std::uint32_t keys) {
  if (kind == marker_kind::change) return "the row has changed";
  return keys > 1 ? "no fresh value of the first key" : "no fresh value";
}

std::string process_in_words(std::uint32_t number) {
  return "process " + std::to_string(number + 1);
}

}  // namespace

herd::herd(run_plan plan, process::private_redis* redis, const process::signal_watch& signals,
           const std::function<void(const herd_progress&)>& report_progress)
    : plan_{std::move(plan)},
      redis_{redis},
      signals_{signals},
      report_progress_{report_progress},
      state_{size_for(plan_), plan_.capacity} {
  processes_.reserve(plan_.processes);
  for (std::uint32_t i = 0; i < plan_.processes; ++i) {
    processes_.emplace_back(process_plan(plan_, state_, i));
  }
}

template <class Done>
void herd::wait(std::string_view doing, std::chrono::nanoseconds patience, const Done& done) {
  const auto begun = std::chrono::steady_clock::now();
  const auto deadline = begun + patience;
  while (!done()) {
    check_processes();
    const auto now = std::chrono::steady_clock::now();
    if (now > deadline) {
      throw std::runtime_error{plan_.strategy + ": timed out while " + std::string{doing} + " (" +
                               std::to_string(state_.count().calls_ended) + " calls are back)"};
    }
    report_progress_(progress(doing, now - begun));
    signals_.pause(tick);
  }
}

herd_progress herd::progress(std::string_view doing, std::chrono::nanoseconds elapsed) {
  herd_progress now{.doing = doing, .elapsed = elapsed, .is_released = is_released_};
  if (!is_released_) return now;
  const shared_run_state::counters& count = state_.count();
  // The end counts are read first, so that no difference is negative.
  const std::uint32_t queries_ended = count.queries_ended;
  const std::uint32_t calls_ended = count.calls_ended;
  now.elapsed = std::max(since_release(monotonic_now()), 0ns);
  now.queries = count.queries_begun - queries_before_;
  now.running = count.queries_begun - queries_ended;
  now.calls = count.calls_begun;
  now.waiting = count.calls_begun - calls_ended;
  return now;
}

void herd::check_processes() {
  for (std::uint32_t i = 0; i < processes_.size(); ++i) {
    const std::optional<int> status = processes_[i].status();
    if (!status || *status == 0 || killed_.contains(i)) continue;
    const std::string error = state_.error();
    throw std::runtime_error{plan_.strategy + ": " + process_in_words(i) + " of the herd " +
                             process::ending_in_words(*status) +
                             (error.empty() ? "" : ": " + error)};
  }
  if (redis_ == nullptr || redis_->is_killed()) return;
  if (const auto status = redis_->status()) {
    throw std::runtime_error{"redis-server " + process::ending_in_words(*status) +
                             " while it was in use"};
  }
}

void herd::gather() {
  wait("callers connect", patience_max,
       [&] { return state_.count().ready == plan_.processes * plan_.callers; });
}

void herd::fill() {
  gather();
  is_filled_ = true;
  state_.enter(stage::filling);
  const auto load = load_time::parse(plan_.load).value().mean();
  wait("the cache is filled", patience_max + 4 * plan_.keys * load,
       [&] { return state_.count().filled == plan_.keys; });
}

void herd::await_cold() {
  const auto ttl = std::max(plan_.fill_ttl, plan_.ttl);
  wait("its ttl runs out", patience_max + 4 * ttl, [&] { return state_.count().cold == 1; });
}

void herd::release() {
  gather();
  queries_before_ = state_.count().queries_begun;
  requested_before_ = state_.count().queries_requested;
  const monotonic_ns at = monotonic_now() + std::chrono::nanoseconds{head_start}.count();
  if (plan_.arrivals != arrival::once) {
    state_.control().end_at = at + std::chrono::nanoseconds{plan_.duration}.count();
  }
  is_released_ = true;
  state_.release(at);
  if (!is_filled_) put_marker(marker_kind::cold, "never loaded");
  if (state_.count().cold == 1) put_marker(marker_kind::cold, "the ttl is over");
}

std::uint32_t herd::await_holder() {
  std::optional<std::uint32_t> holder;
  wait("waiting for a query", patience_max, [&] {
    const auto queries = state_.queries();
    for (std::size_t i = queries_before_; i < queries.size() && !holder; ++i) {
      if (queries[i].begun != 0 && queries[i].ended == 0) holder = queries[i].process;
    }
    return holder.has_value();
  });
  return holder.value();
}

void herd::await_time(std::chrono::milliseconds since) {
  wait("callers call", since + patience_max,
       [&] { return since_release(monotonic_now()) >= since - tick; });
  const auto remaining = since - since_release(monotonic_now());
  if (remaining > 0ns) signals_.pause(std::chrono::ceil<std::chrono::milliseconds>(remaining));
}

void herd::await_calls(std::uint32_t calls, std::chrono::milliseconds limit) {
  const monotonic_ns until = monotonic_now() + std::chrono::nanoseconds{limit}.count();
  wait("callers wait", limit + patience_max,
       [&] { return state_.count().calls_ended >= calls || monotonic_now() > until; });
}

void herd::kill_process(std::uint32_t number) {
  killed_.insert(number);
  disturbed_.try_emplace(number, monotonic_now());
  ::kill(processes_.at(number).pid(), SIGKILL);
  put_marker(marker_kind::fault, process_in_words(number) + " is killed");
}

void herd::freeze_process(std::uint32_t number) {
  disturbed_.try_emplace(number, monotonic_now());
  frozen_.insert(number);
  ::kill(processes_.at(number).pid(), SIGSTOP);
  put_marker(marker_kind::fault, process_in_words(number) + " freezes");
}

void herd::thaw_process(std::uint32_t number) {
  frozen_.erase(number);
  ::kill(processes_.at(number).pid(), SIGCONT);
  put_marker(marker_kind::mended, process_in_words(number) + " runs again");
}

void herd::fail_queries(bool from_now_on) {
  state_.control().origin_fails = from_now_on ? 1 : 0;
  put_marker(from_now_on ? marker_kind::fault : marker_kind::mended,
             from_now_on ? "queries fail" : "queries work again");
}

process::private_redis& herd::own_redis() const {
  if (redis_ == nullptr) throw std::logic_error{"this scenario needs a private Redis"};
  return *redis_;
}

void herd::kill_redis() {
  own_redis().kill();
  put_marker(marker_kind::fault, "Redis is killed");
}

void herd::start_redis() {
  own_redis().start_again(signals_);
  put_marker(marker_kind::mended, "Redis is back, empty");
}

void herd::flush_redis() {
  own_redis().flush_all();
  put_marker(marker_kind::cold, "FLUSHALL");
}

bool herd::is_at_rest() {
  if (state_.count().done < processes_.size() - killed_.size()) return false;
  return std::ranges::none_of(state_.queries(), [this](const auto& query) {
    return query.ended == 0 && !killed_.contains(query.process);
  });
}

run_record herd::finish() {
  const auto load = load_time::parse(plan_.load).value().mean();
  const auto patience = patience_max + plan_.duration + 4 * load;
  monotonic_ns quiet_since = 0;
  wait("callers call", patience, [&] {
    const monotonic_ns now = monotonic_now();
    if (!is_at_rest()) {
      quiet_since = 0;
    } else if (quiet_since == 0) {
      quiet_since = now;
    }
    const bool has_queries = state_.count().queries_begun > queries_before_;
    const std::chrono::nanoseconds quiet_time = has_queries ? quiet : quiet_without_query;
    return quiet_since != 0 && now - quiet_since >= quiet_time.count();
  });
  state_.enter(stage::over);
  wait("the processes end", patience, [&] {
    return std::ranges::all_of(processes_,
                               [](auto& process) { return process.status().has_value(); });
  });
  check_processes();
  return collect();
}

void herd::put_marker(marker_kind kind, std::string text) {
  // A marker set before the release is placed at the release.
  markers_.push_back({std::max(since_release(monotonic_now()), 0ns), kind, std::move(text)});
}

std::chrono::nanoseconds herd::since_release(monotonic_ns at) const {
  return std::chrono::nanoseconds{at - state_.release_at()};
}

bool herd::is_disturbed(std::uint32_t process, monotonic_ns begun, monotonic_ns ended) const {
  const auto disturbance = disturbed_.find(process);
  return disturbance != disturbed_.end() && begun <= disturbance->second &&
         (ended == 0 || ended >= disturbance->second);
}

void herd::collect_queries(run_record& record) {
  const auto queries = state_.queries();
  for (std::size_t i = queries_before_; i < queries.size(); ++i) {
    const auto& query = queries[i];
    if (query.begun == 0) continue;  // the process was killed before it wrote the time
    const bool is_ended = query.ended != 0;
    record.queries.push_back(
        {since_release(query.begun), is_ended ? since_release(query.ended) : record.end, query.key,
         query.process, is_ended, is_disturbed(query.process, query.begun, query.ended)});
  }
  std::ranges::sort(record.queries, {}, &query_span::begun);
}

void herd::collect_calls(run_record& record) {
  for (const auto& call : state_.calls()) {
    if (call.begun == 0) continue;
    const bool is_back = call.ended != 0;
    record.calls.push_back(
        {since_release(call.begun), is_back ? since_release(call.ended) : record.end, call.key,
         call.process, is_back ? call.outcome : answer::none, is_back && call.is_stale,
         std::chrono::nanoseconds{is_back ? call.age : 0},
         is_disturbed(call.process, call.begun, call.ended)});
  }
  std::ranges::sort(record.calls, {}, &call_span::begun);
}

run_record herd::collect() {
  const shared_run_state::counters& count = state_.count();
  run_record record;
  record.markers = markers_;
  record.first_error = state_.error();
  record.fill_queries = queries_before_;
  record.queries_counted = count.queries_begun - queries_before_;
  record.queries_asked = count.queries_requested - requested_before_;
  record.calls_made = count.calls_begun;
  record.calls_refused = count.refused;
  for (const auto& call : state_.calls()) {
    if (call.ended != 0) record.end = std::max(record.end, since_release(call.ended));
  }
  const auto queries = state_.queries();
  for (std::size_t i = queries_before_; i < queries.size(); ++i) {
    record.end = std::max(
        record.end, since_release(std::max<monotonic_ns>(queries[i].ended, queries[i].begun)));
  }
  collect_queries(record);
  collect_calls(record);
  for (const auto& marker : state_.markers()) {
    if (marker.at == 0) continue;
    record.markers.push_back(
        {since_release(marker.at), marker.kind, marker_in_words(marker.kind, plan_.keys)});
  }
  std::ranges::stable_sort(record.markers, {}, &timeline_marker::at);
  for (const auto& refusal : state_.refusals()) {
    if (refusal != 0) record.refusals.push_back(since_release(refusal));
  }
  std::ranges::sort(record.refusals);
  return record;
}

}  // namespace drover::simulate
