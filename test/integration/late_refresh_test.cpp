// SPDX-License-Identifier: MIT
// A refresh waits for a thread while its entry ends, and another process loads the key.
#include <thread>

#include "integration/gated_loads.hpp"

namespace drover::test::late_refresh_test {
namespace {

using late_refresh = fleet;

TEST_F(late_refresh, DoesNotRunBesideTheLoadThatReplacesIt) {
  setup.policy.ttl = 1h;
  setup.policy.grace = 1s;
  gate queue;
  gate others;
  std::atomic<bool> are_gated{false};
  std::atomic<int> loads_here{0};

  client_options one_thread = setup.client();
  one_thread.background_threads = 1;
  client own_client{one_thread};
  text_cache mine{own_client, {.name = "t", .policy = setup.policy}, [&](std::string_view key) {
                    if (key == "x") ++loads_here;
                    if (key == "slow" && are_gated) queue.pass();
                    return std::string{key};
                  }};
  client other_client{setup.client()};
  text_cache theirs{other_client, {.name = "t", .policy = setup.policy}, [&](std::string_view key) {
                      others.pass();
                      return std::string{key};
                    }};

  ASSERT_EQ(ask(mine, "slow").how, "loaded");
  are_gated = true;
  ASSERT_TRUE(mine.expire("slow").has_value());
  ASSERT_EQ(ask(mine, "slow").how, "stale");
  ASSERT_TRUE(eventually([&] { return queue.reached() == 1; })) << "the only thread is taken";

  // The entry of x is stale for a second only, so the attempt is repeated on a machine that stalls.
  ASSERT_TRUE(eventually([&] {
    static_cast<void>(mine.get("x"));
    EXPECT_TRUE(mine.expire("x").has_value());
    return ask(mine, "x").how == "stale";
  }));
  const int loads_before = loads_here;

  std::thread caller{[&] {
    // Stale until the entry has ended.
    while (others.reached() == 0) static_cast<void>(theirs.get("x"));
  }};
  EXPECT_TRUE(eventually([&] { return others.reached() == 1; }));
  queue.open();
  EXPECT_TRUE(eventually([&] { return mine.stats().refreshes_dropped >= 1; }));
  others.open();
  caller.join();

  EXPECT_EQ(loads_here, loads_before);
  EXPECT_EQ(ask(mine, "x").how, "fresh");
}

}  // namespace
}  // namespace drover::test::late_refresh_test
