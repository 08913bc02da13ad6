// SPDX-License-Identifier: MIT
// A grant ends `load_max` after it was given, whether its load has not begun or hangs.
#include "integration/gated_loads.hpp"

namespace drover::test::grant_end_test {
namespace {

class grant_end : public fleet {
 protected:
  grant_end() {
    setup.policy.lease_ttl = 200ms;
    setup.policy.load_max = 400ms;
    setup.policy.failure_pause_max = 0ms;
  }
  [[nodiscard]] cache_options options() const { return {.name = "t", .policy = setup.policy}; }
};

// The only thread for loads of callers with limits hangs: the second grant waits behind it.
TEST_F(grant_end, FreesAKeyWhoseLoadWaitsForAThread) {
  in_child([&] {
    client redis{with_single_threads(setup.client())};
    gate held;
    text_cache cached{redis, options(), own_key_behind(held, "held")};
    cached_origin elsewhere{origin, setup};
    crowd first{1, [&](unsigned) { return ask(cached, "held", in_good_time()); }};
    first.go();
    ASSERT_TRUE(eventually([&] { return held.reached() == 1; }));
    crowd second{1, [&](unsigned) { return ask(cached, "a", in_good_time()); }};
    second.go();
    ASSERT_TRUE(eventually([&] { return cached.stats().misses == 2; }));
    EXPECT_TRUE(eventually([&] { return elsewhere.ask("a").value == "0:a"; }));
    EXPECT_EQ(held.reached(), 1U);
    held.open();
    EXPECT_EQ(first.result().total() + second.result().total(), 2U);
  });
}

TEST_F(grant_end, FreesAKeyWhoseLoadTheExecutorForgot) {
  in_child([&] {
    client_options with = setup.client();
    with.executor = [](const std::function<void()>&) {};
    cached_origin cached{origin, options(), with};
    cached_origin elsewhere{origin, setup};
    crowd caller{1, [&](unsigned) { return cached.ask("a", call_options::within(5s)); }};
    caller.go();
    ASSERT_TRUE(eventually([&] { return cached.values.stats().misses == 1; }));
    EXPECT_TRUE(eventually([&] { return elsewhere.ask("a").value == "0:a"; }));
    EXPECT_TRUE(eventually([&] { return caller.done() == 1; }));
  });
}

TEST_F(grant_end, LetsThoseGoWhoWaitForALoaderThatHangs) {
  in_child([&] {
    client redis{setup.client()};
    gate held;
    std::atomic<int> loads{0};
    text_cache cached{redis, options(), [&](std::string_view key) {
                        if (++loads == 1) held.pass();
                        return std::string{key};
                      }};
    cached_origin elsewhere{origin, setup};
    crowd hung{1, [&](unsigned) { return ask(cached, "a"); }};
    hung.go();
    ASSERT_TRUE(eventually([&] { return held.reached() == 1; }));
    crowd guests{4, [&](unsigned i) { return i % 2 == 0 ? ask(cached, "a") : elsewhere.ask("a"); }};
    EXPECT_EQ(guests.result().total(), 4U);
    EXPECT_EQ(hung.done(), 0U);
    EXPECT_TRUE(eventually([&] { return ask(cached, "a").how == "fresh"; }));
    EXPECT_TRUE(eventually([&] { return elsewhere.ask("a").how == "fresh"; }));
    held.open();
    EXPECT_EQ(hung.result().total(), 1U);
  });
}

// One caller after another asks for a key whose loads all hang. No caller hangs with them.
TEST_F(grant_end, BoundsTheWaitOfEveryCallerWhenEveryLoadHangs) {
  in_child([&] {
    client redis{setup.client()};
    gate held;
    text_cache cached{redis, options(), own_key_behind(held)};
    for (int i = 0; i < 4; ++i) {
      const std::string how = ask(cached, "a", call_options::within(10s)).how;
      EXPECT_TRUE(how == "threw" || how.starts_with("refused")) << how;
    }
    held.open();
  });
}

}  // namespace
}  // namespace drover::test::grant_end_test
