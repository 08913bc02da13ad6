// SPDX-License-Identifier: MIT
#include "store/known_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace drover::store::known_server_test {
namespace {

using namespace std::chrono_literals;

steady_time steady(milliseconds since_boot) { return steady_time{since_boot}; }
server_time server(milliseconds since_1970) { return server_time{since_1970}; }

connection::greeting greeting_of(std::string role, std::optional<server_time> started = {}) {
  connection::greeting hello;
  hello.role = std::move(role);
  hello.started = started;
  return hello;
}

TEST(known_server, HasNoTimeBeforeTheFirstSampleOfAConnection) {
  known_server known{false};
  EXPECT_EQ(known.time_at(steady(1s)), std::nullopt);
  known.greeted(greeting_of("master"), steady(1s));
  EXPECT_EQ(known.time_at(steady(1s)), std::nullopt);
  known.add_sample({steady(2s), steady(2s), server(5000s)});
  EXPECT_EQ(known.time_at(steady(3s)), server(5001s));
  EXPECT_EQ(known.steady_at(server(5001s)), steady(3s));

  known.greeted(greeting_of("master"), steady(4s));
  EXPECT_EQ(known.time_at(steady(4s)), std::nullopt) << "perhaps another server's clock";
  EXPECT_EQ(known.steady_at(server(5001s)), steady(3s)) << "timers need some clock";
}

TEST(known_server, KnowsTheLatestTimeThatTheServerCanShow) {
  known_server known{false};
  EXPECT_EQ(known.latest_at(steady(1s)), std::nullopt);
  known.greeted(greeting_of("master"), steady(1s));
  known.add_sample({steady(2s), steady(2100ms), server(5000s)});
  EXPECT_EQ(known.time_at(steady(2050ms)), server(5000s));
  EXPECT_EQ(known.latest_at(steady(2s)), server(5000s + 1ms)) << "it had read its clock by then";
  known.add_sample({steady(3s), steady(3s), server(5001s)});
  EXPECT_EQ(known.latest_at(steady(4s)), server(5002s + 1ms));

  known.greeted(greeting_of("master"), steady(5s));
  EXPECT_EQ(known.latest_at(steady(5s)), std::nullopt) << "perhaps another server's clock";
}

TEST(known_server, TakesTheGreetingsClockForASample) {
  known_server known{false};
  connection::greeting hello = greeting_of("master");
  hello.clock = {.sent = steady(1s), .received = steady(1s), .server = server(7000s)};
  known.greeted(hello, steady(2s));
  EXPECT_EQ(known.time_at(steady(2s)), server(7001s));
  EXPECT_FALSE(known.wants_sample(steady(2s)));
}

TEST(known_server, LeavesOutASampleFromAnEarlierConnection) {
  known_server known{false};
  known.greeted(greeting_of("master"), steady(2s));
  known.add_sample({steady(1s), steady(3s), server(5000s)});
  EXPECT_EQ(known.time_at(steady(3s)), server(5001s)) << "there was none before";
  known.greeted(greeting_of("master"), steady(10s));
  known.add_sample({steady(9999ms), steady(11s), server(5000s)});
  EXPECT_EQ(known.time_at(steady(11s)), std::nullopt);
  known.add_sample({steady(10s), steady(10s), server(6000s)});
  EXPECT_EQ(known.time_at(steady(11s)), server(6001s));
}

TEST(known_server, AsksEveryCallerForASampleUntilThereIsOneAndThenOneEveryHalfMinute) {
  known_server known{false};
  known.greeted(greeting_of("master"), steady(1s));
  EXPECT_TRUE(known.wants_sample(steady(1s)));
  EXPECT_TRUE(known.wants_sample(steady(1s)));
  known.add_sample({steady(2s), steady(2s), server(5000s)});
  EXPECT_FALSE(known.wants_sample(steady(31s)));
  EXPECT_TRUE(known.wants_sample(steady(32s)));
  EXPECT_FALSE(known.wants_sample(steady(32s))) << "somebody asks already";
  EXPECT_TRUE(known.time_at(steady(32s)).has_value()) << "the old sample serves meanwhile";
}

TEST(known_server, TrustsWhatIsNoOlderThanItsStart) {
  known_server known{false};
  EXPECT_EQ(known.trusted().stored_from, server_time::min());
  known.greeted(greeting_of("master", server(9s)), steady(1s));
  EXPECT_EQ(known.trusted().stored_from, server(9s));
  EXPECT_FALSE(known.trusted().nothing_is_fresh);
  known.greeted(greeting_of("master"), steady(1s));
  EXPECT_EQ(known.trusted().stored_from, server_time::min()) << "INFO is refused";
}

TEST(known_server, TrustsEverythingOfOneThatKeepsItsWrites) {
  known_server known{true};
  known.greeted(greeting_of("master", server(9s)), steady(1s));
  EXPECT_EQ(known.trusted().stored_from, server_time::min());
}

TEST(known_server, TakesNothingOfAReplicaForFresh) {
  for (const bool keeps_writes : {false, true}) {
    known_server known{keeps_writes};
    for (const char* const role : {"slave", "replica"}) {
      known.greeted(greeting_of(role, server(9s)), steady(1s));
      EXPECT_TRUE(known.trusted().nothing_is_fresh);
      EXPECT_EQ(known.trusted().stored_from, server_time::max()) << "for LEASE";
    }
    known.greeted(greeting_of("master"), steady(2s));
    EXPECT_FALSE(known.trusted().nothing_is_fresh);
  }
}

TEST(known_server, TakesAnyTimes) {
  known_server known{false};
  for (const server_time at : {server_time::min(), server_time::max()}) {
    known.greeted(greeting_of("master"), steady(0s));
    known.add_sample({steady(0s), steady(0s), at});
    EXPECT_EQ(known.time_at(steady(0s)), std::nullopt) << "no time of this world";
    static_cast<void>(known.steady_at(at));
  }
}

}  // namespace
}  // namespace drover::store::known_server_test
