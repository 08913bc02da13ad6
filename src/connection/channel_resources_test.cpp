// SPDX-License-Identifier: MIT
// A channel without memory, without threads, and in a fork of the process that made it.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "connection/channel_world_for_test.hpp"
#include "connection/connector.hpp"
#include "support/no_new_threads.hpp"
#include "support/sanitized.hpp"
#include "support/thread_sanitized.hpp"

namespace {

// The number of allocations that still succeed, in all threads together. Negative: no limit.
std::atomic<long> allocations_left{-1};
// Only allocations of this thread fail, or those of all threads except the threads of scripted
// servers.
thread_local bool is_starved = false;
std::atomic<bool> all_are_starved{false};

[[maybe_unused]] bool is_refused() noexcept {
  if (drover::connection::is_of_a_scripted_server) return false;
  if (!is_starved && !all_are_starved.load(std::memory_order_relaxed)) return false;
  if (allocations_left.load(std::memory_order_relaxed) < 0) return false;
  return allocations_left.fetch_sub(1) == 0;  // one allocation fails, and the next ones succeed
}

}  // namespace

// The thread sanitizer has allocation operators that cannot be replaced, so no allocation fails
// there.
#if !DROVER_THREAD_SANITIZED
// Not inlined: g++ would warn about a mismatched pair of allocation functions.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (is_refused()) throw std::bad_alloc{};
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return is_refused() ? nullptr : std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* gone) noexcept { std::free(gone); }
[[gnu::noinline]] void operator delete(void* gone, std::size_t) noexcept { std::free(gone); }
#endif

namespace drover::connection::channel_resources_test {
namespace {

/// Settings with short pauses between attempts, because many attempts fail.
settings hastily_at(const scripted_server& server) {
  settings with = at(server);
  with.back_off_min = 1ms;
  with.back_off_max = 2ms;
  return with;
}

/// While it lives, allocation number `after` of this thread fails. With `everywhere`, allocations
/// of all threads count.
class starvation {
 public:
  starvation(long after, bool everywhere) {
    is_starved = true;
    all_are_starved = everywhere;
    allocations_left = after;
  }
  ~starvation() { end(); }
  starvation(const starvation&) = delete;
  starvation& operator=(const starvation&) = delete;

