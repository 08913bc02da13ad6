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

/// From the signal to the instant: time for every caller to hear it.
constexpr auto head_start = 20ms;
constexpr auto tick = 20ms;
/// Nothing has begun in the background for so long: nothing will. Longer where nothing has run at
/// all, for a value may have been served while its refresh was only asked for.
constexpr auto quiet = 100ms;
constexpr auto quiet_without_any = 2s;
constexpr auto patience_max = 60s;  // for what takes no time of its own
// The logs: worse than one query a caller, and then some; for a long run a minute or so of the
// fastest callers. What goes beyond is counted only.
constexpr std::uint32_t queries_per_caller = 8;
constexpr std::uint32_t places_min = 64;
constexpr std::uint32_t call_places_max = 1U << 20;
constexpr std::uint32_t query_places_max = 1U << 18;
constexpr std::uint32_t refusal_places_max = 1U << 16;
constexpr std::uint32_t mark_places_max = 1U << 12;

board_size size_for(const run_plan& plan) {
  const std::uint32_t callers = plan.processes * plan.callers;
  if (plan.comes != arrival::once) {
    return {.keys = plan.keys,
            .call_places = call_places_max,
            .query_places = query_places_max,
            .refusal_places = plan.comes == arrival::open ? refusal_places_max : 0,
            .mark_places = mark_places_max};
  }
  return {.keys = plan.keys,
          .call_places = callers,
          .query_places = queries_per_caller * callers + places_min};
}

process::child_process::plan process_plan(const run_plan& plan, const board& shared,
                                          std::uint32_t number) {
  process::child_process::plan made{.program = "/proc/self/exe",
                                    .arguments = {"drover", "herd-member", std::to_string(number)},
                                    .passed_descriptor = shared.descriptor()};
  for (std::string& each : to_arguments(plan)) made.arguments.push_back(std::move(each));
  return made;
}

/// Of many keys the first one is watched.
std::string mark_in_words(mark_kind kind, std::uint32_t keys) {
  if (kind == mark_kind::change) return "the row has changed";
  return keys > 1 ? "no fresh value of the first key" : "no fresh value";
}

std::string process_in_words(std::uint32_t number) {
  return "process " + std::to_string(number + 1);
}

}  // namespace

herd::herd(run_plan plan, process::private_redis* redis, const process::signal_watch& signals,
           const std::function<void(const herd_progress&)>& tell)
    : plan_{std::move(plan)},
      redis_{redis},
      signals_{signals},
      tell_{tell},
      board_{size_for(plan_), plan_.capacity} {
  processes_.reserve(plan_.processes);
  for (std::uint32_t i = 0; i < plan_.processes; ++i) {
    processes_.emplace_back(process_plan(plan_, board_, i));
  }
}

template <class Done>
void herd::wait(std::string_view doing, std::chrono::nanoseconds patience, const Done& done) {
  const auto begun = std::chrono::steady_clock::now();
  const auto deadline = begun + patience;
  while (!done()) {
    complain_about_the_dead();
    const auto now = std::chrono::steady_clock::now();
    if (now > deadline) {
      throw std::runtime_error{plan_.strategy + ": no end in sight while " + std::string{doing} +
                               " (" + std::to_string(board_.count().calls_ended) +
                               " calls are back)"};
    }
    tell_(progress(doing, now - begun));
    signals_.pause(tick);
  }
}

herd_progress herd::progress(std::string_view doing, std::chrono::nanoseconds elapsed) {
  herd_progress now{.doing = doing, .elapsed = elapsed, .is_released = is_released_};
  if (!is_released_) return now;
  const board::counters& count = board_.count();
  // What ends is read first: so neither difference can be negative.
  const std::uint32_t queries_ended = count.queries_ended;
  const std::uint32_t calls_ended = count.calls_ended;
  now.elapsed = std::max(since_release(board_now()), 0ns);
  now.queries = count.queries_begun - queries_before_;
  now.running = count.queries_begun - queries_ended;
  now.calls = count.calls_begun;
  now.waiting = count.calls_begun - calls_ended;
  return now;
}

