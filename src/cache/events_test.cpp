// SPDX-License-Identifier: MIT
// The events and counters for each situation, and the information that a load object gives.
#include <gtest/gtest.h>
#include <drover/cache.hpp>

#include <atomic>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>

#include "cache/recording_observer_for_test.hpp"
#include "support/redis_server.hpp"

namespace drover::events_test {
namespace {

using namespace std::chrono_literals;

policy plain(duration lease_ttl = 1h) {
  return {.ttl = 1h, .grace = 1h, .early_beta = 0, .lease_ttl = lease_ttl, .load_max = 2h};
}

/// An origin that can be made to fail. Its values are `<key>#<number of the load>`.
class events : public testing::Test {
 protected:
  [[nodiscard]] client_options options() const {
    return {
        .url = server.url(), .connect_max = 20s, .silence_max = 20s, .event_observer = observed};
  }
  [[nodiscard]] cache<std::string> over(const client& on, const policy& with) {
    return {on, {.name = "user", .policy = with}, [this](std::string_view key, load& run) {
              const int number = ++loads;
              while (held && (!ends_when_lost || !run.is_lease_lost())) std::this_thread::yield();
              if (failing) throw std::runtime_error{"down"};
              return std::string{key} + "#" + std::to_string(number);
            }};
  }
  void await(event_kind kind) const {
    while (observed->count(kind) == 0) std::this_thread::yield();
  }
  [[nodiscard]] std::uint64_t faults(const cache<std::string>& cached, fault_code code) const {
    return cached.stats().faults[static_cast<std::size_t>(code)];
  }

