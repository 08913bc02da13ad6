// SPDX-License-Identifier: MIT
// The public functions of a cache on a real server, one caller at a time.
#include <gtest/gtest.h>
#include <drover/cache.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cache/patient_options_for_test.hpp"
#include "cache/recording_observer_for_test.hpp"
#include "support/redis_server.hpp"

namespace drover::cache_test {
namespace {

using namespace std::chrono_literals;

policy long_lived() { return {.ttl = 1h, .early_beta = 0}; }

class cache_verbs : public testing::Test {
 protected:
  test::redis_server server;
  std::shared_ptr<detail::recording_observer> events =
      std::make_shared<detail::recording_observer>();
  client redis{client_options{
      .url = server.url(), .connect_max = 20s, .silence_max = 20s, .event_observer = events}};
  std::atomic<int> loads{0};

  cache<std::string> counting(policy with) {
    return {redis, {.name = "user", .policy = with}, [this](std::string_view key) {
              return std::string{key} + "#" + std::to_string(++loads);
            }};
  }
};

TEST_F(cache_verbs, TheFirstGetLoadsAndTheNextIsAHit) {
  cache<std::string> users = counting(long_lived());
  EXPECT_EQ(users.fetch("a").how, served::loaded);
  const fetched<std::string> again = users.fetch("a");
  EXPECT_EQ(again.how, served::fresh);
  EXPECT_EQ(again.value, "a#1");
  EXPECT_EQ(users.get("b"), "b#2");
  const cache_stats stats = users.stats();
  EXPECT_EQ(stats.loads, 2U);
  EXPECT_EQ(stats.hits, 1U);
  EXPECT_EQ(stats.misses, 2U);
  EXPECT_EQ(stats.fills, 2U);
  EXPECT_EQ(stats.leases_granted, 2U);
  EXPECT_EQ(events->count(event_kind::fill_stored), 2U);
}

TEST_F(cache_verbs, TwoClientsShareWhatOneLoaded) {
  cache<std::string> first = counting(long_lived());
  const client other{patient_options(server.url())};
  cache<std::string> second{
      other, {.name = "user", .policy = long_lived()}, [](std::string_view) -> std::string {
        throw std::logic_error{"asked"};
      }};
  EXPECT_EQ(first.get("a"), "a#1");
  EXPECT_EQ(second.get("a"), "a#1");
}

TEST_F(cache_verbs, AbsentIsRememberedForItsOwnTtl) {
  cache<std::string> users{redis,
                           {.name = "user", .policy = {.ttl = 1h, .absent_ttl = 1h}},
                           [this](std::string_view) -> std::optional<std::string> {
                             ++loads;
                             return std::nullopt;
                           }};
  EXPECT_EQ(users.get("nobody"), std::nullopt);
  const fetched<std::string> again = users.fetch("nobody");
  EXPECT_EQ(again.value, std::nullopt);
  EXPECT_EQ(again.how, served::fresh);
  EXPECT_EQ(loads, 1);
  EXPECT_EQ(users.peek("nobody"), std::nullopt);
}

TEST_F(cache_verbs, AbsentIsForgottenSoonWhenItsTtlIsZero) {
  cache<std::string> users{redis,
                           {.name = "user", .policy = {.ttl = 1h, .absent_ttl = 0ms}},
                           [this](std::string_view) -> std::optional<std::string> {
                             if (++loads == 1) return std::nullopt;
                             return "now there";
                           }};
  EXPECT_EQ(users.get("late"), std::nullopt);
  while (!users.get("late")) std::this_thread::yield();
  EXPECT_EQ(loads, 2);
}

TEST_F(cache_verbs, ALoaderMaySetTheTtlOrForbidStoring) {
  cache<std::string> users{
      redis, {.name = "user", .policy = long_lived()}, [this](std::string_view key, load& run) {
        ++loads;
        if (key == "no") return loaded<std::string>::do_not_store("fleeting");
        if (key == "short") return loaded<std::string>{std::string{"short"}, 20ms};
        run.ttl(20ms);
        return loaded<std::string>{std::string{"by load"}};
      }};
  EXPECT_EQ(users.get("no"), "fleeting");
  EXPECT_EQ(users.get("no"), "fleeting");
  EXPECT_EQ(loads, 2);
  EXPECT_EQ(users.stats().not_stored, 2U);
  for (const char* key : {"short", "by load"}) {
    const int before = loads;
    EXPECT_TRUE(users.get(key));
    while (loads < before + 2) static_cast<void>(users.get(key));
  }
}

TEST_F(cache_verbs, PeekNeverLoads) {
  cache<std::string> users = counting(long_lived());
  EXPECT_EQ(users.peek("a"), std::nullopt);
  EXPECT_EQ(loads, 0);
  EXPECT_EQ(users.get("a"), "a#1");
  EXPECT_EQ(users.peek("a"), "a#1");
  EXPECT_EQ(loads, 1);
}

TEST_F(cache_verbs, InvalidateIsAcknowledgedAndTheNextGetLoads) {
  cache<std::string> users = counting(long_lived());
  EXPECT_EQ(users.get("a"), "a#1");
  EXPECT_TRUE(users.invalidate("a"));
  EXPECT_EQ(users.get("a"), "a#2");
  EXPECT_EQ(users.stats().invalidations, 1U);
}

TEST_F(cache_verbs, InvalidateReportsWhenRedisIsAway) {
  cache<std::string> users = counting(long_lived());
  EXPECT_EQ(users.get("a"), "a#1");
  server.stop();
  const result<void> done = users.invalidate("a");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, fault_code::unreachable);
  EXPECT_EQ(users.stats().invalidations_unknown, 1U);
  EXPECT_EQ(events->count(event_kind::invalidation_unknown), 1U);
}

TEST_F(cache_verbs, ExpireServesStaleWithinGraceAndRefreshesBehind) {
  cache<std::string> users = counting({.ttl = 1h, .grace = 1h, .early_beta = 0});
  EXPECT_EQ(users.get("a"), "a#1");
  EXPECT_TRUE(users.expire("a"));
  const fetched<std::string> stale = users.fetch("a");
  EXPECT_EQ(stale.how, served::stale);
  EXPECT_EQ(stale.value, "a#1");
  while (users.fetch("a").value != "a#2") std::this_thread::yield();
  EXPECT_EQ(users.fetch("a").how, served::fresh);
  EXPECT_EQ(loads, 2);
  EXPECT_EQ(users.stats().refreshes, 1U);
}

TEST_F(cache_verbs, ExpireWithoutGraceIsInvalidate) {
  cache<std::string> users = counting(long_lived());
  EXPECT_EQ(users.get("a"), "a#1");
  EXPECT_TRUE(users.expire("a"));
  EXPECT_EQ(users.fetch("a").how, served::loaded);
}

TEST_F(cache_verbs, RefreshLoadsAgainBehindALiveEntryAndHandsOverThePreviousValue) {
  std::atomic<bool> saw_previous{false};
  cache<std::string> users{
      redis, {.name = "user", .policy = long_lived()}, [&](std::string_view, load& run) {
        const std::string* before = run.previous<std::string>();
        if (before != nullptr && *before == "v1") saw_previous = true;
        EXPECT_EQ(run.previous<int>(), nullptr);
        return "v" + std::to_string(++loads);
      }};
  EXPECT_EQ(users.get("a"), "v1");
  users.refresh("a");
  while (users.get("a") != "v2") std::this_thread::yield();
  EXPECT_TRUE(saw_previous);
  EXPECT_EQ(users.stats().refreshes, 1U);
}

TEST_F(cache_verbs, RefreshLoadsWhatIsMissing) {
  cache<std::string> users = counting(long_lived());
  users.refresh("a");
  while (!users.peek("a")) std::this_thread::yield();
  EXPECT_EQ(loads, 1);
}

TEST_F(cache_verbs, EarlyExpirationRefreshesBeforeTheTtlIsOver) {
  cache<std::string> users = counting({.ttl = 2s, .early_beta = 1000, .ttl_jitter = 0});
  EXPECT_EQ(users.fetch("a").how, served::loaded);
  while (users.stats().early_refreshes == 0) {
    const fetched<std::string> got = users.fetch("a");
    ASSERT_TRUE(got.how == served::fresh || users.stats().early_refreshes == 1 || loads > 1);
    std::this_thread::sleep_for(1ms);
  }
  while (users.get("a") != "a#2") std::this_thread::yield();
}

TEST_F(cache_verbs, GetOrLoadBorrowsTheCallersLocals) {
  cache<std::string> users = counting(long_lived());
  std::string local = "mine";
  const auto borrow = [&](std::string_view key) {
    local += "+";
    return local + std::string{key};
  };
  EXPECT_EQ(users.get_or_load("a", borrow), "mine+a");
  EXPECT_EQ(users.get_or_load("a", borrow), "mine+a");
  EXPECT_EQ(loads, 0);
}

TEST_F(cache_verbs, GetOrLoadRefreshesAStaleEntryInTheForeground) {
  cache<std::string> users = counting({.ttl = 1h, .grace = 1h, .early_beta = 0});
  const auto caller_thread = std::this_thread::get_id();
  int own = 0;
  const auto borrow = [&](std::string_view) {
    EXPECT_EQ(std::this_thread::get_id(), caller_thread);
    return std::to_string(++own);
  };
  EXPECT_EQ(users.get_or_load("a", borrow), "1");
  ASSERT_TRUE(users.expire("a"));
  EXPECT_EQ(users.get_or_load("a", borrow), "2");
  EXPECT_EQ(users.fetch("a").how, served::fresh);
}

TEST_F(cache_verbs, GetOrLoadServesStaleWhenItsOwnLoaderFails) {
  cache<std::string> users = counting({.ttl = 1h, .grace = 1h, .early_beta = 0});
  EXPECT_EQ(users.get("a"), "a#1");
  ASSERT_TRUE(users.expire("a"));
  const auto failing = [](std::string_view) -> std::string { throw std::runtime_error{"down"}; };
  EXPECT_EQ(users.get_or_load("a", failing), "a#1");
  EXPECT_EQ(users.stats().failures, 1U);
}

TEST_F(cache_verbs, AFailureIsTheLoadersOwnAndIsPausedNotRepeated) {
  cache<std::string> users{
      redis, {.name = "user", .policy = long_lived()}, [this](std::string_view) -> std::string {
        ++loads;
        throw std::runtime_error{"the database is down"};
      }};
  for (int i = 0; i < 5; ++i) {
    try {
      static_cast<void>(users.get("a"));
      ADD_FAILURE() << "no exception";
    } catch (const std::runtime_error& thrown) {
      EXPECT_STREQ(thrown.what(), "the database is down");
    }
  }
  // Five calls take far less than the 40 ms of the shortest pause, unless the machine stalls
  // between them.
  EXPECT_EQ(users.stats().loads, static_cast<std::uint64_t>(loads));
  EXPECT_EQ(users.stats().failures + users.stats().failures_shared, 5U);
}

TEST_F(cache_verbs, AnotherProcessesFailureIsLoadFailedWithoutItsText) {
  policy patient = long_lived();
  cache<std::string> failing{
      redis, {.name = "user", .policy = patient}, [](std::string_view) -> std::string {
        std::this_thread::sleep_for(1s);  // so the pause is a second, too
        throw std::runtime_error{"secret text"};
      }};
  const client other{patient_options(server.url())};
  cache<std::string> second{other, {.name = "user", .policy = patient}, [](std::string_view) {
                              return std::string{"loaded too early"};
                            }};
  EXPECT_THROW(static_cast<void>(failing.get("a")), std::runtime_error);
  try {
    static_cast<void>(second.get("a"));
    ADD_FAILURE() << "no exception";
  } catch (const load_failed& thrown) {
    EXPECT_EQ(thrown.why(), load_failed::reason::threw);
    EXPECT_EQ(thrown.attempt(), 1U);
    EXPECT_GT(thrown.retry_in().count(), 0);
    EXPECT_EQ(std::string{thrown.what()}.find("secret"), std::string::npos);
  }
}

TEST_F(cache_verbs, ALoaderThatAsksForItsOwnKeyIsToldTheChain) {
  cache<std::string>* self = nullptr;
  cache<std::string> users{
      redis, {.name = "user", .policy = long_lived()}, [&](std::string_view key) {
        return *self->get(key == "outer" ? "inner" : "outer");
      }};
  self = &users;
  try {
    static_cast<void>(users.get("outer"));
    ADD_FAILURE() << "no exception";
  } catch (const std::logic_error& thrown) {
    EXPECT_NE(std::string{thrown.what()}.find("user:outer -> user:inner -> user:outer"),
              std::string::npos)
        << thrown.what();
  }
}

TEST_F(cache_verbs, LoadersMayAskForOtherKeys) {
  cache<std::string>* self = nullptr;
  cache<std::string> users{
      redis, {.name = "user", .policy = long_lived()}, [&](std::string_view key) -> std::string {
        if (key == "3") return "end";
        return std::string{key} + *self->get(std::to_string(std::stoi(std::string{key}) + 1));
      }};
  self = &users;
  EXPECT_EQ(users.get("0"), "012end");
  EXPECT_EQ(users.stats().fills, 4U);
}

TEST_F(cache_verbs, ValuesAndKeysThatAreTooLongAreServedAndNotStored) {
  const client small{client_options{.url = server.url(),
                                    .connect_max = 20s,
                                    .silence_max = 20s,
                                    .key_max = 100,
                                    .value_max = 1000,
                                    .event_observer = events}};
  cache<std::string> users{
      small, {.name = "user", .policy = long_lived()}, [this](std::string_view key) {
        ++loads;
        return std::string(key == "big" ? 1001 : 10, 'x');
      }};
  EXPECT_EQ(users.get("big")->size(), 1001U);
  EXPECT_EQ(users.get("big")->size(), 1001U);
  EXPECT_EQ(users.get(std::string(101, 'k'))->size(), 10U);
  EXPECT_EQ(users.get(std::string(101, 'k'))->size(), 10U);
  EXPECT_EQ(loads, 4);
  EXPECT_EQ(users.get(std::string(100, 'k'))->size(), 10U);
  EXPECT_EQ(users.get(std::string(100, 'k'))->size(), 10U);
  EXPECT_EQ(loads, 5);
  EXPECT_EQ(users.stats().not_stored, 4U);
}

TEST_F(cache_verbs, AnObserverThatThrowsIsCountedAndChangesNothing) {
  struct throwing : observer {
    void on_event(const event&) override { throw std::runtime_error{"in the observer"}; }
  };
  const client watched{client_options{.url = server.url(),
                                      .connect_max = 20s,
                                      .silence_max = 20s,
                                      .event_observer = std::make_shared<throwing>()}};
  cache<std::string> users{watched, {.name = "user", .policy = long_lived()}, [](std::string_view) {
                             return std::string{"v"};
                           }};
  EXPECT_EQ(users.get("a"), "v");
  EXPECT_GT(users.stats().observer_faults, 0U);
}

TEST_F(cache_verbs, ADeadlineEndsTheCallAndNotTheLoad) {
  std::atomic<bool> go{false};
  cache<std::string> users{redis, {.name = "user", .policy = long_lived()}, [&](std::string_view) {
                             while (!go) std::this_thread::yield();
                             ++loads;
                             return std::string{"late"};
                           }};
  try {
    static_cast<void>(users.get("a", call_options::within(2s)));
    ADD_FAILURE() << "no exception";
  } catch (const refused& thrown) {
    EXPECT_EQ(thrown.why(), refused::reason::timed_out);
  }
  go = true;
  while (!users.peek("a")) std::this_thread::yield();
  EXPECT_EQ(users.get("a"), "late");
  EXPECT_EQ(loads, 1);
}

TEST_F(cache_verbs, AStopTokenEndsTheCallAndNotTheLoad) {
  std::atomic<bool> go{false};
  cache<std::string> users{redis, {.name = "user", .policy = long_lived()}, [&](std::string_view) {
                             while (!go) std::this_thread::yield();
                             return std::string{"late"};
                           }};
  std::stop_source stop;
  std::jthread stopper{[&] {
    while (users.stats().loads == 0) std::this_thread::yield();
    stop.request_stop();
  }};
  try {
    static_cast<void>(users.get("a", {.stop = stop.get_token()}));
    ADD_FAILURE() << "no exception";
  } catch (const refused& thrown) {
    EXPECT_EQ(thrown.why(), refused::reason::stopped);
  }
  go = true;
  while (!users.peek("a")) std::this_thread::yield();
}

TEST_F(cache_verbs, WaitMaxRefusesAWaiterAndNotTheLoader) {
  std::atomic<bool> go{false};
  policy impatient = long_lived();
  impatient.wait_max = 30ms;
  cache<std::string> users{redis, {.name = "user", .policy = impatient}, [&](std::string_view) {
                             while (!go) std::this_thread::yield();
                             return std::string{"v"};
                           }};
  std::jthread leader{[&] { EXPECT_EQ(users.get("a"), "v"); }};
  while (users.stats().loads == 0) std::this_thread::yield();
  EXPECT_THROW(static_cast<void>(users.get("a")), refused);
  go = true;
}

TEST_F(cache_verbs, MoreWaitersThanAllowedAreRefusedAsSaturated) {
  const client narrow{client_options{
      .url = server.url(), .connect_max = 20s, .silence_max = 20s, .waiters_max = 1}};
  std::atomic<bool> go{false};
  cache<std::string> users{narrow, {.name = "user", .policy = long_lived()}, [&](std::string_view) {
                             while (!go) std::this_thread::yield();
                             return std::string{"v"};
                           }};
  std::jthread leader{[&] { EXPECT_EQ(users.get("a"), "v"); }};
  while (users.stats().loads == 0) std::this_thread::yield();
  try {
    static_cast<void>(users.get("a"));
    ADD_FAILURE() << "no exception";
  } catch (const refused& thrown) {
    EXPECT_EQ(thrown.why(), refused::reason::saturated);
  }
  go = true;
}

TEST_F(cache_verbs, LoadMaxEndsTheLeaseAndTheLateResultIsNotStored) {
  std::atomic<bool> go{false};
  policy hasty = long_lived();
  hasty.lease_ttl = 100ms;
  hasty.load_max = 100ms;
  std::atomic<bool> stopped{false};
  cache<std::string> users{
      redis, {.name = "user", .policy = hasty}, [&](std::string_view, load& run) {
        if (++loads > 1) return std::string{"second"};
        while (!run.stop_token().stop_requested()) std::this_thread::yield();
        stopped = true;
        while (!go) std::this_thread::yield();
        return std::string{"first"};
      }};
  std::optional<std::string> first;
  std::jthread leader{[&] { first = users.get("a"); }};
  while (users.stats().loads == 0) std::this_thread::yield();
  try {
    while (users.get("a") != "second") std::this_thread::yield();
  } catch (const load_failed& thrown) {
    EXPECT_EQ(thrown.why(), load_failed::reason::timed_out);
  }
  while (true) {
    try {
      if (users.get("a") == "second") break;
    } catch (const load_failed&) {
      std::this_thread::yield();
    }
  }
  EXPECT_TRUE(stopped);
  go = true;
  leader.join();
  EXPECT_EQ(first, "first");
  EXPECT_EQ(users.get("a"), "second");
  EXPECT_EQ(events->count(event_kind::load_timed_out), 1U);
}

TEST_F(cache_verbs, DrainStopsLoadsReleasesTheirLeasesAndCountsWhatRuns) {
  std::atomic<bool> go{false};
  cache<std::string> users{
      redis, {.name = "user", .policy = long_lived()}, [&](std::string_view, load& run) {
        while (!run.stop_token().stop_requested()) std::this_thread::yield();
        while (!go) std::this_thread::yield();
        return std::string{"v"};
      }};
  std::jthread leader{[&] { EXPECT_EQ(users.get("a"), "v"); }};
  while (users.stats().loads == 0) std::this_thread::yield();
  EXPECT_EQ(users.drain(10ms), 1U);
  const client other{patient_options(server.url())};
  cache<std::string> second{other, {.name = "user", .policy = long_lived()}, [](std::string_view) {
                              return std::string{"elsewhere"};
                            }};
  EXPECT_EQ(second.get("a"), "elsewhere");
  go = true;
  leader.join();
  EXPECT_EQ(users.drain(10s), 0U);
  EXPECT_EQ(second.get("a"), "elsewhere");
}

TEST_F(cache_verbs, TheDestructorWaitsForARunningRefresh) {
  std::atomic<bool> running{false};
  std::atomic<bool> ended{false};
  {
    cache<std::string> users{
        redis, {.name = "user", .policy = long_lived()}, [&](std::string_view, load& run) {
          running = true;
          while (!run.stop_token().stop_requested()) std::this_thread::yield();
          std::this_thread::sleep_for(300ms);  // the wait is not over when the leases are released
          ended = true;
          return std::string{"v"};
        }};
    users.refresh("a");
    while (!running) std::this_thread::yield();
  }
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace drover::cache_test
