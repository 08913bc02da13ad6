// SPDX-License-Identifier: MIT
#include "world/system/kernel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "futex/futex.hpp"
#include "world/system/arena.hpp"

namespace drover::world::kernel_test {
namespace {

using namespace std::chrono_literals;

struct run_result {
  outcome ended{};
  std::uint64_t fingerprint = 0;
  virtual_time took{};
};

/// Runs one process with `body` as its first thread.
run_result run_in_world(std::uint64_t seed, double preemption, const std::function<void()>& body,
                        const std::function<void(kernel&, process&)>& prepare = {}) {
  run_result got;
  arena::begin();
  {
    random_choices decide{seed, preemption};
    kernel system{decide, seed};
    process& only = system.add_process();
    system.start(only, body);
    if (prepare) prepare(system, only);
    got.ended = system.run(200'000);
    got.fingerprint = system.fingerprint();
    got.took = system.now();
  }
  arena::end();
  return got;
}

TEST(world_kernel, AMutexExcludesTheThreadsOfAProcess) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    int counter = 0;
    const auto got = run_in_world(seed, 0.5, [&counter] {
      std::mutex mutex;
      const auto count = [&] {
        for (int i = 0; i < 10; ++i) {
          const std::scoped_lock lock{mutex};
          const int before = counter;
          std::this_thread::yield();
          counter = before + 1;
        }
      };
      std::thread other{count};
      count();
      other.join();
    });
    EXPECT_EQ(got.ended, outcome::finished);
    EXPECT_EQ(counter, 20) << "seed " << seed;
  }
}

TEST(world_kernel, WithoutAMutexSomeSeedsLoseAnIncrement) {
  std::set<int> results;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    int counter = 0;
    run_in_world(seed, 0.5, [&counter] {
      const auto count = [&counter] {
        const int before = counter;
        std::this_thread::yield();
        counter = before + 1;
      };
      std::thread other{count};
      count();
      other.join();
    });
    results.insert(counter);
  }
  EXPECT_EQ(results, (std::set<int>{1, 2}));
}

TEST(world_kernel, SleepsTakeVirtualTimeAndEndInOrder) {
  std::string order;
  const auto got = run_in_world(1, 0, [&order] {
    std::thread late{[&order] {
      std::this_thread::sleep_for(2h);
      order += "late";
    }};
    std::this_thread::sleep_for(1h);
    order += "early ";
    late.join();
  });
  EXPECT_EQ(order, "early late");
  EXPECT_GE(got.took, 2h);
  EXPECT_LT(got.took, 2h + 1ms);
}

TEST(world_kernel, AConditionVariableWakesAndTimesOut) {
  bool was_woken = false;
  bool timed_out = false;
  const auto got = run_in_world(3, 0.3, [&] {
    std::mutex mutex;
    std::condition_variable changed;
    bool is_ready = false;
    std::thread waker{[&] {
      std::this_thread::sleep_for(5ms);
      const std::scoped_lock lock{mutex};
      is_ready = true;
      changed.notify_one();
    }};
    std::unique_lock lock{mutex};
    timed_out = !changed.wait_for(lock, 1ms, [&] { return is_ready; });
    changed.wait(lock, [&] { return is_ready; });
    was_woken = true;
    lock.unlock();
    waker.join();
  });
  EXPECT_EQ(got.ended, outcome::finished);
  EXPECT_TRUE(timed_out);
  EXPECT_TRUE(was_woken);
}

TEST(world_kernel, AFutexWakesOnlyItsGroup) {
  std::vector<std::uint32_t> woken;
  const auto got = run_in_world(1, 0, [&woken] {
    std::atomic<std::uint32_t> word{0};
    std::vector<std::thread> waiting;
    for (const std::uint32_t group : {1U, 2U}) {
      waiting.emplace_back([&, group] {
        futex::wait(word, 0, std::nullopt, group);
        woken.push_back(group);
      });
    }
    std::this_thread::sleep_for(1ms);
    futex::wake(&word, futex::every_waiter, 2);
    std::this_thread::sleep_for(1ms);
    woken.push_back(0);
    futex::wake(&word, futex::every_waiter);
    for (std::thread& ended : waiting) ended.join();
  });
  EXPECT_EQ(got.ended, outcome::finished);
  EXPECT_EQ(woken, (std::vector<std::uint32_t>{2, 0, 1}));
}

