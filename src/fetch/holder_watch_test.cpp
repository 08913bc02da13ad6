// SPDX-License-Identifier: MIT
#include "fetch/holder_watch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/random.hpp"

namespace drover::fetch::holder_watch_test {
namespace {

using std::chrono::seconds;
using clients = std::vector<holder_watch::client_id>;
using flights = std::vector<holder_watch::flight_id>;

constexpr steady_time start{seconds{1000}};
constexpr holder_watch::client_id self = 99;

steady_time at_ms(int ms) { return start + milliseconds{ms}; }

entry::token token(char name) {
  entry::token out;
  out.bytes.fill(name);
  return out;
}

/// Asks, and answers that only the clients `alive` are connected.
flights look(holder_watch& by, const clients& alive, steady_time now) {
  static_cast<void>(by.arm(now));
  const clients queried = by.ask(self);
  return by.answered(queried, alive, now);
}

TEST(holder_watch, AsksEveryTwentyMillisecondsWhileAnybodyWaits) {
  holder_watch holders;
  EXPECT_EQ(holders.arm(start), std::nullopt);
  holders.watch(1, 7, token('a'));
  EXPECT_EQ(holders.arm(start), at_ms(20));
  EXPECT_EQ(holders.arm(at_ms(5)), std::nullopt) << "that time is still to come";
  const clients queried = holders.ask(self);
  EXPECT_EQ(queried, clients{7});
  EXPECT_EQ(holders.arm(at_ms(21)), std::nullopt) << "the answer is awaited";
  EXPECT_TRUE(holders.answered(queried, queried, at_ms(25)).empty());
  EXPECT_EQ(holders.arm(at_ms(25)), at_ms(45));
  holders.unwatch(1);
  EXPECT_TRUE(holders.ask(self).empty());
  EXPECT_EQ(holders.arm(at_ms(50)), std::nullopt);
}

TEST(holder_watch, AsksOnceForEachClientAndNeverForNobodyOrItself) {
  holder_watch holders;
  holders.watch(1, 9, token('a'));
  holders.watch(2, 7, token('b'));
  holders.watch(3, 9, token('c'));
  holders.watch(4, self, token('d'));
  holders.watch(5, 0, token('e'));
  EXPECT_EQ(holders.ask(self), (clients{7, 9}));
  holders.watch(1, 0, token('a'));
  holders.unwatch(3);
  EXPECT_EQ(holders.ask(self), clients{7});
}

TEST(holder_watch, AHolderIsGoneThatIsMissingFromTwoAnswersSomeTimeApart) {
  holder_watch holders;
  holders.watch(1, 7, token('a'));
  holders.watch(2, 8, token('b'));
  EXPECT_EQ(look(holders, {8}, at_ms(0)), flights{});
  EXPECT_EQ(look(holders, {8}, at_ms(14)), flights{});
  EXPECT_EQ(look(holders, {8}, at_ms(15)), flights{1});
  EXPECT_EQ(look(holders, {8}, at_ms(16)), flights{}) << "twice again";
  EXPECT_EQ(look(holders, {8}, at_ms(31)), flights{1});
}

TEST(holder_watch, AHolderThatIsSeenAgainIsNotGone) {
  holder_watch holders;
  holders.watch(1, 7, token('a'));
  EXPECT_EQ(look(holders, {}, at_ms(0)), flights{});
  EXPECT_EQ(look(holders, {7}, at_ms(20)), flights{});
  EXPECT_EQ(look(holders, {}, at_ms(40)), flights{});
  EXPECT_EQ(look(holders, {}, at_ms(60)), flights{1});
}

TEST(holder_watch, AnotherTokenOrClientBeginsAnew) {
  for (const bool other_client : {true, false}) {
    holder_watch holders;
    holders.watch(1, 7, token('a'));
    EXPECT_EQ(look(holders, {}, at_ms(0)), flights{});
    holders.watch(1, other_client ? 8 : 7, token(other_client ? 'a' : 'b'));
    EXPECT_EQ(look(holders, {}, at_ms(20)), flights{});
    holders.watch(1, other_client ? 8 : 7, token(other_client ? 'a' : 'b'));
    EXPECT_EQ(look(holders, {}, at_ms(40)), flights{1}) << "the same again changes nothing";
  }
}

TEST(holder_watch, AnAnswerSaysNothingOfAHolderThatWasNotAskedFor) {
  holder_watch holders;
  holders.watch(1, 7, token('a'));
  EXPECT_EQ(look(holders, {}, at_ms(0)), flights{});
  const clients queried = holders.ask(self);
  holders.watch(2, 8, token('b'));
  EXPECT_EQ(holders.answered(queried, {}, at_ms(20)), flights{1});
  EXPECT_EQ(look(holders, {}, at_ms(40)), flights{});
}

TEST(holder_watch, AsksAgainWhenAnAnswerWasLost) {
  holder_watch holders;
  holders.watch(1, 7, token('a'));
  static_cast<void>(holders.arm(at_ms(0)));
  EXPECT_EQ(holders.ask(self), clients{7});
  holders.unanswered();
  EXPECT_EQ(holders.arm(at_ms(50)), at_ms(70));
}

TEST(holder_watch, IsOffOnAConnectionThatMayNotAsk) {
  holder_watch holders;
  holders.watch(1, 7, token('a'));
  static_cast<void>(holders.arm(at_ms(0)));
  EXPECT_EQ(holders.ask(self), clients{7});
  EXPECT_TRUE(holders.refused());
  EXPECT_FALSE(holders.refused()) << "said once";
  EXPECT_EQ(holders.arm(at_ms(20)), std::nullopt);
  holders.connection_up();
  EXPECT_EQ(holders.arm(at_ms(40)), at_ms(60));
  EXPECT_TRUE(holders.refused()) << "and once on each connection";
}

TEST(holder_watch, ForgetsWhatWasMissingOnAFormerConnection) {
  holder_watch holders;
  holders.watch(1, 7, token('a'));
  EXPECT_EQ(look(holders, {}, at_ms(0)), flights{});
  holders.connection_up();
  EXPECT_EQ(look(holders, {}, at_ms(20)), flights{});
  EXPECT_EQ(look(holders, {}, at_ms(40)), flights{1});
}

// A model: for each flight all answers about its holder since it was last reported or changed.
struct plain_watch {
  struct answer {
    steady_time when;
    bool is_there;
  };
  struct flight {
    holder_watch::client_id client;
    entry::token held;
    std::vector<answer> answers{};
  };
  std::map<holder_watch::flight_id, flight> all{};

