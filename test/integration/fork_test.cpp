// SPDX-License-Identifier: MIT
// A child forked from a busy process works without its parent's state, and exits at once.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "integration/gated_loads.hpp"
#include "support/sanitized.hpp"
#include "support/thread_sanitized.hpp"

namespace {

/// True in a child that exits, because the memory of threads that do not exist there would count as
/// leaked.
bool has_no_leak_check = false;

}  // namespace

// The leak sanitizer, where it is used, calls this function.
extern "C" int __lsan_is_turned_off();  // NOLINT(bugprone-reserved-identifier)
extern "C" int __lsan_is_turned_off() { return has_no_leak_check ? 1 : 0; }

namespace drover::test::fork_test {
namespace {

/// A process forks while other threads call. One load runs and has waiting callers, one refresh
/// runs, and another one is queued.
class a_forked_child : public fleet {
 protected:
  void SetUp() override {
    if (DROVER_THREAD_SANITIZED) GTEST_SKIP() << "the thread sanitizer cannot follow it";
    setup.policy.bypass_max = 2;
    setup.policy.grace = 1h;
  }

  /// Runs `body` in the child of a busy process.
  void in_busy_child(const std::function<void(cached_origin&)>& body) {
    in_child([&] {
      cached_origin inherited{origin, setup};
      static_cast<void>(inherited.ask("stored"));
      origin.hold("held");
      origin.hold("refreshed");
      crowd callers{4, [&](unsigned i) {
                      return inherited.ask("held", i < 2 ? call_options{} : in_good_time());
                    }};
      callers.go();
      ASSERT_TRUE(loads_run("held"));
      inherited.values.refresh("refreshed");
      ASSERT_TRUE(loads_run("refreshed"));
      std::atomic<bool> ends{false};
      std::atomic<bool> rests{false};
      std::atomic<bool> has_rested{false};
      std::thread reader{[&] {
        while (!ends) {
          has_rested = rests.load();
          if (rests) {
            std::this_thread::sleep_for(1ms);
          } else {
            static_cast<void>(inherited.ask("stored"));
          }
        }
      }};
      for (int round = 0; round < 5; ++round) {
        // The address sanitizer's allocator does not survive a fork while another thread is in it.
        rests = is_sanitized;
        EXPECT_TRUE(eventually([&] { return has_rested == rests; }));
        expect_good(run_in_child([&] { return status_of([&] { body(inherited); }); }, 15s));
      }
      ends = true;
      reader.join();
      origin.let_all_go();
      EXPECT_EQ(callers.result().got("0:held"), 4U) << "the parent is none the worse";
      EXPECT_EQ(inherited.ask("stored").how, "fresh");
    });
  }
};

TEST_F(a_forked_child, ComesBackOutOfTheLoaderThatForked) {
  in_child([&] {
    client redis{setup.client()};
    text_cache cached{redis, {.name = "t", .policy = setup.policy}, [](std::string_view key) {
                        if (key != "forks") return std::string{key};
                        const pid_t child = ::fork();
                        if (child == 0) return std::string{"child"};
                        int status = 1;
                        ::waitpid(child, &status, 0);
                        return std::string{status == 0 ? "parent" : "bad child"};
                      }};
    std::atomic<bool> over{false};
    crowd others{8, [&](unsigned i) {
                   const std::string key = std::to_string(i % 4);
                   while (!over) {
                     static_cast<void>(cached.invalidate(key));
                     static_cast<void>(cached.get(key));
                   }
                   return answer{};
                 }};
    others.go();
    for (int round = 0; round < 40; ++round) {
      const std::string got = ask(cached, "forks").value;
      if (got == "child") ::_exit(0);
      EXPECT_EQ(got, "parent");
      EXPECT_TRUE(cached.invalidate("forks").has_value());
    }
    over = true;
  });
}

TEST_F(a_forked_child, RunsItsOwnLoadAtEachGet) {
  in_busy_child([&](cached_origin& inherited) {
    for (const call_options& limits : {call_options{}, in_good_time()}) {
      const answer stored_one = inherited.ask("stored", limits);
      EXPECT_EQ(stored_one.how, "bypassed");
      EXPECT_EQ(stored_one.value, "0:stored");
      EXPECT_EQ(inherited.ask("another", limits).value, "0:another");
    }
    origin.let_go("held");
    EXPECT_EQ(inherited.ask("held").value, "0:held") << "nobody waits for the parent's load";
    origin.hold("held");
    const auto own = [](std::string_view) { return std::string{"mine"}; };
    EXPECT_EQ(inherited.values.get_or_load("stored", own), "mine");
  });
}

TEST_F(a_forked_child, SeesNothingAndChangesNothing) {
  in_busy_child([&](cached_origin& inherited) {
    EXPECT_EQ(inherited.values.peek("stored"), std::nullopt);
    EXPECT_FALSE(inherited.values.invalidate("stored").has_value());
    EXPECT_FALSE(inherited.values.expire("stored").has_value());
    const std::uint64_t before = origin.loads("stored");
    inherited.values.refresh("stored");
    EXPECT_EQ(inherited.values.drain(0ms), 0U);
    EXPECT_EQ(origin.loads("stored"), before);
    static_cast<void>(inherited.redis.is_available());
    static_cast<void>(inherited.redis.availability());
    static_cast<void>(inherited.values.stats());
  });
}

TEST_F(a_forked_child, DestroysWhatItInheritedAtOnce) {
  in_busy_child([&](cached_origin& inherited) {
    std::destroy_at(&inherited.values);
    std::destroy_at(&inherited.redis);
  });
}

/// The inherited objects are static and are destroyed at exit.
struct ended_at_exit {
  ended_at_exit() = default;
  ~ended_at_exit() {
    if (of == nullptr) return;
    std::destroy_at(&of->values);
    std::destroy_at(&of->redis);
  }
  ended_at_exit(const ended_at_exit&) = delete;
  ended_at_exit& operator=(const ended_at_exit&) = delete;

  cached_origin* of = nullptr;
};

TEST_F(a_forked_child, Exits) {
  in_busy_child([](cached_origin& inherited) {
    has_no_leak_check = true;
    static ended_at_exit last;
    last.of = &inherited;
    std::exit(0);
  });
}

TEST_F(a_forked_child, UsesRedisThroughANewClient) {
  in_busy_child([&](cached_origin& inherited) {
    cached_origin own{origin, setup};
    EXPECT_EQ(own.ask("stored").how, "fresh");
    const std::string key = "own" + std::to_string(::getpid());
    EXPECT_EQ(own.ask(key).how, "loaded");
    EXPECT_EQ(own.ask(key, in_good_time()).how, "fresh");
    EXPECT_TRUE(own.values.invalidate(key).has_value());
    EXPECT_EQ(own.ask(key, in_good_time()).how, "loaded");
    own.values.refresh(key);
    EXPECT_TRUE(eventually([&] { return own.values.stats().refreshes == 1; }));
    EXPECT_EQ(inherited.ask("stored").how, "bypassed");
  });
}

}  // namespace
}  // namespace drover::test::fork_test