void herd::complain_about_the_dead() {
  for (std::uint32_t i = 0; i < processes_.size(); ++i) {
    const std::optional<int> status = processes_[i].status();
    if (!status || *status == 0 || killed_.contains(i)) continue;
    const std::string error = board_.error();
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
       [&] { return board_.count().ready == plan_.processes * plan_.callers; });
}

void herd::fill() {
  gather();
  is_filled_ = true;
  board_.enter(stage::filling);
  const auto load = load_time::parse(plan_.load).value().mean();
  wait("the cache is filled", patience_max + 4 * plan_.keys * load,
       [&] { return board_.count().filled == plan_.keys; });
}

void herd::await_cold() {
  const auto ttl = std::max(plan_.fill_ttl, plan_.ttl);
  wait("its ttl runs out", patience_max + 4 * ttl, [&] { return board_.count().cold == 1; });
}

void herd::release() {
  gather();
  queries_before_ = board_.count().queries_begun;
  asked_before_ = board_.count().asked;
  const board_time at = board_now() + std::chrono::nanoseconds{head_start}.count();
  if (plan_.comes != arrival::once) {
    board_.turn().end_at = at + std::chrono::nanoseconds{plan_.duration}.count();
  }
  is_released_ = true;
  board_.release(at);
  if (!is_filled_) put_mark(mark_kind::cold, "never loaded");
  if (board_.count().cold == 1) put_mark(mark_kind::cold, "the ttl is over");
}

std::uint32_t herd::await_holder() {
  std::optional<std::uint32_t> holder;
  wait("waiting for a query", patience_max, [&] {
    const auto queries = board_.queries();
    for (std::size_t i = queries_before_; i < queries.size() && !holder; ++i) {
      if (queries[i].begun != 0 && queries[i].ended == 0) holder = queries[i].process;
    }
    return holder.has_value();
  });
  return holder.value();
}

void herd::await_time(std::chrono::milliseconds since) {
  wait("callers call", since + patience_max,
       [&] { return since_release(board_now()) >= since - tick; });
  const auto rest = since - since_release(board_now());
  if (rest > 0ns) signals_.pause(std::chrono::ceil<std::chrono::milliseconds>(rest));
}

void herd::await_calls(std::uint32_t calls, std::chrono::milliseconds limit) {
  const board_time until = board_now() + std::chrono::nanoseconds{limit}.count();
  wait("callers wait", limit + patience_max,
       [&] { return board_.count().calls_ended >= calls || board_now() > until; });
}

void herd::kill_process(std::uint32_t number) {
  killed_.insert(number);
  disturbed_.try_emplace(number, board_now());
  ::kill(processes_.at(number).pid(), SIGKILL);
  put_mark(mark_kind::fault, process_in_words(number) + " is killed");
}

void herd::freeze_process(std::uint32_t number) {
  disturbed_.try_emplace(number, board_now());
  frozen_.insert(number);
  ::kill(processes_.at(number).pid(), SIGSTOP);
  put_mark(mark_kind::fault, process_in_words(number) + " freezes");
}

void herd::thaw_process(std::uint32_t number) {
  frozen_.erase(number);
  ::kill(processes_.at(number).pid(), SIGCONT);
  put_mark(mark_kind::mended, process_in_words(number) + " runs again");
}

void herd::fail_queries(bool from_now_on) {
  board_.turn().origin_fails = from_now_on ? 1 : 0;
  put_mark(from_now_on ? mark_kind::fault : mark_kind::mended,
           from_now_on ? "queries fail" : "queries work again");
}

process::private_redis& herd::own_redis() const {
  if (redis_ == nullptr) throw std::logic_error{"this scenario needs a Redis of its own"};
  return *redis_;
}

void herd::kill_redis() {
  own_redis().kill();
  put_mark(mark_kind::fault, "Redis is killed");
}

void herd::start_redis() {
  own_redis().start_again(signals_);
  put_mark(mark_kind::mended, "Redis is back, empty");
}

void herd::flush_redis() {
  own_redis().flush_all();
  put_mark(mark_kind::cold, "FLUSHALL");
}