TEST(world_kernel, AThreadThatNobodyWakesHangs) {
  const auto got = run_in_world(1, 0, [] {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock{mutex};
    never.wait(lock, [] { return false; });
  });
  EXPECT_EQ(got.ended, outcome::hung);
}

TEST(world_kernel, AThreadThatSpinsForEverIsEndless) {
  const auto got = run_in_world(1, 0, [] {
    for (;;) std::this_thread::yield();
  });
  EXPECT_EQ(got.ended, outcome::endless);
}

TEST(world_kernel, AKilledProcessNeverRunsAgain) {
  bool went_on = false;
  const auto got = run_in_world(
      1, 0,
      [&went_on] {
        std::this_thread::sleep_for(10ms);
        went_on = true;
      },
      [](kernel& system, process& only) { system.at(5ms, [&] { system.kill(only); }); });
  EXPECT_EQ(got.ended, outcome::finished);
  EXPECT_FALSE(went_on);
}

TEST(world_kernel, APausedProcessGoesOnLater) {
  virtual_time ended{};
  run_in_world(
      1, 0,
      [&ended] {
        std::this_thread::sleep_for(10ms);
        ended = kernel::current()->now();
      },
      [](kernel& system, process& only) {
        system.at(5ms, [&] { system.pause(only); });
        system.at(500ms, [&] { system.resume(only); });
      });
  EXPECT_GE(ended, 500ms);
}

TEST(world_kernel, AClockThatDriftsEndsItsSleepsAtItsOwnTime) {
  virtual_time woken{};
  run_in_world(
      1, 0,
      [&woken] {
        const auto begin = std::chrono::steady_clock::now();
        std::mutex mutex;
        std::condition_variable never;
        std::unique_lock lock{mutex};
        never.wait_until(lock, begin + 10s, [] { return false; });
        woken = kernel::current()->now();
      },
      [](kernel&, process& only) { only.drift_ppm = 10'000; });
  EXPECT_GT(woken, 9800ms);
  EXPECT_LT(woken, 9950ms);
}

TEST(world_kernel, ThreadLocalVariablesAndExceptionsBelongToTheirThread) {
  std::vector<std::string> seen;
  run_in_world(1, 1.0, [&seen] {
    const auto fail = [&seen](const char* text) {
      try {
        throw std::runtime_error{text};
      } catch (const std::runtime_error& caught) {
        for (int i = 0; i < 5; ++i) std::this_thread::yield();
        try {
          throw;
        } catch (const std::runtime_error& again) {
          seen.push_back(std::string{caught.what()} + again.what());
        }
      }
    };
    std::thread other{fail, "a"};
    fail("b");
    other.join();
  });
  std::ranges::sort(seen);
  EXPECT_EQ(seen, (std::vector<std::string>{"aa", "bb"}));
}

TEST(world_kernel, AStopTokenEndsAWait) {
  const auto got = run_in_world(4, 0.4, [] {
    std::stop_source source;
    std::thread stopper{[source]() mutable {
      std::this_thread::sleep_for(1ms);
      source.request_stop();
    }};
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock{mutex};
    changed.wait(lock, source.get_token(), [] { return false; });
    lock.unlock();
    stopper.join();
  });
  EXPECT_EQ(got.ended, outcome::finished);
}

TEST(world_kernel, TheSameSeedGivesTheSameSchedule) {
  const auto body = [] {
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&mutex] {
        for (int step = 0; step < 20; ++step) {
          const std::scoped_lock lock{mutex};
          std::this_thread::yield();
        }
      });
    }
    for (std::thread& ended : threads) ended.join();
  };
  const auto first = run_in_world(7, 0.3, body);
  EXPECT_EQ(run_in_world(7, 0.3, body).fingerprint, first.fingerprint);
  EXPECT_NE(run_in_world(8, 0.3, body).fingerprint, first.fingerprint);
}

TEST(world_arena, KnowsWhatAProcessHasLeft) {
  arena::begin();
  const auto before = arena::set_owner(3);
  int* const left = new int{5};
  delete new int{6};
  arena::set_owner(before);
  EXPECT_EQ(arena::blocks_of(3), 1);
  delete left;
  EXPECT_EQ(arena::blocks_of(3), 0);
  arena::end();
}

}  // namespace
}  // namespace drover::world::kernel_test
