// SPDX-License-Identifier: MIT
#include "cluster/map_refresh.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace drover::cluster::map_refresh_test {
namespace {

using namespace std::chrono_literals;
using reason = refresh_reason;

constexpr steady_time start{1h};

base::host_port seed_at(std::uint16_t port) { return {"seed", port}; }
base::host_port node_at(std::uint16_t port) { return {"10.0.0.1", port}; }

slot_map map_of(std::vector<std::uint16_t> ports) {
  slot_map map;
  for (const std::uint16_t port : ports) map.add_primary({.at = node_at(port)});
  map.assign(0, 16383, 0);
  return map;
}

/// Begins when it is due. Returns the node.
base::host_port begun(map_refresh& refresh, steady_time& now,
                      std::span<const base::host_port> away = {}) {
  EXPECT_TRUE(refresh.due());
  now = std::max(now, refresh.due().value_or(now));
  const auto node = refresh.begin(now, away);
  EXPECT_TRUE(node);
  EXPECT_TRUE(refresh.is_asking());
  EXPECT_FALSE(refresh.due());
  return node.value_or(base::host_port{});
}

TEST(map_refresh, BeginsAtOnceAtTheStart) {
  map_refresh refresh{{seed_at(1)}, {}, 1};
  EXPECT_FALSE(refresh.due());
  EXPECT_FALSE(refresh.begin(start));
  refresh.want(reason::start, start);
  EXPECT_EQ(refresh.due(), start);
  EXPECT_FALSE(refresh.begin(start - 1ms));
  EXPECT_EQ(refresh.begin(start), seed_at(1));
  EXPECT_FALSE(refresh.begin(start)) << "an answer is awaited";
  refresh.answered(map_of({7}));
  EXPECT_FALSE(refresh.due()) << "nothing suggests that it is old";
}

TEST(map_refresh, IsSpreadOverProcessesThatNoticeTheSameEvent) {
  std::set<steady_time> times;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    map_refresh refresh{{seed_at(1)}, {}, seed};
    refresh.want(reason::moved, start);
    ASSERT_TRUE(refresh.due());
    EXPECT_GT(*refresh.due(), start);
    EXPECT_LE(*refresh.due(), start + 100ms);
    times.insert(*refresh.due());
  }
  EXPECT_GT(times.size(), 15U);
}

TEST(map_refresh, AnyNumberOfRedirectsCauseOneASecond) {
  for (const bool while_it_runs : {false, true}) {
    map_refresh refresh{{seed_at(1)}, {}, 3};
    unsigned begins = 0;
    for (steady_time now = start; now < start + 10s; now += 1ms) {
      refresh.want(reason::moved, now);
      if (!refresh.begin(now)) continue;
      ++begins;
      if (while_it_runs) refresh.want(reason::moved, now);
      refresh.answered(map_of({7}));
    }
    EXPECT_GE(begins, 8U) << while_it_runs;
    EXPECT_LE(begins, 10U) << while_it_runs;
  }
}

TEST(map_refresh, AnEventWhileItRunsCausesAnother) {
  map_refresh refresh{{seed_at(1)}, {}, 4};
  steady_time now = start;
  refresh.want(reason::start, now);
  begun(refresh, now);
  refresh.want(reason::node_away, now);
  refresh.answered(map_of({7}));
  ASSERT_TRUE(refresh.due());
  EXPECT_GE(*refresh.due(), start + 1s);
  EXPECT_LE(*refresh.due(), start + 1250ms);
  begun(refresh, now);
  refresh.answered(map_of({7}));
  EXPECT_FALSE(refresh.due());
}

TEST(map_refresh, ANodeThatDoesNotAnswerIsFollowedByTheNextAtOnce) {
  map_refresh refresh{{seed_at(1), seed_at(2), seed_at(3)}, {}, 5};
  steady_time now = start;
  refresh.want(reason::start, now);
  std::vector<std::uint16_t> asked;
  for (int i = 0; i < 3; ++i) {
    asked.push_back(begun(refresh, now).port);
    EXPECT_EQ(now, start);
    refresh.failed(now);
  }
  std::ranges::sort(asked);
  EXPECT_EQ(asked, (std::vector<std::uint16_t>{1, 2, 3}));
  EXPECT_GT(refresh.due(), start) << "all were asked: a pause follows";
}

