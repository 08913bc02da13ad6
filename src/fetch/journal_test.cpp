// SPDX-License-Identifier: MIT
#include "fetch/journal.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace drover::fetch {
namespace {

using std::chrono::seconds;

constexpr steady_time start{seconds{1000}};

std::string names(const std::vector<invalidation_journal::due>& many) {
  std::string out;
  for (const auto& one : many) {
    for (const std::string& key : one.keys) out += key;
  }
  return out;
}

TEST(journal, RepeatsWhatIsNotAcknowledgedAfterEveryReconnect) {
  invalidation_journal kept{10};
  const auto first = kept.add({"a"}, false, start);
  static_cast<void>(kept.add({"b"}, true, start));
  EXPECT_EQ(names(kept.replay(false, start)), "a");
  EXPECT_EQ(names(kept.replay(false, start + seconds{3600})), "a") << "however old";
  kept.acknowledged(first, start + seconds{3600});
  EXPECT_EQ(names(kept.replay(false, start + seconds{3600})), "");
}

TEST(journal, RepeatsTheLastMinuteToAnotherServer) {
  invalidation_journal kept{10};
  static_cast<void>(kept.add({"a"}, true, start));
  static_cast<void>(kept.add({"b", "c"}, true, start + seconds{30}));
  static_cast<void>(kept.add({"d"}, false, start + seconds{31}));
  EXPECT_EQ(names(kept.replay(true, start + seconds{59})), "abcd");
  invalidation_journal later{10};
  static_cast<void>(later.add({"a"}, true, start));
  static_cast<void>(later.add({"b"}, true, start + seconds{30}));
  EXPECT_EQ(names(later.replay(true, start + seconds{60})), "b");
  EXPECT_EQ(later.size(), 1U);
}

TEST(journal, CountsTheMinuteFromTheAcknowledgement) {
  invalidation_journal kept{10};
  const auto which = kept.add({"a"}, false, start);
  kept.acknowledged(which, start + seconds{100});
  EXPECT_EQ(names(kept.replay(true, start + seconds{159})), "a");
}

TEST(journal, SendsNoOldOnesThatStandBehindAnUnacknowledged) {
  invalidation_journal kept{10};
  static_cast<void>(kept.add({"a"}, false, start));
  static_cast<void>(kept.add({"b"}, true, start));
  EXPECT_EQ(names(kept.replay(true, start + seconds{61})), "a");
}

TEST(journal, RepeatsToAnotherServerUntilThatOneAcknowledges) {
  invalidation_journal kept{10};
  static_cast<void>(kept.add({"a"}, true, start));
  const auto again = kept.replay(true, start + seconds{10});
  ASSERT_EQ(names(again), "a");
  // The connection is lost before the answer; the next one is to the same new server.
  EXPECT_EQ(names(kept.replay(false, start + seconds{100})), "a");
  kept.acknowledged(again.front().which, start + seconds{101});
  EXPECT_EQ(names(kept.replay(false, start + seconds{102})), "");
}

TEST(journal, ForgetsAcknowledgedOnesFirstWhenItIsFull) {
  invalidation_journal kept{3};
  static_cast<void>(kept.add({"a"}, false, start));
  static_cast<void>(kept.add({"b"}, true, start));
  static_cast<void>(kept.add({"c"}, true, start));
  static_cast<void>(kept.add({"d"}, false, start));
  EXPECT_EQ(kept.size(), 3U);
  EXPECT_EQ(names(kept.replay(true, start)), "acd");
  static_cast<void>(kept.add({"e"}, false, start));
  static_cast<void>(kept.add({"f"}, false, start));
  EXPECT_EQ(kept.size(), 3U);
  EXPECT_EQ(names(kept.replay(false, start)), "def") << "then the oldest";
}

TEST(journal, IgnoresAnAcknowledgementOfWhatItForgot) {
  invalidation_journal kept{1};
  const auto first = kept.add({"a"}, false, start);
  const auto second = kept.add({"b"}, false, start);
  EXPECT_NE(first, second);
  kept.acknowledged(first, start);
  EXPECT_EQ(names(kept.replay(false, start)), "b");
}

}  // namespace
}  // namespace drover::fetch
