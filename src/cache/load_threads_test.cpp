// SPDX-License-Identifier: MIT
#include "cache/load_threads.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/no_new_threads.hpp"
#include "support/sanitized.hpp"

namespace drover::detail::load_threads_test {
namespace {

constexpr std::array<char, 2> caches{};
const void* const cache_a = &caches[0];
const void* const cache_b = &caches[1];

std::function<bool()> never_forked() {
  return [] { return false; };
}

/// A task that returns only after `let_go`.
class held_task {
 public:
  std::function<void()> task() {
    return [this] {
      begun_.count_down();
      release_.wait();
    };
  }
  void wait_until_begun() const { begun_.wait(); }
  void let_go() { release_.count_down(); }

 private:
  std::latch begun_{1};
  std::latch release_{1};
};

template <class Holds>
void wait_until(const Holds& holds) {
  while (!holds()) std::this_thread::yield();
}

TEST(load_threads, RunsTasksAtOnceOnAsManyThreadsAsItMayHave) {
  std::array<held_task, 3> tasks;
  load_threads loads{3, 0, never_forked()};
  for (held_task& held : tasks) ASSERT_TRUE(loads.submit(cache_a, held.task()));
  for (held_task& held : tasks) held.wait_until_begun();
  EXPECT_EQ(loads.threads().alive, 3U);
  EXPECT_FALSE(loads.submit(cache_a, [] { FAIL(); })) << "no queue";
  for (held_task& held : tasks) held.let_go();
}

TEST(load_threads, UsesAnIdleThreadAgain) {
  load_threads loads{8, 0, never_forked()};
  std::thread::id first;
  for (int i = 0; i < 3; ++i) {
    std::atomic<bool> ran{false};
    ASSERT_TRUE(loads.submit(cache_a, [&] {
      if (i == 0) first = std::this_thread::get_id();
      EXPECT_EQ(std::this_thread::get_id(), first);
      ran = true;
    }));
    wait_until([&] { return ran && loads.threads().idle == 1; });
  }
}

TEST(load_threads, RunsQueuedTasksRoundTheCaches) {
  held_task slow;
  std::string order;
  std::latch done{4};
  load_threads loads{1, 10, never_forked()};
  ASSERT_TRUE(loads.submit(cache_a, slow.task()));
  slow.wait_until_begun();
  const auto note = [&](char name) {
    return [&, name] {
      order += name;
      done.count_down();
    };
  };
  for (const char name : {'1', '2', '3'}) ASSERT_TRUE(loads.submit(cache_a, note(name)));
  ASSERT_TRUE(loads.submit(cache_b, note('b')));
  EXPECT_FALSE(loads.submit_if_free(cache_b, [] { FAIL(); })) << "the only thread is busy";
  slow.let_go();
  done.wait();
  EXPECT_EQ(order, "1b23");
}

TEST(load_threads, DropsWhatATaskThrowsAndGoesOn) {
  std::latch ran{1};
  load_threads loads{1, 1, never_forked()};
  ASSERT_TRUE(loads.submit(cache_a, [] { throw std::runtime_error{"nobody is told"}; }));
  wait_until([&] { return loads.submit(cache_a, [&] { ran.count_down(); }); });
  ran.wait();
}

TEST(load_threads, CancelsQueuedTasksOfOneCache) {
  held_task slow;
  std::latch ran{1};
  load_threads loads{1, 10, never_forked()};
  ASSERT_TRUE(loads.submit(cache_a, slow.task()));
  slow.wait_until_begun();
  ASSERT_TRUE(loads.submit(cache_a, [] { FAIL(); }));
  ASSERT_TRUE(loads.submit(cache_a, [] { FAIL(); }));
  ASSERT_TRUE(loads.submit(cache_b, [&] { ran.count_down(); }));
  EXPECT_EQ(loads.cancel(cache_a), 2U);
  EXPECT_EQ(loads.cancel(cache_a), 0U);
  slow.let_go();
  ran.wait();
}

TEST(load_threads, EndsIdleThreadsAndStartsNewOnes) {
  load_threads loads{4, 0, never_forked(), microseconds{1}};
  for (int i = 0; i < 20; ++i) {
    std::atomic<int> ran{0};
    for (int j = 0; j < 4; ++j) {
      if (loads.submit(cache_a, [&] { ++ran; })) continue;
      ++ran;  // all four threads were busy
    }
    wait_until([&] { return ran == 4 && loads.threads().alive == 0; });
  }
}

TEST(load_threads, StopWaitsForWhatRunsAndDropsWhatIsQueued) {
  held_task slow;
  load_threads loads{1, 10, never_forked()};
  ASSERT_TRUE(loads.submit(cache_a, slow.task()));
  slow.wait_until_begun();
  const auto captured = std::make_shared<int>(1);
  ASSERT_TRUE(loads.submit(cache_a, [captured] { FAIL(); }));
  EXPECT_EQ(captured.use_count(), 2);
  std::thread stopping{[&] { loads.stop(); }};
  wait_until([&] { return captured.use_count() == 1; });
  EXPECT_FALSE(loads.submit(cache_a, [] { FAIL(); }));
  slow.let_go();
  stopping.join();
  EXPECT_FALSE(loads.submit(cache_a, [] { FAIL(); }));
  loads.stop();
}

TEST(load_threads, MayBeDestroyedByOneOfItsOwnTasks) {
  for (int i = 0; i < 50; ++i) {
    auto loads = std::make_shared<std::optional<load_threads>>();
    loads->emplace(2U, 10U, never_forked());
    held_task other;
    const auto destroyed = std::make_shared<std::latch>(1);
    ASSERT_TRUE((*loads)->submit(cache_a, other.task()));
    other.wait_until_begun();
    const auto submitted = std::make_shared<std::latch>(1);
    ASSERT_TRUE((*loads)->submit(cache_a, [loads, destroyed, submitted] {
      submitted->wait();
      loads->reset();
      destroyed->count_down();
    }));
    submitted->count_down();
    other.let_go();  // it waits for the other task, but not for its own thread
    destroyed->wait();
  }
}

TEST(load_threads, MayBeDestroyedByTheLastReferenceThatATaskHolds) {
  struct owner {
    load_threads loads{2, 10, never_forked()};
    std::shared_ptr<std::latch> destroyed = std::make_shared<std::latch>(1);
    ~owner() {
      loads.stop();
      destroyed->count_down();
    }
  };
  auto last = std::make_shared<owner>();
  const auto destroyed = last->destroyed;
  held_task slow;
  ASSERT_TRUE(last->loads.submit(cache_a, [last, wait = slow.task()] { wait(); }));
  slow.wait_until_begun();
  last.reset();
  slow.let_go();
  destroyed->wait();
}

TEST(load_threads, HoldsWhenManySubmitCancelAndStopAtOnce) {
  for (int i = 0; i < 20; ++i) {
    std::atomic<int> accepted{0};
    std::atomic<int> ran{0};
    std::atomic<int> cancelled{0};
    load_threads loads{4, 8, never_forked(), microseconds{50}};
    std::vector<std::thread> callers;
    for (int j = 0; j < 4; ++j) {
      callers.emplace_back([&, j] {
        const void* const owner = j % 2 == 0 ? cache_a : cache_b;
        for (int k = 0; k < 200; ++k) {
          const bool waits = k % 3 != 0;
          const auto task = [&] { ++ran; };
          if (waits ? loads.submit(owner, task) : loads.submit_if_free(owner, task)) ++accepted;
          if (k % 50 == 0) cancelled += static_cast<int>(loads.cancel(owner));
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
    wait_until([&] { return ran + cancelled == accepted; });
    loads.stop();
    EXPECT_EQ(ran + cancelled, accepted);
  }
}

TEST(load_threads_fork, InAChildEverythingReturnsAtOnce) {
  if (test::is_sanitized) GTEST_SKIP() << "sanitizers do not follow a fork of many threads";
  const pid_t parent = getpid();
  auto loads = std::make_unique<load_threads>(2U, 10U, [parent] { return getpid() != parent; });
  held_task slow;
  ASSERT_TRUE(loads->submit(cache_a, slow.task()));
  slow.wait_until_begun();
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    const bool is_accepted = loads->submit(cache_a, [] {}) || loads->submit_if_free(cache_a, [] {});
    const bool none = loads->cancel(cache_a) == 0;
    loads.reset();
    _exit(!is_accepted && none ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  slow.let_go();
  loads->stop();
}

TEST(load_threads, RefusesWhenNoThreadCanBeStartedAndNoneLives) {
  std::latch ran{1};
  load_threads loads{2, 10, never_forked()};
  {
    const test::no_new_threads no_threads;
    EXPECT_FALSE(loads.submit(cache_a, [] { FAIL(); }));
    EXPECT_FALSE(loads.submit_if_free(cache_a, [] { FAIL(); }));
  }
  EXPECT_TRUE(loads.submit(cache_a, [&] { ran.count_down(); }));
  ran.wait();
}

TEST(load_threads, QueuesBehindALivingThreadWhenNoOtherCanBeStarted) {
  held_task slow;
  std::latch ran{1};
  load_threads loads{2, 10, never_forked()};
  ASSERT_TRUE(loads.submit(cache_a, slow.task()));
  slow.wait_until_begun();
  {
    const test::no_new_threads no_threads;
    EXPECT_TRUE(loads.submit(cache_a, [&] { ran.count_down(); }));
    EXPECT_FALSE(loads.submit_if_free(cache_a, [] { FAIL(); })) << "the living one is busy";
  }
  slow.let_go();
  ran.wait();
}

}  // namespace
}  // namespace drover::detail::load_threads_test