bool herd::is_at_rest() {
  if (board_.count().done < processes_.size() - killed_.size()) return false;
  return std::ranges::none_of(board_.queries(), [this](const auto& each) {
    return each.ended == 0 && !killed_.contains(each.process);
  });
}

run_record herd::finish() {
  const auto load = load_time::parse(plan_.load).value().mean();
  const auto patience = patience_max + plan_.duration + 4 * load;
  board_time quiet_since = 0;
  wait("callers call", patience, [&] {
    const board_time now = board_now();
    if (!is_at_rest()) {
      quiet_since = 0;
    } else if (quiet_since == 0) {
      quiet_since = now;
    }
    const bool has_any = board_.count().queries_begun > queries_before_;
    const std::chrono::nanoseconds enough = has_any ? quiet : quiet_without_any;
    return quiet_since != 0 && now - quiet_since >= enough.count();
  });
  board_.enter(stage::over);
  wait("processes end", patience, [&] {
    return std::ranges::all_of(processes_, [](auto& each) { return each.status().has_value(); });
  });
  complain_about_the_dead();
  return collect();
}

void herd::put_mark(mark_kind kind, std::string text) {
  // What was so when the callers were let go, was so from the beginning.
  marks_.push_back({std::max(since_release(board_now()), 0ns), kind, std::move(text)});
}

std::chrono::nanoseconds herd::since_release(board_time at) const {
  return std::chrono::nanoseconds{at - board_.release_at()};
}

bool herd::is_disturbed(std::uint32_t process, board_time begun, board_time ended) const {
  const auto found = disturbed_.find(process);
  return found != disturbed_.end() && begun <= found->second &&
         (ended == 0 || ended >= found->second);
}

void herd::collect_queries(run_record& into) {
  const auto queries = board_.queries();
  for (std::size_t i = queries_before_; i < queries.size(); ++i) {
    const auto& each = queries[i];
    if (each.begun == 0) continue;  // its process was killed before it could write
    const bool is_ended = each.ended != 0;
    into.queries.push_back({since_release(each.begun),
                            is_ended ? since_release(each.ended) : into.end, each.key, each.process,
                            is_ended, is_disturbed(each.process, each.begun, each.ended)});
  }
  std::ranges::sort(into.queries, {}, &query_span::begun);
}

void herd::collect_calls(run_record& into) {
  for (const auto& each : board_.calls()) {
    if (each.begun == 0) continue;
    const bool is_back = each.ended != 0;
    into.calls.push_back({since_release(each.begun), is_back ? since_release(each.ended) : into.end,
                          each.key, each.process, is_back ? each.got : answer::none,
                          is_back && each.is_stale,
                          std::chrono::nanoseconds{is_back ? each.age : 0},
                          is_disturbed(each.process, each.begun, each.ended)});
  }
  std::ranges::sort(into.calls, {}, &call_span::begun);
}

run_record herd::collect() {
  const board::counters& count = board_.count();
  run_record home;
  home.marks = marks_;
  home.first_error = board_.error();
  home.fill_queries = queries_before_;
  home.queries_counted = count.queries_begun - queries_before_;
  home.queries_asked = count.asked - asked_before_;
  home.calls_made = count.calls_begun;
  home.calls_refused = count.refused;
  for (const auto& each : board_.calls()) {
    if (each.ended != 0) home.end = std::max(home.end, since_release(each.ended));
  }
  const auto queries = board_.queries();
  for (std::size_t i = queries_before_; i < queries.size(); ++i) {
    home.end =
        std::max(home.end, since_release(std::max<board_time>(queries[i].ended, queries[i].begun)));
  }
  collect_queries(home);
  collect_calls(home);
  for (const auto& each : board_.marks()) {
    if (each.at == 0) continue;
    home.marks.push_back({since_release(each.at), each.kind, mark_in_words(each.kind, plan_.keys)});
  }
  std::ranges::stable_sort(home.marks, {}, &mark::at);
  for (const auto& each : board_.refusals()) {
    if (each != 0) home.refusals.push_back(since_release(each));
  }
  std::ranges::sort(home.refusals);
  return home;
}

}  // namespace drover::simulate