  /// Ends the starvation. True when an allocation failed.
  bool end() {
    const bool failed = allocations_left.exchange(-1) < 0;
    is_starved = false;
    all_are_starved = false;
    return failed;
  }
};

TEST(threads_channel_resources, AnAllocationThatFailsInAnExchangeEndsItAndNothingElse) {
  scripted_server server{echo};
  for (const bool everywhere : {false, true}) {
    if (everywhere && test::is_sanitized) continue;  // the runtime of the sanitizers allocates, too
    for (long after = 0;; ++after) {
      channel on{hastily_at(server), {}};
      const std::string request = get_of("k");
      resp::message reply;
      starvation some{after, everywhere};
      const auto end = on.exchange(request, {&reply, 1});
      const bool failed = some.end();
      EXPECT_TRUE(end.ended == exchange_end::replied || end.ended == exchange_end::faulted)
          << after;
      while (get(on, "next").text != "of next") std::this_thread::yield();
      if (!failed) break;
      ASSERT_LT(after, 1000);
    }
  }
}

TEST(threads_channel_resources, APostThatCannotBeTakenThrowsAndIsNotToldOf) {
  scripted_server server{echo};
  for (const bool is_up : {false, true}) {
    const bool everywhere = is_up && !test::is_sanitized;
    for (long after = 0;; ++after) {
      std::atomic<int> completed{0};
      int posts = 0;
      bool failed = false;
      {
        channel on{hastily_at(server), {}};
        if (is_up) {
          ASSERT_EQ(get(on, "k").text, "of k");
        }
        std::string request = get_of("k");
        completion done = [&](const result<std::vector<resp::message>>&) { ++completed; };
        starvation some{after, everywhere};
        try {
          on.post(std::move(request), 1, std::move(done), {.may_stall = true});
          ++posts;
        } catch (const std::bad_alloc&) {
        }
        while (everywhere && completed < posts) std::this_thread::yield();
        failed = some.end();
        while (get(on, "next").text != "of next") std::this_thread::yield();
      }
      EXPECT_EQ(completed, posts) << after;
      EXPECT_TRUE(posts == 1 || failed);
      if (!failed) break;
      ASSERT_LT(after, 1000);
    }
  }
}

TEST(threads_channel_resources, ATimerThatCannotBeTakenThrowsAndDoesNotRun) {
  scripted_server server{echo};
  for (long after = 0;; ++after) {
    std::atomic<int> ran{0};
    bool failed = false;
    bool threw = false;
    {
      channel on{hastily_at(server), {}};
      std::function<void()> task = [&] { ++ran; };
      starvation some{after, false};
      try {
        on.schedule(now(), std::move(task));
      } catch (const std::bad_alloc&) {
        threw = true;
      }
      failed = some.end();
      while (!threw && ran == 0) std::this_thread::yield();
      ASSERT_EQ(get(on, "next").text, "of next");
    }
    EXPECT_EQ(ran, threw ? 0 : 1);
    if (!failed) break;
    ASSERT_LT(after, 100);
  }
}

TEST(threads_channel_resources, WithoutAThreadNothingHangsAndTheNextCallWorks) {
  scripted_server server{echo};
  std::atomic<int> alarms{0};
  std::atomic<int> completed{0};
  channel on{hastily_at(server), {.alarm = [&] { ++alarms; }}};
  {
    const test::no_new_threads no_threads;
    resp::message reply;
    EXPECT_EQ(on.exchange(get_of("k"), {&reply, 1}).ended, exchange_end::faulted);
    EXPECT_THROW(on.post(get_of("k"), 1, [&](auto&&) { ++completed; }), std::bad_alloc);
    EXPECT_THROW(on.schedule(now(), [&] { ++completed; }), std::bad_alloc);
    EXPECT_FALSE(on.set_alarm(now()));
  }
  EXPECT_EQ(get(on, "k").text, "of k");
  EXPECT_EQ(completed, 0);
  EXPECT_TRUE(on.set_alarm(now()));
  while (alarms == 0) std::this_thread::yield();
}

TEST(threads_channel_resources, ANameThatNoThreadCanLookUpIsAFault) {
  settings with;
  with.at.host = "redis.example";
  const auto wake = std::make_shared<const bell>();
  connector by{with, wake, [](auto&&...) { return std::vector<address>{}; }};
  const test::no_new_threads no_threads;
  by.begin(now());
  const auto ended = by.step({}, now());
  ASSERT_TRUE(ended && !*ended);
  EXPECT_EQ(ended->error().code, fault_code::overloaded);
  EXPECT_FALSE(by.is_running());
}

TEST(threads_channel_resources, TheAlarmMovesAndIsOne) {
  settings with;
  with.at.path = "/nowhere/there-is-no-server";
  std::atomic<int> alarms{0};
  std::atomic<int> timers{0};
  channel on{with, {.alarm = [&] {
               ++alarms;
               throw 1;  // no caller gets this exception
             }}};
  EXPECT_TRUE(on.set_alarm(steady_time::max()));
  EXPECT_TRUE(on.set_alarm(now() + 1h));
  EXPECT_TRUE(on.set_alarm(now()));
  while (alarms == 0) std::this_thread::yield();
  EXPECT_TRUE(on.set_alarm(now() + 1h));
  EXPECT_TRUE(on.set_alarm(steady_time::max()));
  EXPECT_TRUE(on.set_alarm(steady_time::min()));
  while (alarms == 1) std::this_thread::yield();
  on.set_alarm(now() + 1h);
  on.schedule(now(), [&] { ++timers; });
  while (timers == 0) std::this_thread::yield();
  EXPECT_EQ(alarms, 2);
}

TEST(channel_fork, EveryMemberReturnsAtOnceInAChild) {
  if (test::is_sanitized) GTEST_SKIP() << "sanitizers do not follow a fork of many threads";
  scripted_server server{echo};
  auto on = std::make_unique<channel>(hastily_at(server), handlers{});
  ASSERT_EQ(get(*on, "before").text, "of before");
  const pid_t child = fork();
  if (child == 0) {
    ::alarm(60);  // kills the child if it hangs
    int completed = 0;
    bool well = get(*on, "k").text.empty();
    on->post(get_of("k"), 1,
             [&](const result<std::vector<resp::message>>& got) { completed += got ? 100 : 1; });
    well = well && completed == 1;
    on->hold_pushes();
    on->release_pushes();
    on->schedule(now(), [] {});
    well = well && !on->cancel(1) && !on->set_alarm(now());
    on->distrust(on->epoch(), {fault_code::corrupt, "no"});
    well = well && on->reached().now == reachability::state::away;
    static_cast<void>(on->is_available());
    static_cast<void>(on->client_id());
    on.reset();
    channel own{hastily_at(server), {}};
    well = well && get(own, "own").text == "of own";
    _exit(well ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(get(*on, "after").text, "of after");
}

}  // namespace
}  // namespace drover::connection::channel_resources_test
