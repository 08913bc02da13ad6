// SPDX-License-Identifier: MIT
#include "fetch/load_scheduler.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace drover::fetch::load_scheduler_test {
namespace {

using scheduler = load_scheduler<std::string>;
using verdict = scheduler::verdict;
using std::chrono::seconds;

constexpr steady_time start{seconds{1000}};
constexpr std::array<char, 3> caches{};
const void* const cache_a = &caches[0];
const void* const cache_b = &caches[1];
const void* const cache_c = &caches[2];

verdict submit(scheduler& to, const void* owner, std::string job) {
  return to.submit(owner, job).decision;
}

/// Starts a thread that runs `job`.
void start_thread(scheduler& in, scheduler::worker& born, const std::string& job) {
  std::string mine = job;
  ASSERT_EQ(in.submit_if_free(mine).decision, verdict::start_thread);
  in.thread_started(born, mine);
  ASSERT_EQ(in.take(born, start), job);
}

TEST(load_scheduler, StartsThreadsThenQueuesThenRefuses) {
  scheduler loads{2, 1};
  std::array<scheduler::worker, 2> workers;
  start_thread(loads, workers[0], "one");
  start_thread(loads, workers[1], "two");
  EXPECT_EQ(submit(loads, cache_a, "three"), verdict::queued);
  EXPECT_EQ(submit(loads, cache_a, "four"), verdict::refused);
  EXPECT_EQ(loads.take(workers[1], start), "three");
  EXPECT_EQ(loads.queued(), 0U);
  EXPECT_EQ(loads.take(workers[1], start), std::nullopt);
  EXPECT_EQ(loads.idle(), 1U);
}

TEST(load_scheduler, GivesAJobToTheThreadThatFellIdleLast) {
  scheduler loads{2, 0};
  std::array<scheduler::worker, 2> workers;
  start_thread(loads, workers[0], "one");
  start_thread(loads, workers[1], "two");
  EXPECT_EQ(loads.take(workers[1], start), std::nullopt);
  EXPECT_EQ(loads.take(workers[0], start + seconds{1}), std::nullopt);
  std::string job = "three";
  const scheduler::placement at = loads.submit(cache_a, job);
  EXPECT_EQ(at.decision, verdict::run_on_idle);
  EXPECT_EQ(at.wakes, workers.data());
  EXPECT_EQ(loads.take(workers[1], start + seconds{2}), std::nullopt) << "it is another's";
  EXPECT_EQ(loads.take(workers[0], start + seconds{2}), "three");
}

TEST(load_scheduler, GoesRoundTheOwners) {
  scheduler loads{1, 10};
  scheduler::worker only;
  start_thread(loads, only, "running");
  for (const char* job : {"a1", "a2", "a3"})
    EXPECT_EQ(submit(loads, cache_a, job), verdict::queued);
  for (const char* job : {"b1", "b2"}) EXPECT_EQ(submit(loads, cache_b, job), verdict::queued);
  EXPECT_EQ(submit(loads, cache_c, "c1"), verdict::queued);
  std::string order;
  while (auto next = loads.take(only, start)) order += *next + ' ';
  EXPECT_EQ(order, "a1 b1 c1 a2 b2 a3 ");
}

TEST(load_scheduler, NeverQueuesAJobThatIsToRunOnlyOnAFreeThread) {
  scheduler loads{1, 10};
  scheduler::worker only;
  start_thread(loads, only, "one");
  std::string job = "two";
  EXPECT_EQ(loads.submit_if_free(job).decision, verdict::refused);
  EXPECT_EQ(job, "two") << "it is still the caller's";
}

TEST(load_scheduler, LeavesTheJobWithTheCallerWhenNoThreadLives) {
  scheduler loads{4, 10};
  std::string job = "one";
  ASSERT_EQ(loads.submit(cache_a, job).decision, verdict::start_thread);
  EXPECT_FALSE(loads.thread_failed(cache_a, job));
  EXPECT_EQ(job, "one");
  EXPECT_EQ(loads.queued(), 0U);
}

TEST(load_scheduler, QueuesBehindLivingThreadsWhenNoOtherCanBeStarted) {
  scheduler loads{4, 1};
  scheduler::worker only;
  start_thread(loads, only, "one");
  std::string job = "two";
  ASSERT_EQ(loads.submit(cache_a, job).decision, verdict::start_thread);
  EXPECT_TRUE(loads.thread_failed(cache_a, job));
  job = "three";
  ASSERT_EQ(loads.submit(cache_a, job).decision, verdict::start_thread);
  EXPECT_FALSE(loads.thread_failed(cache_a, job)) << "the queue is full";
  EXPECT_EQ(job, "three");
  EXPECT_EQ(loads.take(only, start), "two");
}

TEST(load_scheduler, LetsAThreadEndWhenItHasBeenIdleLongEnough) {
  scheduler loads{1, 0};
  scheduler::worker first;
  start_thread(loads, first, "one");
  EXPECT_FALSE(loads.may_end(first, start + seconds{100}, seconds{10})) << "it is busy";
  EXPECT_EQ(loads.take(first, start), std::nullopt);
  EXPECT_EQ(first.idle_since(), start);
  EXPECT_FALSE(loads.may_end(first, start + seconds{9}, seconds{10}));
  EXPECT_TRUE(loads.may_end(first, start + seconds{10}, seconds{10}));
  EXPECT_EQ(loads.threads(), 0U);
  scheduler::worker second;
  start_thread(loads, second, "two");
}

TEST(load_scheduler, DoesNotEndAThreadThatWasJustGivenAJob) {
  scheduler loads{1, 0};
  scheduler::worker only;
  start_thread(loads, only, "one");
  EXPECT_EQ(loads.take(only, start), std::nullopt);
  EXPECT_EQ(submit(loads, cache_a, "two"), verdict::run_on_idle);
  EXPECT_FALSE(loads.may_end(only, start + seconds{10}, seconds{10}));
  EXPECT_EQ(loads.take(only, start + seconds{10}), "two");
}

TEST(load_scheduler, CancelsWhatAnOwnerHasQueuedAndNothingElse) {
  scheduler loads{1, 10};
  scheduler::worker only;
  start_thread(loads, only, "running");
  for (const char* job : {"a1", "a2"}) EXPECT_EQ(submit(loads, cache_a, job), verdict::queued);
  EXPECT_EQ(submit(loads, cache_b, "b1"), verdict::queued);
  EXPECT_EQ(loads.cancel(cache_a), (std::list<std::string>{"a1", "a2"}));
  EXPECT_TRUE(loads.cancel(cache_a).empty());
  EXPECT_EQ(loads.queued(), 1U);
  EXPECT_EQ(loads.cancel_all(), std::list<std::string>{"b1"});
  EXPECT_EQ(loads.take(only, start), std::nullopt);
}

TEST(load_scheduler, TakesJobsThatCannotBeCopied) {
  load_scheduler<std::unique_ptr<int>> loads{1, 1};
  load_scheduler<std::unique_ptr<int>>::worker only;
  auto job = std::make_unique<int>(1);
  ASSERT_EQ(loads.submit_if_free(job).decision, decltype(loads)::verdict::start_thread);
  loads.thread_started(only, std::move(job));
  EXPECT_EQ(**loads.take(only, start), 1);
}

}  // namespace
}  // namespace drover::fetch::load_scheduler_test
