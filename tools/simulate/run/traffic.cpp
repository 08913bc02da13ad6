// SPDX-License-Identifier: MIT
// Scenarios with steady traffic: each caller calls, thinks for a while, and calls again.
#include "simulate/run/scenarios.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

/// With this pause, a few dozen callers make a few thousand calls a second. Two processors can send
/// these calls without delay.
constexpr auto think = 10ms;
constexpr std::uint32_t few_callers = 12;
constexpr std::uint32_t many_keys = 1'000;

void keep_coming(run_plan& plan, std::chrono::milliseconds duration) {
  plan.arrivals = arrival::loop;
  plan.think = think;
  plan.duration = duration;
}
void keep_coming_for_long(run_plan& plan, std::uint32_t) { keep_coming(plan, 5'000ms); }
void keep_coming_for_a_while(run_plan& plan, std::uint32_t) { keep_coming(plan, 2'000ms); }
void keep_coming_for_events(run_plan& plan, std::uint32_t events) {
  keep_coming(plan, plan.ttl * events);
}

void fill_and_release(herd& run) {
  run.fill();
  run.release();
}

/// Two queries and not one: on a busy machine, a refresh that began just before the end of the ttl
/// may report too late that it takes over the cold load. That happens once in some hundred or
/// thousand events.
constexpr std::string_view nearly_one = "queries-per-event<=2,errors=0,wrong-values=0";

/// Waits until `fifths` fifths of the run's duration have passed.
void await_fifths(herd& run, int fifths) { run.await_time(run.plan().duration * fifths / 5); }

}  // namespace

const scenario steady_traffic{
    .name = "traffic",
    .title = "A hot key under steady traffic",
    .story = "Callers keep asking for one key, which expires again and again.",
    .look_for =
        "Queries for one expiry, and the slowest callers: an early refresh spares them the "
        "wait.",
    .usual = {.callers = few_callers, .loads = "100", .ttl = 1'000ms, .events = 5},
    .events = event_rule::cluster,
    .promise = nearly_one,
    .headline = {.kind = figure::queries_per_event, .good_max = 2},
    .prepare = keep_coming_for_events,
    .play = fill_and_release};

const scenario absent_row{
    .name = "absent-row",
    .title = "A row that does not exist",
    .story = "Callers keep asking for a key that has no row.",
    .look_for =
        "Queries in all: without negative caching every call is a query; with it, one query for "
        "each absent_ttl (1 s).",
    .usual = {.callers = few_callers, .loads = "50"},
    .promise = "queries-total<=3,errors=0,wrong-values=0",
    .headline = {.kind = figure::queries_total, .good_max = 3},
    .is_one_enough = false,
    .counts_events = false,
    .prepare =
        [](run_plan& plan, std::uint32_t) {
          plan.has_rows = false;
          keep_coming(plan, 2'000ms);
        },
    .play = [](herd& run) { run.release(); }};

const scenario failing_origin{
    .name = "failing-origin",
    .title = "The database fails for a while",
    .story =
        "A hot key expires while every query fails; after three fifths of the time queries "
        "work again.",
    .look_for =
        "Failed calls: with grace, callers get the old value instead of the error. Calls that fail "
        "at once come more often; calls that wait for a lock fail late and rarely.",
    .usual = {.callers = few_callers, .loads = "50", .ttl = 1'000ms},
    .promise = "wrong-values=0",
    .headline = {.kind = figure::failed_calls, .good_max = 0},
    .is_one_enough = false,
    .counts_events = false,
    .prepare = keep_coming_for_long,
    .play = [](herd& run) {
      run.fill();
      run.release();
      run.fail_queries(true);
      await_fifths(run, 3);
      run.fail_queries(false);
    }};

const scenario redis_killed{
    .name = "redis-killed",
    .title = "Redis is killed and comes back",
    .story = "Under steady traffic Redis is killed, and comes back empty.",
    .look_for =
        "Queries at once while there is no cache: one in each process, or one for each call. And "
        "no "
        "errors.",
    .usual = {.callers = few_callers, .loads = "50"},
    .promise = "errors=0,wrong-values=0",
    .headline = {.kind = figure::queries_at_once, .good_max = 1, .unit = figure_unit::process},
    .is_one_enough = false,
    .counts_events = false,
    .breaks_redis = true,
    .prepare = keep_coming_for_long,
    .play = [](herd& run) {
      run.fill();
      run.release();
      await_fifths(run, 1);
      run.kill_redis();
      await_fifths(run, 3);
      run.start_redis();
    }};

const scenario flushed{.name = "flushall",
                       .title = "FLUSHALL under traffic",
                       .story = "Redis is emptied under steady traffic.",
                       .look_for = "One query brings the key back, or one for each caller.",
                       .usual = {.callers = few_callers, .loads = "200"},
                       .promise = "queries-per-event=1,errors=0,wrong-values=0",
                       .counts_events = false,
                       .breaks_redis = true,
                       .prepare = keep_coming_for_a_while,
                       .play = [](herd& run) {
                         run.fill();
                         run.release();
                         await_fifths(run, 2);
                         run.flush_redis();
                       }};

const scenario same_instant{
    .name = "same-expiry",
    .title = "A thousand keys written together",
    .story =
        "A thousand keys are written at the same time and so expire at the same time, under steady "
        "traffic over all of them.",
    .look_for = "Queries at once: a spike, or spread out by jitter and early refresh.",
    .usual = {.callers = 50, .loads = "50", .ttl = 3'000ms, .events = 3},
    .events = event_rule::cluster,
    .promise = nearly_one,
    .headline = {.kind = figure::queries_at_once, .good_max = 2, .unit = figure_unit::even_spread},
    .prepare =
        [](run_plan& plan, std::uint32_t events) {
          plan.keys = many_keys;
          keep_coming_for_events(plan, events);
          plan.think = 20ms;  // longer, because there are four times as many callers
        },
    .play = fill_and_release};

const scenario changing_row{
    .name = "invalidation",
    .title = "The row changes while it is loaded",
    .story =
        "Under steady traffic, a writer changes the row again and again, and invalidates the key "
        "each time.",
    .look_for =
        "Stale reads: calls that began after an invalidation was acknowledged, and got an older "
        "value.",
    .usual = {.callers = few_callers, .loads = "50"},
    .events = event_rule::cluster,
    .promise = "stale-reads=0,errors=0,wrong-values=0",
    .headline = {.kind = figure::stale_reads, .good_max = 0},
    .is_one_enough = false,  // a load is repeated if the row changes while it runs
    .counts_events = false,
    .prepare =
        [](run_plan& plan, std::uint32_t events) {
          // Short enough that some changes come during the load after another change.
          plan.change_every = 100ms;
          keep_coming_for_long(plan, events);
        },
    .play = fill_and_release};

}  // namespace drover::simulate