  test::redis_server server;
  std::shared_ptr<detail::recording_observer> observed =
      std::make_shared<detail::recording_observer>();
  std::atomic<int> loads{0};
  std::atomic<bool> held{false};
  std::atomic<bool> ends_when_lost{false};
  std::atomic<bool> failing{false};
};

TEST_F(events, OfAColdKeyTellFromTheLeaseToTheFill) {
  const client redis{options()};
  cache<std::string> users = over(redis, plain());
  EXPECT_EQ(users.get("a"), "a#1");
  EXPECT_EQ(users.get("a"), "a#1");
  EXPECT_EQ(observed->story_of("a"), "lease_granted load_started load_finished fill_stored")
      << "and nothing of a hit";
  EXPECT_EQ(observed->last(event_kind::load_finished).cache, "user");
  EXPECT_GE(observed->last(event_kind::load_finished).took.count(), 0);
  EXPECT_EQ(observed->count(event_kind::connection_up), 1U);
  EXPECT_FALSE(observed->last(event_kind::connection_up).text.empty()) << "the server's version";
}

TEST_F(events, OfAStaleKeyTellOfItsRefresh) {
  const client redis{options()};
  cache<std::string> users = over(redis, plain());
  EXPECT_EQ(users.get("a"), "a#1");
  ASSERT_TRUE(users.expire("a"));
  held = true;
  EXPECT_EQ(users.fetch("a").how, served::stale);
  await(event_kind::refresh_started);
  held = false;
  while (observed->count(event_kind::fill_stored) < 2) std::this_thread::yield();
  EXPECT_EQ(observed->count(event_kind::stale_served), 1U);
  EXPECT_EQ(users.stats().stale_served, 1U);
  EXPECT_EQ(users.stats().refreshes, 1U);
}

TEST_F(events, OfAFailureHoldItsText) {
  const client redis{options()};
  cache<std::string> users = over(redis, plain());
  failing = true;
  EXPECT_THROW(static_cast<void>(users.get("a")), std::runtime_error);
  EXPECT_EQ(observed->story_of("a"), "lease_granted load_started load_failed");
  EXPECT_EQ(observed->last(event_kind::load_failed).text, "down");
  EXPECT_EQ(users.stats().failures, 1U);
}

TEST_F(events, OfAValueThatIsNotStoredSayWhy) {
  const client redis{options()};
  cache<std::string> users{redis, {.name = "user", .policy = plain()}, [](std::string_view) {
                             return loaded<std::string>::do_not_store("fleeting");
                           }};
  EXPECT_EQ(users.get("a"), "fleeting");
  EXPECT_EQ(observed->story_of("a"), "lease_granted load_started load_finished fill_skipped");
  EXPECT_EQ(observed->last(event_kind::fill_skipped).text, "the loader returned do_not_store");
  EXPECT_EQ(users.stats().not_stored, 1U);
}

TEST_F(events, OfAServerThatGoesAwayTellOfItAndOfTheBypass) {
  const client redis{options()};
  cache<std::string> users = over(redis, plain());
  EXPECT_EQ(users.get("a"), "a#1");
  server.stop();
  EXPECT_EQ(users.fetch("b").how, served::bypassed);
  await(event_kind::connection_down);
  EXPECT_EQ(observed->story_of("b"), "fault_seen bypass_started load_started load_finished");
  EXPECT_EQ(observed->last(event_kind::fault_seen).code, fault_code::unreachable);
  EXPECT_NE(observed->last(event_kind::connection_down).text, "");
  EXPECT_EQ(users.stats().bypasses, 1U);
  EXPECT_EQ(faults(users, fault_code::unreachable), 1U);
}

TEST_F(events, OfAForeignEntryTellThatItIsCorrupt) {
  const client redis{options()};
  cache<std::string> users = over(redis, plain());
  server.command({"SET", "user:1.1:v:{=a}", "somebody else's"});
  EXPECT_EQ(users.get("a"), "a#1");
  EXPECT_EQ(observed->last(event_kind::entry_corrupt).code, fault_code::corrupt);
  EXPECT_EQ(users.stats().corrupt_entries, 1U);
  EXPECT_EQ(faults(users, fault_code::corrupt), 1U);
}

TEST_F(events, OfALostLeaseReachTheLoadThatRuns) {
  const client redis{options()};
  cache<std::string> users = over(redis, plain(100ms));
  held = true;
  ends_when_lost = true;
  std::jthread leader{
      [&] { EXPECT_EQ(users.get("a"), "a#1") << "its caller has it all the same"; }};
  await(event_kind::load_started);
  server.command({"DEL", "user:1.1:v:{=a}"});
  leader.join();
  EXPECT_EQ(observed->story_of("a"), "lease_granted load_started lease_lost load_finished");
  EXPECT_EQ(observed->last(event_kind::lease_lost).code, fault_code::superseded);
  EXPECT_EQ(users.stats().leases_lost, 1U);
  EXPECT_EQ(faults(users, fault_code::superseded), 1U);
}

TEST_F(events, OfARefusedFillSayThatItWasSuperseded) {
  const client redis{options()};
  cache<std::string> users = over(redis, plain());
  held = true;
  std::jthread leader{[&] { EXPECT_EQ(users.get("a"), "a#1"); }};
  await(event_kind::load_started);
  server.command({"DEL", "user:1.1:v:{=a}"});
  held = false;
  leader.join();
  EXPECT_EQ(observed->story_of("a"), "lease_granted load_started load_finished fill_refused");
  EXPECT_EQ(observed->last(event_kind::fill_refused).code, fault_code::superseded);
  EXPECT_EQ(users.stats().fills_refused, 1U);
  EXPECT_EQ(faults(users, fault_code::superseded), 1U);
}

TEST_F(events, OfAFullBackgroundTellWhichRefreshWasDropped) {
  client_options narrow = options();
  narrow.background_threads = 1;
  narrow.background_queue_max = 0;
  const client redis{narrow};
  cache<std::string> users = over(redis, plain());
  held = true;
  users.refresh("a");
  while (loads == 0) std::this_thread::yield();
  users.refresh("b");
  await(event_kind::refresh_dropped);
  EXPECT_EQ(observed->story_of("b"), "lease_granted refresh_dropped");
  EXPECT_EQ(users.stats().refreshes_dropped, 1U);
  held = false;
  while (users.peek("a") != "a#1") std::this_thread::yield();
  EXPECT_EQ(loads, 1);
}

TEST_F(events, TellThatADestructorWaitsForALoad) {
  const client redis{options()};
  {
    cache<std::string> users{redis, {.name = "user", .policy = plain()}, [this](std::string_view) {
                               ++loads;
                               await(event_kind::drain_waiting);
                               return std::string{"at last"};
                             }};
    users.refresh("a");
    while (loads == 0) std::this_thread::yield();
  }
  EXPECT_EQ(observed->last(event_kind::drain_waiting).cache, "user");
}

TEST_F(events, OfAWaitAreCountedWithItsLength) {
  const client redis{options()};
  cache<std::string> users = over(redis, plain());
  held = true;
  std::jthread leader{[&] { EXPECT_EQ(users.fetch("a").how, served::loaded); }};
  while (loads == 0) std::this_thread::yield();
  std::jthread joiner{[&] { EXPECT_EQ(users.fetch("a").how, served::joined); }};
  while (users.stats().misses < 2) std::this_thread::yield();
  std::this_thread::sleep_for(5ms);
  held = false;
  leader.join();
  joiner.join();
  const cache_stats stats = users.stats();
  EXPECT_EQ(stats.joins, 1U);
  EXPECT_EQ(stats.loads_avoided, 1U);
  EXPECT_EQ(std::accumulate(stats.waits.begin(), stats.waits.end(), std::uint64_t{0}), 1U);
  EXPECT_GT(stats.waits_us, 0U);
}

TEST_F(events, ALoadKnowsItsDeadlineAndWhetherItsLeaseIsLost) {
  const client redis{options()};
  const auto before = std::chrono::steady_clock::now();
  cache<std::string> users{
      redis, {.name = "user", .policy = plain()}, [&](std::string_view, load& run) {
        EXPECT_GE(run.deadline(), before + 2h);
        EXPECT_LE(run.deadline(), std::chrono::steady_clock::now() + 2h);
        EXPECT_FALSE(run.is_lease_lost());
        EXPECT_FALSE(run.stop_token().stop_requested());
        EXPECT_EQ(run.previous<std::string>(), nullptr);
        EXPECT_EQ(run.ttl(), std::nullopt);
        return std::string{"v"};
      }};
  EXPECT_EQ(users.get("a"), "v");
}

}  // namespace
}  // namespace drover::events_test
