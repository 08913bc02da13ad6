// SPDX-License-Identifier: MIT
// Caches and clients that are destroyed at difficult moments: inside their own loader, and at the
// exit of the program.
#include <cstdlib>
#include <memory>

#include "integration/gated_loads.hpp"

namespace drover::test::lifetime_test {
namespace {

/// A service that owns its client and its cache. The loader keeps the service alive while it runs.
struct service : std::enable_shared_from_this<service> {
  service(const cache_setup& with, std::atomic<bool>& ended)
      : setup{with}, redis{with.client()}, has_ended{ended} {}
  ~service() {
    cached.reset();
    has_ended = true;
  }
  service(const service&) = delete;
  service& operator=(const service&) = delete;

  void begin(gate& at) {
    cached = std::make_shared<text_cache>(redis, cache_options{.name = "t", .policy = setup.policy},
                                          [weak = weak_from_this(), &at](std::string_view key) {
                                            const std::shared_ptr<service> self = weak.lock();
                                            if (key != "quick") at.pass();
                                            return std::string{key};
                                          });
  }

  cache_setup setup;
  client redis;
  std::shared_ptr<text_cache> cached;
  std::atomic<bool>& has_ended;
};

using lifetime = fleet;

TEST_F(lifetime, EndsInTheBackgroundLoaderThatDropsTheLastReference) {
  in_child([&] {
    gate held;
    std::atomic<bool> ended{false};
    auto owned_service = std::make_shared<service>(setup, ended);
    owned_service->begin(held);
    owned_service->cached->refresh("a");
    ASSERT_TRUE(eventually([&] { return held.reached() == 1; }));
    owned_service.reset();
    EXPECT_FALSE(ended);
    held.open();
    EXPECT_TRUE(eventually([&] { return ended.load(); }));
  });
}

TEST_F(lifetime, EndsInTheLoaderOfACallerWithADeadline) {
  in_child([&] {
    gate held;
    std::atomic<bool> ended{false};
    auto owned_service = std::make_shared<service>(setup, ended);
    owned_service->begin(held);
    std::thread caller{
        [raw = owned_service->cached.get()] { static_cast<void>(ask(*raw, "a", in_good_time())); }};
    ASSERT_TRUE(eventually([&] { return held.reached() == 1; }));
    owned_service.reset();
    held.open();
    caller.join();
    EXPECT_TRUE(eventually([&] { return ended.load(); }));
  });
}

// The caller uses a pointer that does not own the service: the loader drops the last owner.
TEST_F(lifetime, EndsInTheLoaderThatRunsOnTheCallersThread) {
  for (const bool has_redis : {true, false}) {
    in_child([&] {
      if (!has_redis) setup.url = nobodys_url;
      std::atomic<bool> ended{false};
      auto owned_service = std::make_shared<service>(setup, ended);
      std::shared_ptr<service>* const owner = &owned_service;
      owned_service->cached = std::make_shared<text_cache>(
          owned_service->redis, cache_options{.name = "t", .policy = setup.policy},
          [owner](std::string_view key) {
            owner->reset();
            return std::string{key};
          });
      text_cache& cached = *owned_service->cached;
      EXPECT_EQ(cached.get("a"), "a");
      EXPECT_TRUE(ended);
    });
  }
}

TEST_F(lifetime, EndsInALoaderWhileOthersWaitForTheSameLoad) {
  in_child([&] {
    gate held;
    std::atomic<bool> ended{false};
    auto owned_service = std::make_shared<service>(setup, ended);
    owned_service->begin(held);
    auto guests = owned_service->cached;
    crowd callers{4, [&](unsigned) { return ask(*guests, "a"); }};
    callers.go();
    ASSERT_TRUE(eventually([&] { return guests->stats().misses == 4 && held.reached() == 1; }));
    owned_service.reset();
    held.open();
    EXPECT_EQ(callers.result().got("a"), 4U);
    guests.reset();
    EXPECT_TRUE(ended);
  });
}

TEST_F(lifetime, EndsWhileWhatIsToBeRefreshedIsLookedUp) {
  in_child([&] {
    for (int i = 0; i < 200; ++i) {
      client redis{setup.client()};
      text_cache cached{redis, {.name = "t", .policy = setup.policy}, own_key};
      EXPECT_EQ(ask(cached, "a").value, "a");
      for (int n = 0; n < 8; ++n) cached.refresh("a");
    }
  });
}

TEST_F(lifetime, OfAProcessEndsByExitWithinALoader) {
  for (const bool on_a_thread_of_ours : {false, true}) {
    const child_end ended = run_in_child([&] {
      static std::unique_ptr<client> redis;  // destroyed at exit
      static std::unique_ptr<text_cache> cached;
      redis = std::make_unique<client>(setup.client());
      cached =
          std::make_unique<text_cache>(*redis, cache_options{.name = "t", .policy = setup.policy},
                                       [](std::string_view) -> std::string { std::exit(7); });
      if (on_a_thread_of_ours) cached->refresh("a");
      static_cast<void>(ask(*cached, "a"));
      std::this_thread::sleep_for(child_guard);  // another thread ends the process
      return 1;
    });
    EXPECT_FALSE(ended.hung);
    EXPECT_EQ(ended.status, 7) << ended.text();
  }
}

TEST_F(lifetime, OfAProcessEndsByExitWithinALoaderThatAnotherLoadWaitsFor) {
  setup.policy.load_max = 10min;
  const child_end ended = run_in_child([&] {
    static std::unique_ptr<client> redis;  // destroyed at exit
    static std::unique_ptr<text_cache> cached;
    static gate waited_for;
    redis = std::make_unique<client>(setup.client());
    cached =
        std::make_unique<text_cache>(*redis, cache_options{.name = "t", .policy = setup.policy},
                                     [](std::string_view key) -> std::string {
                                       if (key == "child") return *cached->get("parent");
                                       waited_for.pass();
                                       std::exit(7);
                                     });
    std::thread{[] {
      static_cast<void>(eventually([] { return waited_for.reached() == 1; }));
      cached->refresh("child");
      static_cast<void>(eventually([] { return cached->stats().misses == 2; }));
      waited_for.open();
    }}.detach();
    static_cast<void>(ask(*cached, "parent"));
    return 1;
  });
  EXPECT_FALSE(ended.hung);
  EXPECT_EQ(ended.status, 7) << ended.text();
}

// The name of a long key in Redis is a digest, and OpenSSL has already cleaned up at that time.
TEST_F(lifetime, OfAStaticCacheAllowsALoadOfALongKeyAtExit) {
  const child_end ended = run_program(DROVER_PROCESS_DIR "/static_cache", {setup.url});
  expect_good(ended);
}

}  // namespace
}  // namespace drover::test::lifetime_test
