// SPDX-License-Identifier: MIT
// Calls with a deadline or a stop token: as many loads run at once as without limits, the results
// are correct, and calls fail only because of their own limits.
#include <limits>
#include <set>

#include "integration/gated_loads.hpp"
#include "support/reply_proxy.hpp"

namespace drover::test::deadline_test {
namespace {

using deadline = fleet;
using std::chrono::steady_clock;

/// A loader that returns only when the wanted number of loads run at the same time, or after 20 s.
class meeting {
 public:
  explicit meeting(unsigned wanted_count) : wanted_count_{wanted_count} {}
  std::string load(std::string_view key) {
    ++inside_;
    static_cast<void>(eventually([&] { return inside_ >= wanted_count_; }));
    return std::string{key};
  }
  [[nodiscard]] unsigned inside() const { return inside_; }

 private:
  unsigned wanted_count_;
  std::atomic<unsigned> inside_{0};
};

TEST_F(deadline, LetsSixtyFourCallersLoadSixtyFourKeysAtOnce) {
  for (const bool has_token : {false, true}) {
    in_child([&] {
      client redis{setup.client()};
      meeting all_inside{64};
      text_cache cached{redis, {.name = "t", .policy = setup.policy}, [&](std::string_view key) {
                          return all_inside.load(key);
                        }};
      const std::stop_source never;
      const call_options token{.stop = never.get_token()};
      crowd callers{64, [&](unsigned i) {
                      const std::string key = (has_token ? "token " : "time ") + std::to_string(i);
                      return ask(cached, key, has_token ? token : in_good_time());
                    }};
      callers.go();
      EXPECT_TRUE(eventually([&] { return all_inside.inside() == 64; }, 15s));
      const tally all = callers.result();
      EXPECT_EQ(all.count("loaded"), 64U) << all.line();
      EXPECT_EQ(cached.stats().loads_avoided, 0U);
      EXPECT_EQ(cached.stats().joins, 0U);
    });
  }
}

TEST_F(deadline, LetsSlowLoadsOfOneCacheStarveNoOther) {
  in_child([&] {
    client_options narrow = setup.client();
    narrow.deadline_threads_max = 4;
    client redis{narrow};
    gate slow_loads;
    text_cache slow{redis, {.name = "slow", .policy = setup.policy}, own_key_behind(slow_loads)};
    text_cache quick{redis, {.name = "quick", .policy = setup.policy}, own_key};
    crowd hindered{12, [&](unsigned i) { return ask(slow, std::to_string(i), in_good_time()); }};
    hindered.go();
    ASSERT_TRUE(eventually([&] { return slow.stats().misses == 12; }));
    EXPECT_EQ(ask(quick, "a").how, "loaded") << "a call without limits needs no thread of ours";
    slow_loads.open();
    EXPECT_EQ(ask(quick, "b", in_good_time()).how, "loaded");
    EXPECT_EQ(hindered.result().count("loaded"), 12U);
  });
}

TEST_F(deadline, IsKeptWhenAllThreadsAreTaken) {
  in_child([&] {
    client redis{with_single_threads(setup.client())};
    gate held;
    text_cache cached{redis, {.name = "t", .policy = setup.policy}, own_key_behind(held, "held")};
    crowd first{1, [&](unsigned) { return ask(cached, "held", in_good_time()); }};
    first.go();
    ASSERT_TRUE(eventually([&] { return held.reached() == 1; }));
    const std::string how = ask(cached, "late", call_options::within(50ms)).how;
    EXPECT_EQ(how.substr(0, 7), "refused");
    EXPECT_EQ(first.done(), 0U);
    EXPECT_EQ(ask(cached, "late").value, "late") << "the grant was given back";
    held.open();
    EXPECT_EQ(first.result().count("loaded"), 1U);
  });
}

// The entry belongs to another key, so the client first asks for an echo.
TEST_F(deadline, IsKeptWhileTheServerOwesTheEchoBehindADamagedEntry) {
  cached_origin good{origin, setup};
  static_cast<void>(good.ask("a"));
  static_cast<void>(good.ask("b"));
  server.command({"COPY", value_key("b"), value_key("a"), "REPLACE"});
  reply_proxy proxy{server};
  setup.url = proxy.url();
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("b").value, "0:b");
  proxy.add({.command = "PING", .does = deed::hold});
  const answer got = cached.ask("a", call_options::within(4s));
  EXPECT_EQ(cached.log->count(event_kind::connection_down), 0U)
      << "it did not wait until the server counted as silent";
  EXPECT_EQ(got.value, "0:a");
}

TEST_F(deadline, IsKeptInsideALoadWhileAThreadIsFree) {
  in_child([&] {
    client redis{setup.client()};
    gate held;
    text_cache inner{redis, {.name = "inner", .policy = setup.policy}, own_key_behind(held)};
    text_cache outer{redis, {.name = "outer", .policy = setup.policy}, [&](std::string_view key) {
                       return ask(inner, key, call_options::within(1s)).how;
                     }};
    for (const bool is_limited : {false, true}) {
      crowd caller{1, [&](unsigned i) {
                     const std::string key = std::to_string(i) + (is_limited ? "limited" : "");
                     return ask(outer, key, is_limited ? in_good_time() : call_options{});
                   }};
      caller.go();
      EXPECT_TRUE(eventually([&] { return caller.done() == 1; }, 10s));
      if (caller.done() == 0) held.open();
      EXPECT_EQ(caller.result().got("refused:timed_out"), 1U);
    }
    held.open();
  });
}

TEST_F(deadline, MakesOneCallerOfEachLoadItsLoaderAndTheOthersItsGuests) {
  in_child([&] {
    client redis{setup.client()};
    gate held;
    text_cache cached{redis, {.name = "t", .policy = setup.policy}, own_key_behind(held)};
    crowd callers{10, [&](unsigned i) {
                    return ask(cached, "a", i % 2 == 0 ? in_good_time() : call_options{});
                  }};
    callers.go();
    ASSERT_TRUE(eventually([&] { return cached.stats().misses == 10 && held.reached() == 1; }));
    held.open();
    const tally all = callers.result();
    EXPECT_EQ(all.count("loaded"), 1U) << all.line();
    EXPECT_EQ(all.count("loaded") + all.count("joined") + all.count("fresh"), 10U) << all.line();
    const cache_stats now = cached.stats();
    EXPECT_EQ(now.loads, 1U);
    EXPECT_EQ(now.joins, all.count("joined"));
    EXPECT_EQ(now.loads_avoided, all.count("joined"));
  });
}

TEST_F(deadline, CountsNoLoadThatItRanAsAvoided) {
  in_child([&] {
    cached_origin cached{origin, setup};
    constexpr unsigned keys = 50;
    for (unsigned i = 0; i < keys; ++i) {
      EXPECT_EQ(cached.ask(std::to_string(i), in_good_time()).how, "loaded");
    }
    EXPECT_EQ(cached.values.stats().loads, keys);
    EXPECT_EQ(cached.values.stats().joins, 0U);
    EXPECT_EQ(cached.values.stats().loads_avoided, 0U);
  });
}

TEST_F(deadline, CountsNoFailureOfItsOwnLoadAsShared) {
  setup.policy.failure_pause_max = 0ms;
  in_child([&] {
    client redis{setup.client()};
    text_cache cached{redis,
                      {.name = "t", .policy = setup.policy},
                      [](std::string_view) -> std::string { throw std::runtime_error{"origin"}; }};
    for (unsigned i = 0; i < 10; ++i) EXPECT_EQ(ask(cached, "a", in_good_time()).text, "origin");
    EXPECT_EQ(cached.stats().loads, 10U);
    EXPECT_EQ(cached.stats().failures, 10U);
    EXPECT_EQ(cached.stats().failures_shared, 0U);
    EXPECT_EQ(cached.stats().loads_avoided, 0U);
  });
}

// The loader gives up when its stop token fires, as a loader should.
TEST_F(deadline, DoesNotTurnAnInvalidationElsewhereIntoAFailure) {
  for (const bool is_limited : {false, true}) {
    const std::string key = is_limited ? "limited" : "free";
    in_child([&] {
      cached_origin elsewhere{origin, setup};
      client redis{setup.client()};
      std::atomic<bool> lost{false};
      std::atomic<bool> ends{false};
      std::atomic<int> loads{0};
      text_cache cached{redis,
                        {.name = "t", .policy = setup.policy},
                        [&](std::string_view, load& run) -> std::string {
                          if (++loads > 1) return "later";
                          while (!ends && !run.stop_token().stop_requested()) {
                            if (run.is_lease_lost()) lost = true;
                            std::this_thread::sleep_for(1ms);
                          }
                          if (!ends) throw std::runtime_error{"stopped"};
                          return "first";
                        }};
      crowd caller{1, [&](unsigned) {
                     return ask(cached, key, is_limited ? in_good_time() : call_options{});
                   }};
      caller.go();
      ASSERT_TRUE(eventually([&] { return loads == 1; }));
      EXPECT_TRUE(elsewhere.values.invalidate(key).has_value());
      ASSERT_TRUE(eventually([&] { return lost || caller.done() == 1; }));
      ends = true;
      EXPECT_EQ(caller.result().got("first"), 1U) << "asked before, and so it may have it";
      EXPECT_EQ(ask(cached, key).value, "later");
    });
  }
}

// The client has one thread for such loads, and the outer load uses it.
TEST_F(deadline, OfACallerIsNoReasonToRefuseItsLoadersOwnCalls) {
  in_child([&] {
    client redis{with_single_threads(setup.client())};
    text_cache inner{redis, {.name = "inner", .policy = setup.policy}, own_key};
    text_cache outer{redis, {.name = "outer", .policy = setup.policy}, [&](std::string_view) {
                       return *inner.get("1") + *inner.get("2", in_good_time());
                     }};
    crowd callers{
        4, [&](unsigned i) { return ask(outer, "a", i < 2 ? in_good_time() : call_options{}); }};
    const tally all = callers.result();
    EXPECT_EQ(all.got("12"), 4U) << all.line();
  });
}

// `refused` is for the limits of the caller itself.
TEST_F(deadline, OfALoadersOwnCallIsAFailureOfTheLoad) {
  in_child([&] {
    client redis{setup.client()};
    const call_options past{.deadline = steady_clock::time_point::min()};
    text_cache inner{redis, {.name = "inner", .policy = setup.policy}, own_key};
    text_cache outer{redis, {.name = "outer", .policy = setup.policy}, [&](std::string_view) {
                       return *inner.get("child", past);
                     }};
    EXPECT_THROW(static_cast<void>(outer.get("a")), load_failed);
  });
}

TEST_F(deadline, InsideALoadOnTheOnlyThreadDoesNotWaitForThatThread) {
  in_child([&] {
    client redis{with_single_threads(setup.client())};
    text_cache inner{redis, {.name = "inner", .policy = setup.policy}, own_key};
    text_cache outer{redis, {.name = "outer", .policy = setup.policy}, [&](std::string_view) {
                       return *inner.get("child", in_good_time());
                     }};
    EXPECT_EQ(ask(outer, "a", in_good_time()).value, "child");
  });
}

TEST_F(deadline, MayLieAtEitherEndOfTime) {
  in_child([&] {
    cached_origin cached{origin, setup};
    const std::vector<call_options> endless{
        call_options::within(duration::max()),
        call_options::within(std::chrono::hours{24 * 365 * 300}),
        {.deadline = steady_clock::time_point::max()}};
    for (std::size_t i = 0; i < endless.size(); ++i) {
      const std::string key = std::to_string(i);
      EXPECT_EQ(cached.ask(key, endless[i]).how, "loaded") << i;
      EXPECT_EQ(cached.ask(key, endless[i]).how, "fresh") << i;
    }
    origin.hold("held");
    crowd leader{1, [&](unsigned) { return cached.ask("held"); }};
    leader.go();
    ASSERT_TRUE(loads_run("held"));
    const std::vector<call_options> past{{.deadline = steady_clock::time_point::min()},
                                         {.deadline = steady_clock::time_point{}},
                                         call_options::within(duration::min()),
                                         call_options::within(0ms)};
    for (const call_options& limits : past) {
      EXPECT_EQ(cached.ask("held", limits).how, "refused:timed_out");
    }
    origin.let_go("held");
    EXPECT_EQ(leader.result().count("loaded"), 1U);
    EXPECT_EQ(cached.values.drain(duration::max()), 0U);
  });
}

TEST_F(deadline, MayBeEndlessForConnections) {
  setup.patience = duration::max();
  in_child([&] {
    cached_origin cached{origin, setup};
    EXPECT_EQ(cached.ask("a").how, "loaded");
    EXPECT_EQ(cached.ask("a").how, "fresh");
    EXPECT_TRUE(cached.values.invalidate("a").has_value());
    EXPECT_EQ(cached.faults(fault_code::unreachable), 0U);
  });
}

TEST_F(deadline, ShorterThanAFrozenRedisStillGetsTheOriginsValue) {
  in_child([&] {
    cached_origin cached{origin, setup};
    static_cast<void>(cached.ask("warm"));
    static_cast<void>(cached.ask("a"));
    server.pause();
    const answer got = cached.ask("a", call_options::within(3s));
    EXPECT_EQ(got.how, "bypassed");
    EXPECT_EQ(got.value, "0:a");
    EXPECT_EQ(cached.ask("cold", call_options::within(3s)).value, "0:cold");
    server.resume();
    EXPECT_TRUE(eventually([&] { return cached.ask("a", in_good_time()).how == "fresh"; }));
  });
  server.resume();
}

// Waiting for a load never turns into loading. Only a missing reply is bypassed.
TEST_F(deadline, EndsAWaitForAnotherProcessWithoutALoadOfItsOwn) {
  use_long_leases();
  in_child([&] {
    cached_origin holder{origin, setup};
    cached_origin cached{origin, setup};
    origin.hold("a");
    crowd leader{1, [&](unsigned) { return holder.ask("a"); }};
    leader.go();
    ASSERT_TRUE(loads_run("a"));
    EXPECT_EQ(cached.ask("a", call_options::within(2s)).how, "refused:timed_out");
    EXPECT_EQ(origin.loads("a"), 1U);
    origin.let_go("a");
    EXPECT_EQ(leader.result().count("loaded"), 1U);
  });
}

}  // namespace
}  // namespace drover::test::deadline_test