  flights answered(const clients& queried, const clients& alive, steady_time now) {
    flights gone;
    for (auto& [id, watched] : all) {
      if (std::find(queried.begin(), queried.end(), watched.client) == queried.end()) continue;
      const bool is_there = std::find(alive.begin(), alive.end(), watched.client) != alive.end();
      watched.answers.push_back({now, is_there});
      bool is_gone = false;
      for (auto at = watched.answers.rbegin(); at != watched.answers.rend() && !at->is_there;
           ++at) {
        is_gone = is_gone || now - at->when >= milliseconds{15};
      }
      if (!is_gone) continue;
      watched.answers.clear();
      gone.push_back(id);
    }
    return gone;
  }
};

TEST(holder_watch, DoesWhatThePlainOneDoesForAllCommands) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    base::seeded_random draws{seed};
    holder_watch holders;
    plain_watch plain;
    std::optional<clients> queried;
    steady_time now = start;
    for (int i = 0; i < 200; ++i) {
      now += milliseconds{draws.next() % 10};
      const holder_watch::flight_id id = draws.next() % 6;
      const auto kind = draws.next() % 16;
      if (kind < 2) {
        const holder_watch::client_id client = draws.next() % 4;
        const entry::token held = token(static_cast<char>('a' + draws.next() % 2));
        holders.watch(id, client, held);
        const auto at = plain.all.find(id);
        if (at != plain.all.end() && at->second.client == client && at->second.held == held)
          continue;
        plain.all.erase(id);
        if (client != 0) plain.all.emplace(id, plain_watch::flight{client, held});
      } else if (kind < 3) {
        holders.unwatch(id);
        plain.all.erase(id);
      } else if (kind < 9) {
        std::set<holder_watch::client_id> expected;
        for (const auto& [flight, watched] : plain.all) expected.insert(watched.client);
        expected.erase(3);  // the connection of this process
        queried = clients(expected.begin(), expected.end());
        ASSERT_EQ(holders.ask(3), *queried);
        ASSERT_EQ(holders.arm(now).has_value(), queried->empty() && !plain.all.empty());
      } else if (kind < 15) {
        if (!queried) continue;
        clients alive;
        for (const auto client : *queried) {
          if (draws.next() % 3 == 0) alive.push_back(client);
        }
        flights gone = holders.answered(*queried, alive, now);
        std::sort(gone.begin(), gone.end());
        ASSERT_EQ(gone, plain.answered(*queried, alive, now)) << "seed " << seed;
        queried.reset();
      } else if (draws.next() % 4 == 0) {
        holders.connection_up();
        for (auto& [flight, watched] : plain.all) watched.answers.clear();
      }
      ASSERT_EQ(holders.size(), plain.all.size());
    }
  }
}

}  // namespace
}  // namespace drover::fetch::holder_watch_test