TEST(map_refresh, PausesGrowWhileNoNodeGivesAMap) {
  map_refresh refresh{{seed_at(1)}, {}, 6};
  steady_time now = start;
  refresh.want(reason::start, now);
  const auto pause_after_failure = [&] {
    begun(refresh, now);
    refresh.failed(now);
    return *refresh.due() - now;
  };
  for (const milliseconds least : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    const auto pause = pause_after_failure();
    EXPECT_GE(pause, least);
    EXPECT_LE(pause, least * 5 / 4);
  }
  begun(refresh, now);
  refresh.answered(map_of({7}));
  refresh.want(reason::node_away, now);
  for (const milliseconds least : {1000ms, 2000ms, 4000ms, 4000ms}) {
    begun(refresh, now);
    refresh.failed(now);
    const auto pause = pause_after_failure();  // of the node and the seed
    EXPECT_GE(pause, least);
    EXPECT_LE(pause, least * 5 / 4);
  }
  begun(refresh, now);
  refresh.answered(map_of({7}));
  refresh.want(reason::moved, now);
  EXPECT_LE(*refresh.due() - now, 1250ms) << "an answer ends the growth";
}

TEST(map_refresh, AsksTheNodesOfTheMapAndThenTheSeeds) {
  std::set<std::uint16_t> first;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    map_refresh refresh{{seed_at(1), seed_at(2)}, {}, seed};
    steady_time now = start;
    refresh.want(reason::start, now);
    begun(refresh, now);
    slot_map map = map_of({7, 8});
    map.add_replica(node_at(9));
    refresh.answered(map);
    refresh.want(reason::moved, now);
    std::vector<base::host_port> asked;
    for (int i = 0; i < 5; ++i) {
      asked.push_back(begun(refresh, now));
      refresh.failed(now);
    }
    first.insert(asked[0].port);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(asked[i].host, i < 3 ? "10.0.0.1" : "seed") << i;
    EXPECT_GT(*refresh.due(), now);
  }
  EXPECT_EQ(first, (std::set<std::uint16_t>{7, 8, 9})) << "not always the same one";
}

TEST(map_refresh, NodesThatAreAwayAreAskedLast) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    map_refresh refresh{{seed_at(1)}, {}, seed};
    steady_time now = start;
    refresh.want(reason::start, now);
    begun(refresh, now);
    refresh.answered(map_of({7, 8}));
    refresh.want(reason::node_away, now);
    const std::vector<base::host_port> away{node_at(7)};
    EXPECT_EQ(begun(refresh, now, away), node_at(8));
    refresh.failed(now);
    EXPECT_EQ(begun(refresh, now, away), seed_at(1));
    refresh.failed(now);
    EXPECT_EQ(begun(refresh, now, away), node_at(7));
  }
}

TEST(map_refresh, AsksABoundedNumberOfNodesAndAlwaysSeeds) {
  map_refresh refresh{{seed_at(1), seed_at(2)}, {}, 11};
  steady_time now = start;
  refresh.want(reason::start, now);
  begun(refresh, now);
  std::vector<std::uint16_t> ports;
  for (std::uint16_t port = 1000; port < 1500; ++port) ports.push_back(port);
  refresh.answered(map_of(ports));
  refresh.want(reason::moved, now);
  std::size_t asked = 0;
  std::size_t seeds = 0;
  now = *refresh.due();
  while (const auto node = refresh.begin(now)) {
    ++asked;
    if (node->host == "seed") ++seeds;
    refresh.failed(now);
  }
  EXPECT_LE(asked, map_refresh::asked_max);
  EXPECT_EQ(seeds, 2U);
}

}  // namespace
}  // namespace drover::cluster::map_refresh_test
