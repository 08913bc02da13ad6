// SPDX-License-Identifier: MIT
// Scenarios in which every caller asks for one key at the same instant.
#include "simulate/origins/load_time.hpp"
#include "simulate/run/scenarios.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

constexpr auto frozen_max = 30s;  // the longest time that a process stays frozen

/// The first fill has a ttl of one second, the shortest that SETEX accepts. Values stored later
/// outlast the run.
void expire_soon(run_plan& plan, std::uint32_t) { plan.fill_ttl = 1'000ms; }
void stay_cold(run_plan&, std::uint32_t) {}

void let_it_expire(herd& run) {
  run.fill();
  run.await_cold();
  run.release();
}

std::chrono::milliseconds third_of_the_load(const herd& run) {
  const auto load = load_time::parse(run.plan().load).value().mean();
  return std::chrono::ceil<std::chrono::milliseconds>(load / 3);
}

void play_killed(herd& run) {
  run.release();
  const std::uint32_t holder = run.await_holder();
  run.await_time(third_of_the_load(run));
  run.kill_process(holder);
}

void play_frozen(herd& run) {
  run.release();
  const std::uint32_t holder = run.await_holder();
  run.await_time(third_of_the_load(run));
  run.freeze_process(holder);
  run.await_calls((run.plan().processes - 1) * run.plan().callers, frozen_max);
  run.thaw_process(holder);
}

}  // namespace

const scenario expiring_key{
    .name = "expiry",
    .title = "A hot key expires",
    .story =
        "A key is in the cache, its ttl ends, and every caller asks for it at the same instant.",
    .look_for = "Queries: one is enough, and every further one is the stampede.",
    .usual = {},
    .promise = "queries-per-event=1,errors=0,wrong-values=0",
    .prepare = expire_soon,
    .play = let_it_expire};

const scenario cold_start{
    .name = "cold-start",
    .title = "A key that was never loaded",
    .story = "The cache is empty, as after a deployment, and every caller asks for the key.",
    .look_for = "Queries: no stale value and no early refresh can help, only waiting for one load.",
    .usual = {.loads = "50"},
    .promise = "queries-per-event=1,errors=0,wrong-values=0",
    .prepare = stay_cold,
    .play = [](herd& run) { run.release(); }};

const scenario slow_load{
    .name = "slow-load",
    .title = "A load slower than every timeout",
    .story = "A hot key expires, and its query takes longer than callers wait for a lock.",
    .look_for =
        "Callers that give up waiting ask the database themselves: with the retry lock after 0.5 "
        "s.",
    .usual = {.loads = "2000"},
    .promise = "queries-per-event=1,errors=0,wrong-values=0",
    .prepare = expire_soon,
    .play = let_it_expire};

const scenario holder_killed{
    .name = "holder-killed",
    .title = "The process that loads is killed",
    .story = "The key is cold. After a third of the first load, its process is killed.",
    .look_for = "Queries: two, the lost one and one in its place, soon after the kill.",
    .usual = {.loads = "1500"},
    .promise = "queries-per-event<=2,errors=0,wrong-values=0",
    .headline = {.kind = figure::queries_per_event, .good_max = 2},
    .prepare = stay_cold,
    .play = play_killed};

const scenario holder_frozen{
    .name = "holder-frozen",
    .title = "The process that loads freezes",
    .story =
        "The key is cold. After a third of the first load, its process is stopped until all other "
        "callers have been served.",
    .look_for =
        "Queries: two, because the other callers wait for the end of the lease and not for the "
        "frozen process.",
    .usual = {.loads = "1500"},
    .promise = "queries-per-event<=2,errors=0,wrong-values=0",
    .headline = {.kind = figure::queries_per_event, .good_max = 2},
    .prepare = stay_cold,
    .play = play_frozen};

}  // namespace drover::simulate
