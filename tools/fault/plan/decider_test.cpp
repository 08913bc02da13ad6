// SPDX-License-Identifier: MIT
#include "fault/plan/decider.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "fault/plan/draws.hpp"
#include "fault/plan/spec_parser.hpp"

namespace drover::faults::decider_test {
namespace {

using namespace std::chrono_literals;

std::vector<fault_spec> specs_in(const std::string& script) {
  return std::get<std::vector<fault_spec>>(parse_script(script));
}

/// Sends GETs and counts the faults.
class decider_play {
 public:
  explicit decider_play(const std::string& script, std::uint64_t seed = 1)
      : decider_{specs_in(script), seed} {}

  request_decision request(const std::string& command = "GET", const std::string& key = "k",
                           std::uint64_t connection = 1, microseconds at = 0us) {
    const std::array<std::string_view, 1> keys{key};
    connection_play& play = connections_[connection];
    return decider_.on_request({connection, ++play.requests, command, command, keys, at},
                               play.counts);
  }
  /// The numbers of the requests, of `count`, that have a fate.
  std::vector<int> fates(int count, std::uint64_t connection = 1) {
    std::vector<int> numbers;
    for (int i = 1; i <= count; ++i) {
      if (request("GET", "k", connection).fate) numbers.push_back(i);
    }
    return numbers;
  }
  decider& operator*() { return decider_; }

 private:
  struct connection_play {
    std::uint64_t requests = 0;
    connection_counts counts;
  };

