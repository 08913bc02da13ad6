// SPDX-License-Identifier: MIT
// Failures in a row: a success resets the count, even while Redis is away. Remembered exceptions
// may call the cache when they are destroyed.
#include "integration/gated_loads.hpp"

namespace drover::test::failure_count_test {
namespace {

using failure_count = fleet;

/// Fails and succeeds in turn, a failure first.
struct alternating_origin {
  std::string load() {
    if (++loads % 2 == 1) throw std::runtime_error{"no answer"};
    return "x";
  }
  std::atomic<unsigned> loads{0};
};

constexpr unsigned alternations = 12;

// A row of 12 failures would pause for 30 s. Pauses of rows that start anew last 0.6 s in all.
TEST_F(failure_count, StartsAnewAfterASuccessWhileRedisIsAway) {
  in_child(
      [&] {
        alternating_origin alternating;
        client redis{nobodys_url};
        text_cache cached{redis, {.name = "t", .policy = setup.policy}, [&](std::string_view) {
                            return alternating.load();
                          }};
        while (alternating.loads < 2 * alternations) static_cast<void>(ask(cached, "a"));
      },
      15s);
}

TEST_F(failure_count, StartsAnewAfterASuccessfulRefresh) {
  setup.policy.ttl = 1ms;
  setup.policy.grace = 1h;
  in_child(
      [&] {
        std::atomic<unsigned> loads{0};
        client redis{setup.client()};
        text_cache cached{
            redis, {.name = "t", .policy = setup.policy}, [&](std::string_view) -> std::string {
              if (++loads % 2 == 0) throw std::runtime_error{"no answer"};
              return "x";
            }};
        static_cast<void>(cached.get("a"));
        while (loads < 2 * alternations) {
          EXPECT_EQ(ask(cached, "a").value, "x");
          std::this_thread::sleep_for(1ms);
        }
      },
      15s);
}

TEST_F(failure_count, IsBoundedByThePolicysLongestPause) {
  setup.policy.failure_pause_max = 0ms;
  for (const std::string& url : {server.url(), std::string{nobodys_url}}) {
    setup.url = url;
    cached_origin cached{origin, setup};
    origin.set_failing("a", true);
    const std::uint64_t before = origin.loads("a");
    for (int i = 0; i < 5; ++i) EXPECT_EQ(cached.ask("a").how, "origin_failure");
    EXPECT_EQ(origin.loads("a") - before, 5U) << "each call tries";
  }
}

/// Asks the cache when it is destroyed.
struct curious_failure : std::runtime_error {
  explicit curious_failure(std::function<void()> when_destroyed)
      : std::runtime_error{"curious"},
        at_end{std::make_shared<std::function<void()>>(std::move(when_destroyed))} {}
  ~curious_failure() override {
    if (at_end.use_count() == 1) (*at_end)();
  }
  curious_failure(const curious_failure&) = default;
  curious_failure& operator=(const curious_failure&) = delete;

  std::shared_ptr<std::function<void()>> at_end;
};

TEST_F(failure_count, ForgetsAnExceptionWhoseDestructorCallsTheCache) {
  for (const std::string& url : {server.url(), std::string{nobodys_url}}) {
    setup.url = url;
    in_child([&] {
      std::atomic<int> destroyed{0};
      std::atomic<bool> fails{true};
      client redis{setup.client()};
      std::atomic<text_cache*> self = nullptr;
      text_cache cached{redis, {.name = "t", .policy = setup.policy}, [&](std::string_view key) {
                          if (key == "a" && fails) {
                            throw curious_failure{[&] {
                              if (++destroyed > 1 || self == nullptr) return;
                              static_cast<void>(self.load()->get("other"));
                              static_cast<void>(self.load()->invalidate("other"));
                            }};
                          }
                          return std::string{key};
                        }};
      self = &cached;
      EXPECT_EQ(ask(cached, "a").how, "threw");
      fails = false;
      EXPECT_TRUE(eventually([&] { return ask(cached, "a").value == "a"; }));
      EXPECT_TRUE(eventually([&] { return destroyed == 1; }));
      EXPECT_EQ(ask(cached, "other").value, "other");
      self = nullptr;
    });
  }
}

}  // namespace
}  // namespace drover::test::failure_count_test
