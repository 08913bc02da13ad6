// SPDX-License-Identifier: MIT
#include "connection/stream.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.hpp"
#include "connection/stream_world_for_test.hpp"

namespace drover::connection::stream_test {
namespace {

struct place : slot {
  explicit place(std::size_t count, bool waits = true) : storage(count) {
    replies = storage;
    blocks = waits;
  }
  std::vector<resp::message> storage;
};

TEST(stream, ReplyIGoesToRequestIInEveryInterleaving) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    base::seeded_random random{seed};
    const auto choose = [&](std::size_t below) -> std::size_t {
      return below == 0 ? 0 : random.next() % below;
    };
    ASSERT_EQ(stream_world{}.run(60, choose), "") << "seed " << seed;
  }
}

TEST(stream, EverySlicingOfSeveralRepliesGivesTheSame) {
  const std::string bytes = "$1\r\na\r\n>2\r\n$1\r\np\r\n_\r\n+b\r\n-c\r\n";
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    for (std::size_t second = first; second <= bytes.size(); ++second) {
      stream traffic{stream_limits{}};
      place one{1};
      place two{2};
      ASSERT_TRUE(traffic.append("x", one));
      ASSERT_TRUE(traffic.append("y", two));
      arrivals came;
      const std::string_view all = bytes;
      for (const auto part :
           {all.substr(0, first), all.substr(first, second - first), all.substr(second)}) {
        ASSERT_TRUE(traffic.take_in(part, came));
      }
      ASSERT_EQ(came.ended_count, 2U);
      ASSERT_EQ(came.pushes.size(), 1U);
      EXPECT_EQ(came.pushes[0].after, 1U);
      EXPECT_EQ(one.storage[0].root().text(), "a");
      EXPECT_EQ(two.storage[0].root().text(), "b");
      EXPECT_EQ(two.storage[1].root().text(), "c");
    }
  }
}

TEST(stream, AReplyToNoRequestBreaksIt) {
  stream traffic{stream_limits{}};
  arrivals came;
  EXPECT_FALSE(traffic.take_in("+OK\r\n", came));
  EXPECT_TRUE(traffic.is_broken());
  EXPECT_FALSE(traffic.take_in("+OK\r\n", came));
}

TEST(stream, WhatCameBeforeTheBreakIsDelivered) {
  stream traffic{stream_limits{}};
  place one{1};
  ASSERT_TRUE(traffic.append("x", one));
  arrivals came;
  EXPECT_FALSE(traffic.take_in("+mine\r\n?garbage", came));
  EXPECT_EQ(came.ended_count, 1U);
  EXPECT_EQ(one.storage[0].root().text(), "mine");
}

TEST(stream, ASlotMayBeUsedAgain) {
  place one{2};
  for (int i = 0; i < 3; ++i) {
    stream traffic{stream_limits{}};
    one.at = slot::stage::apart;
    ASSERT_TRUE(traffic.append("x", one));
    EXPECT_EQ(traffic.due(), 2U);
    arrivals came;
    ASSERT_TRUE(traffic.take_in("+a\r\n+b\r\n", came));
    EXPECT_EQ(came.ended_count, 1U);
    came.ended.pop_front();
  }
}

TEST(stream, ASubscriptionIsAnsweredByItsPushOrByAnError) {
  stream traffic{stream_limits{}};
  place subscribe{0, false};
  place after{1};
  ASSERT_TRUE(traffic.append("SUBSCRIBE", subscribe));
  ASSERT_TRUE(traffic.append("GET", after));
  arrivals came;
  ASSERT_TRUE(traffic.take_in(">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n+mine\r\n", came));
  EXPECT_EQ(came.ended_count, 2U);
  EXPECT_EQ(after.storage[0].root().text(), "mine");
  while (came.ended.pop_front() != nullptr) {
  }
  place refused{0, false};
  place next{1};
  ASSERT_TRUE(traffic.append("SUBSCRIBE", refused));
  ASSERT_TRUE(traffic.append("GET", next));
  arrivals later;
  ASSERT_TRUE(traffic.take_in("-NOPERM no\r\n+mine too\r\n", later));
  EXPECT_EQ(later.ended_count, 2U);
  EXPECT_EQ(next.storage[0].root().text(), "mine too");
}

TEST(stream, AReplyThatIsTooLongCostsItsRequestAndNobodyElse) {
  stream traffic{stream_limits{.reply_max = 10}};
  place before{1};
  place large{2};
  place after{1};
  ASSERT_TRUE(traffic.append("x", before));
  ASSERT_TRUE(traffic.append("y", large));
  ASSERT_TRUE(traffic.append("z", after));
  arrivals came;
  const std::string bytes = "+b\r\n$11\r\n01234567890\r\n+l\r\n+a\r\n";
  for (const char byte : bytes) ASSERT_TRUE(traffic.take_in({&byte, 1}, came));
  EXPECT_EQ(came.ended_count, 3U);
  EXPECT_EQ(before.storage[0].root().text(), "b");
  EXPECT_FALSE(before.too_long);
  EXPECT_TRUE(large.too_long);
  EXPECT_TRUE(large.storage[0].empty());
  EXPECT_EQ(after.storage[0].root().text(), "a");
  EXPECT_FALSE(after.too_long);
}

TEST(stream, AReplyToNoRequestIsADoubtHoweverLongItIs) {
  stream traffic{stream_limits{.reply_max = 10}};
  arrivals came;
  EXPECT_FALSE(traffic.take_in("$11\r\n01234567890\r\n", came));
}

TEST(stream, CountsTheBytesOfRepliesButNotThoseOfPushes) {
  stream traffic{stream_limits{}};
  place one{1};
  ASSERT_TRUE(traffic.append("x", one));
  const std::string push = ">2\r\n$1\r\np\r\n_\r\n";
  arrivals came;
  ASSERT_TRUE(traffic.take_in(push, came));
  EXPECT_EQ(came.reply_bytes, 0U);
  ASSERT_TRUE(traffic.take_in("$3\r\na", came));
  EXPECT_EQ(came.reply_bytes, 5U);
  ASSERT_TRUE(traffic.take_in("bc\r\n" + push, came));
  EXPECT_EQ(came.reply_bytes, 9U);
}

TEST(stream, BoundsRefuseAndChangeNothing) {
  stream traffic{stream_limits{.queued_bytes_max = 10, .slots_max = 3}};
  place one{2};
  place two{2};
  place three{1};
  ASSERT_TRUE(traffic.append("12345", one));
  EXPECT_EQ(traffic.append("1", two).error().code, fault_code::overloaded);
  EXPECT_EQ(traffic.append("123456", three).error().code, fault_code::overloaded);
  ASSERT_TRUE(traffic.append("12345", three));
  std::string out;
  traffic.take_output(out);
  EXPECT_EQ(out, "1234512345");
  place four{1};
  EXPECT_FALSE(traffic.append("1", four));  // taken for output, but not yet written
  traffic.wrote(10);
  arrivals came;
  ASSERT_TRUE(traffic.take_in("+a\r\n+b\r\n+c\r\n", came));
  EXPECT_EQ(came.ended_count, 2U);
  EXPECT_TRUE(traffic.append("1", four));
}

}  // namespace
}  // namespace drover::connection::stream_test
