// SPDX-License-Identifier: MIT
// The server hangs while a fill is on its way, for longer than the ttl, and then executes it: the
// ttl counts from the start of the load all the same.
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "integration/gated_loads.hpp"

namespace drover::test {
namespace {

class late_fill : public fleet {
 protected:
  late_fill() { setup.policy.ttl = 2s; }

  /// Loads `key` and lets the server hang for longer than the ttl before it gets the fill. Returns
  /// the answer of that call.
  answer ask_with_a_late_fill(text_cache& cached, gate& held, const event_log& log) {
    answer got;
    std::thread caller{[&] { got = ask(cached, "a"); }};
    EXPECT_TRUE(eventually([&] { return held.reached() == 1; }));
    server.pause();
    held.open();
    EXPECT_TRUE(eventually([&] { return log.count(event_kind::load_finished) == 1; }));
    std::this_thread::sleep_for(setup.policy.ttl + 500ms);
    server.resume();
    caller.join();
    return got;
  }

  /// A cache whose first load waits for the gate, and whose values are the numbers of the loads.
  struct numbered_loads {
    explicit numbered_loads(const cache_setup& setup)
        : redis{[&] {
            client_options with = setup.client();
            with.event_observer = log;
            return with;
          }()},
          values{redis, {.name = setup.name, .policy = setup.policy}, [this](std::string_view) {
                   const unsigned number = ++loads;
                   if (number == 1) held.pass();
                   return std::to_string(number);
                 }} {}

    gate held;
    std::atomic<unsigned> loads{0};
    std::shared_ptr<event_log> log = std::make_shared<event_log>();
    client redis;
    text_cache values;
  };
};

TEST_F(late_fill, IsNotFreshForAnotherTtl) {
  numbered_loads cached{setup};
  const answer first = ask_with_a_late_fill(cached.values, cached.held, *cached.log);
  EXPECT_EQ(first.how, "loaded") << "the call that loaded has its value";
  EXPECT_EQ(first.value, "1");
  EXPECT_EQ(cached.values.stats().fills_refused, 1U);
  EXPECT_EQ(cached.log->count(event_kind::connection_down), 0U) << "the fill was late, not lost";
  const answer second = ask(cached.values, "a");
  EXPECT_EQ(second.how, "loaded") << "nobody holds the lease any more";
  EXPECT_EQ(second.value, "2");
  EXPECT_EQ(cached.loads, 2U);
}

TEST_F(late_fill, IsStaleFromTheStartWithinGrace) {
  setup.policy.grace = 1h;
  numbered_loads cached{setup};
  const answer first = ask_with_a_late_fill(cached.values, cached.held, *cached.log);
  EXPECT_EQ(first.how, "loaded");
  EXPECT_EQ(cached.values.stats().fills, 1U);
  EXPECT_EQ(cached.log->count(event_kind::connection_down), 0U);
  const answer second = ask(cached.values, "a");
  EXPECT_EQ(second.how, "stale");
  EXPECT_EQ(second.value, "1");
  EXPECT_TRUE(eventually([&] { return cached.loads == 2; })) << "the stale read refreshes it";
}

}  // namespace
}  // namespace drover::test