  decider decider_;
  std::map<std::uint64_t, connection_play> connections_;
};

TEST(fault_decider, SelectsByCommandAndKey) {
  decider_play play{"drop command=get,h*,!hello key=user:*,!user:1"};
  EXPECT_TRUE(play.request("GET", "user:2").fate);
  EXPECT_TRUE(play.request("HGET", "user:2").fate);
  EXPECT_FALSE(play.request("HELLO", "user:2").fate);
  EXPECT_FALSE(play.request("SET", "user:2").fate);
  EXPECT_FALSE(play.request("GET", "order:2").fate);
  EXPECT_FALSE(play.request("GET", "user:1").fate);
}

TEST(fault_decider, SelectsASubcommandByItsFullName) {
  decider play{specs_in("drop command=\"config get\""), 1};
  connection_counts counts;
  EXPECT_TRUE(play.on_request({1, 1, "CONFIG", "CONFIG GET", {}, 0us}, counts).fate);
  EXPECT_FALSE(play.on_request({1, 2, "CONFIG", "CONFIG SET", {}, 0us}, counts).fate);
}

TEST(fault_decider, CountsTheSelectedRequests) {
  EXPECT_EQ(decider_play{"drop nth=3"}.fates(6), (std::vector<int>{3}));
  EXPECT_EQ(decider_play{"drop nth=2..3"}.fates(6), (std::vector<int>{2, 3}));
  EXPECT_EQ(decider_play{"drop nth=5.."}.fates(6), (std::vector<int>{5, 6}));
  EXPECT_EQ(decider_play{"drop every=2"}.fates(6), (std::vector<int>{2, 4, 6}));
  EXPECT_EQ(decider_play{"drop limit=2"}.fates(6), (std::vector<int>{1, 2}));
  decider_play play{"drop command=get nth=2"};
  EXPECT_FALSE(play.request("GET").fate);
  EXPECT_FALSE(play.request("SET").fate);
  EXPECT_TRUE(play.request("GET").fate);
}

TEST(fault_decider, CountsOverAllConnectionsOrInEach) {
  decider_play all{"drop nth=3"};
  EXPECT_EQ(all.fates(2, 1), (std::vector<int>{}));
  EXPECT_EQ(all.fates(2, 2), (std::vector<int>{1}));
  decider_play each{"drop nth=2 per=connection"};
  EXPECT_EQ(each.fates(2, 1), (std::vector<int>{2}));
  EXPECT_EQ(each.fates(2, 2), (std::vector<int>{2}));
  decider_play second{"drop connection=2"};
  EXPECT_FALSE(second.request("GET", "k", 1).fate);
  EXPECT_TRUE(second.request("GET", "k", 2).fate);
}

TEST(fault_decider, KeepsToTheWindowOfTime) {
  decider_play play{"drop from=1s for=2s"};
  EXPECT_FALSE(play.request("GET", "k", 1, 999ms).fate);
  EXPECT_TRUE(play.request("GET", "k", 1, 1s).fate);
  EXPECT_TRUE(play.request("GET", "k", 1, 2999ms).fate);
  EXPECT_FALSE(play.request("GET", "k", 1, 3s).fate);
}

TEST(fault_decider, OnlyTheFirstFateIsInjectedAndTheOthersAreCombined) {
  decider_play play{"delay time=1ms\ndrop limit=1\ndelay time=2ms\ncut\npush\nslice\nslice"};
  const request_decision first = play.request();
  EXPECT_EQ(first.fate, 1U);
  ASSERT_EQ(first.delays.size(), 2U);
  EXPECT_EQ(first.delays[0].time + first.delays[1].time, 3ms);
  EXPECT_EQ(first.pushes, (std::vector<std::size_t>{4}));
  EXPECT_EQ(first.slices, 5U);
  EXPECT_EQ(play.request().fate, 3U);
}

TEST(fault_decider, DrawsTheShareOfRequests) {
  const std::size_t injected = decider_play{"drop chance=25%"}.fates(10'000).size();
  EXPECT_GT(injected, 2250U);
  EXPECT_LT(injected, 2750U);
  EXPECT_EQ(decider_play{"drop chance=100%"}.fates(1000).size(), 1000U);
}

TEST(fault_decider, SameSeedAndTrafficGiveTheSameFaults) {
  const char* const script = "drop chance=10%\ndelay mean=5ms chance=50%";
  EXPECT_EQ(decider_play(script, 7).fates(500), decider_play(script, 7).fates(500));
  EXPECT_NE(decider_play(script, 7).fates(500), decider_play(script, 8).fates(500));
}

TEST(fault_decider, DrawsDoNotDependOnTheInterleavingOfConnections) {
  decider_play in_turn{"drop chance=30%"};
  std::map<std::uint64_t, std::vector<bool>> turns;
  for (int i = 0; i < 200; ++i) {
    for (const std::uint64_t connection : {1U, 2U, 3U}) {
      turns[connection].push_back(in_turn.request("GET", "k", connection).fate.has_value());
    }
  }
  decider_play one_by_one{"drop chance=30%"};
  for (const std::uint64_t connection : {3U, 1U, 2U}) {
    std::vector<bool> alone;
    for (int i = 0; i < 200; ++i) {
      alone.push_back(one_by_one.request("GET", "k", connection).fate.has_value());
    }
    EXPECT_EQ(alone, turns[connection]) << connection;
  }
  EXPECT_NE(turns[1], turns[2]);
}

TEST(fault_decider, DrawsOfTwoFaultsAreIndependent) {
  decider_play play{"drop chance=50%\npush chance=50%"};
  int both = 0;
  for (int i = 0; i < 4000; ++i) {
    const request_decision decision = play.request();
    both += decision.fate && !decision.pushes.empty() ? 1 : 0;
  }
  EXPECT_GT(both, 800);
  EXPECT_LT(both, 1200);
}

TEST(fault_decider, DelaysHaveTheirDistribution) {
  base::seeded_random draws{3};
  const delay_distribution uniform{10ms, 20ms, 0us};
  const delay_distribution exponential{0us, 1s, 10ms};
  microseconds sum{0};
  for (int i = 0; i < 10'000; ++i) {
    const microseconds delay = draw_delay(uniform, draws);
    EXPECT_GE(delay, 10ms);
    EXPECT_LE(delay, 20ms);
    sum += draw_delay(exponential, draws);
  }
  EXPECT_GT(sum / 10'000, 9ms);
  EXPECT_LT(sum / 10'000, 11ms);
  const delay_distribution clipped{0us, 12ms, 10ms};
  for (int i = 0; i < 1000; ++i) EXPECT_LE(draw_delay(clipped, draws), 12ms);
  EXPECT_EQ(draw_delay({5ms, 5ms, 0us}, draws), 5ms);
}

TEST(fault_decider, ADelayUntilTheEndLastsToTheEndOfItsWindow) {
  decider_play play{"delay until=end from=1s for=2s period=5s"};
  const auto delays = [&](microseconds at) {
    std::vector<microseconds> all;
    for (const decided_delay& delay : play.request("GET", "k", 1, at).delays) {
      all.push_back(delay.time);
    }
    return all;
  };
  EXPECT_EQ(delays(999ms), std::vector<microseconds>{});
  EXPECT_EQ(delays(1s), std::vector<microseconds>{2s});
  EXPECT_EQ(delays(2999ms), std::vector<microseconds>{1ms});
  EXPECT_EQ(delays(3s), std::vector<microseconds>{});
  EXPECT_EQ(delays(7500ms), std::vector<microseconds>{500ms});
}

TEST(fault_decider, DecidesConnectionsWhenTheyAreAccepted) {
  decider play{specs_in("refuse connection=2..3 limit=1\nblack-hole connection=3..4"), 1};
  EXPECT_EQ(play.on_connection(1, 0us), std::nullopt);
  EXPECT_EQ(play.on_connection(2, 0us), 0U);
  EXPECT_EQ(play.on_connection(3, 0us), 1U);
  EXPECT_EQ(play.on_connection(4, 0us), 1U);
  EXPECT_EQ(play.on_connection(5, 0us), std::nullopt);
}

TEST(fault_decider, IsDownInEachWindow) {
  const decider play{specs_in("down from=1s for=1s\ndrop\ndown from=1500ms for=3s"), 1};
  EXPECT_EQ(play.down_at(999ms), std::nullopt);
  EXPECT_EQ(play.down_at(1s), 0U);
  EXPECT_EQ(play.down_at(2s), 2U);
  EXPECT_EQ(play.down_at(4500ms), std::nullopt);
  EXPECT_EQ(play.next_change_after(0us), 1s);
  EXPECT_EQ(play.next_change_after(1s), 1500ms);
  EXPECT_EQ(play.next_change_after(1500ms), 2s);
  EXPECT_EQ(play.next_change_after(2s), 4500ms);
  EXPECT_EQ(play.next_change_after(4500ms), std::nullopt);
}

TEST(fault_decider, AWindowBeginsAgainAfterItsPeriod) {
  const decider play{specs_in("down from=1s for=1s period=3s"), 1};
  for (const microseconds begin : {microseconds{1s}, microseconds{4s}, microseconds{3001s}}) {
    EXPECT_EQ(play.down_at(begin - 1us), std::nullopt) << begin.count();
    EXPECT_EQ(play.down_at(begin), 0U) << begin.count();
    EXPECT_EQ(play.down_at(begin + 999ms), 0U) << begin.count();
    EXPECT_EQ(play.down_at(begin + 1s), std::nullopt) << begin.count();
    EXPECT_EQ(play.next_change_after(begin), begin + 1s);
    EXPECT_EQ(play.next_change_after(begin + 1s), begin + 3s);
  }
  EXPECT_EQ(play.next_change_after(0s), 1s);
  decider_play drops{"drop from=1s for=1s period=3s"};
  EXPECT_FALSE(drops.request("GET", "k", 1, 3500ms).fate);
  EXPECT_TRUE(drops.request("GET", "k", 1, 4500ms).fate);
}

TEST(fault_decider, DelaysOfRequestsAreApartFromThoseOfReplies) {
  decider_play play{"delay time=3ms of=request\ndelay time=5ms"};
  const request_decision decision = play.request();
  ASSERT_EQ(decision.request_delays.size(), 1U);
  EXPECT_EQ(decision.request_delays[0].time, 3ms);
  ASSERT_EQ(decision.delays.size(), 1U);
  EXPECT_EQ(decision.delays[0].time, 5ms);
}

}  // namespace
}  // namespace drover::faults::decider_test
