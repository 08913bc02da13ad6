// SPDX-License-Identifier: MIT
#include "fetch/invalidation_journal.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace drover::fetch::invalidation_journal_test {
namespace {

using std::chrono::seconds;
using number = invalidation_journal::number;
using keys = std::vector<std::string>;

constexpr steady_time start{seconds{1000}};
constexpr double middle = 0.5;  // a pause without its spread

/// Adds an invalidation of a value key and its refresh mark.
number add(invalidation_journal& to, const std::string& value_key, steady_time now = start) {
  return to.add({value_key, "mark of " + value_key}, {value_key}, now);
}

std::string names(const std::vector<invalidation_journal::sending>& many) {
  std::string out;
  for (const auto& repeat : many) out += repeat.keys->front();
  return out;
}

TEST(invalidation_journal, IsNotPendingWhileTheFirstAnswerIsAwaited) {
  invalidation_journal kept{10};
  const number a = add(kept, "a");
  EXPECT_FALSE(kept.is_pending("a"));
  EXPECT_EQ(kept.next_due(), std::nullopt);
  kept.acknowledged(a, start);
  EXPECT_FALSE(kept.is_pending("a"));
  EXPECT_EQ(kept.size(), 1U) << "another server may have to be sent it";
}

TEST(invalidation_journal, IsPendingFromAnErrorUntilAServerAcknowledges) {
  invalidation_journal kept{10};
  const number a = add(kept, "a");
  EXPECT_EQ(kept.failed(a, start, middle), start + milliseconds{50});
  EXPECT_TRUE(kept.is_pending("a"));
  EXPECT_FALSE(kept.is_pending("mark of a"));
  EXPECT_EQ(kept.pending_count(), 1U);
  const auto again = kept.due(start + milliseconds{50});
  ASSERT_EQ(names(again), "a");
  EXPECT_EQ(*again.front().keys, (keys{"a", "mark of a"}));
  EXPECT_TRUE(kept.is_pending("a")) << "sent again, and not acknowledged";
  kept.acknowledged(again.front().id, start);
  EXPECT_FALSE(kept.is_pending("a"));
  EXPECT_EQ(kept.pending_count(), 0U);
}

TEST(invalidation_journal, DoublesThePauseUpToASecond) {
  invalidation_journal kept{10};
  number a = add(kept, "a");
  for (const int pause : {50, 100, 200, 400, 800, 1000, 1000, 1000}) {
    EXPECT_EQ(kept.failed(a, start, middle), start + milliseconds{pause});
    EXPECT_TRUE(kept.due(start + milliseconds{pause} - microseconds{1}).empty());
    a = kept.due(start + milliseconds{pause}).front().id;
  }
}

TEST(invalidation_journal, SpreadsThePause) {
  invalidation_journal kept{10};
  EXPECT_EQ(kept.failed(add(kept, "a"), start, 0.0), start + milliseconds{40});
  EXPECT_EQ(kept.failed(add(kept, "b"), start, 1.0), start + milliseconds{60});
  EXPECT_EQ(kept.next_due(), start + milliseconds{40});
  EXPECT_EQ(names(kept.due(start + seconds{1})), "ab");
}

TEST(invalidation_journal, IsNotDueAgainBeforeItsAnswer) {
  invalidation_journal kept{10};
  static_cast<void>(kept.failed(add(kept, "a"), start, middle));
  EXPECT_EQ(names(kept.due(start + seconds{1})), "a");
  EXPECT_EQ(names(kept.due(start + seconds{3600})), "");
  EXPECT_EQ(kept.next_due(), std::nullopt);
}

TEST(invalidation_journal, SendsAllThatIsUnacknowledgedOnANewConnection) {
  invalidation_journal kept{10};
  static_cast<void>(add(kept, "a"));
  static_cast<void>(kept.failed(add(kept, "b"), start, middle));
  kept.acknowledged(add(kept, "c"), start);
  EXPECT_EQ(names(kept.connection_up(invalidation_journal::server::same, start + seconds{3600})),
            "ab")
      << "however old";
  EXPECT_TRUE(kept.is_pending("a")) << "its answer was lost";
  EXPECT_EQ(names(kept.connection_up(invalidation_journal::server::same, start + seconds{3600})),
            "ab");
}

TEST(invalidation_journal, SendsAgainToAnUnknownServerForAMinuteFromTheFirstAnswerOn) {
  invalidation_journal kept{10};
  using server = invalidation_journal::server;
  kept.acknowledged(add(kept, "a", start), start);
  for (const int after : {30, 59}) {
    const auto again = kept.connection_up(server::unknown, start + seconds{after});
    EXPECT_EQ(names(again), "a") << after;
    EXPECT_TRUE(kept.is_pending("a"));
    kept.acknowledged(again.front().id, start + seconds{after});
    EXPECT_FALSE(kept.is_pending("a"));
  }
  EXPECT_EQ(names(kept.connection_up(server::unknown, start + seconds{60})), "");
  EXPECT_EQ(kept.size(), 0U);
}

TEST(invalidation_journal, BeginsTheMinuteAgainForAnotherServer) {
  invalidation_journal kept{10};
  using server = invalidation_journal::server;
  kept.acknowledged(add(kept, "a", start), start);
  const auto again = kept.connection_up(server::another, start + seconds{59});
  kept.acknowledged(again.front().id, start + seconds{59});
  EXPECT_EQ(names(kept.connection_up(server::another, start + seconds{118})), "a");
}

TEST(invalidation_journal, SendsAlsoTheLastMinuteToAnotherServer) {
  invalidation_journal kept{10};
  kept.acknowledged(add(kept, "a"), start);
  kept.acknowledged(add(kept, "b"), start + seconds{1});
  const auto again = kept.connection_up(invalidation_journal::server::another, start + seconds{60});
  EXPECT_EQ(names(again), "b");
  EXPECT_TRUE(kept.is_pending("b")) << "this server may never have seen it";
  EXPECT_EQ(names(kept.connection_up(invalidation_journal::server::same, start + seconds{3600})),
            "b");
  EXPECT_EQ(kept.size(), 1U) << "the older one is forgotten";
}

TEST(invalidation_journal, KeysThatAreAboutToMoveMayNotBeReadUntilTheyAreSentAgain) {
  invalidation_journal kept{10};
  kept.acknowledged(add(kept, "a"), start);
  kept.acknowledged(add(kept, "b"), start);
  kept.acknowledged(add(kept, "c"), start - seconds{3600});
  const auto is_moving = [](const std::vector<std::string>& keys) { return keys.front() != "b"; };
  kept.mark_pending(start, is_moving);
  EXPECT_TRUE(kept.is_pending("a"));
  EXPECT_FALSE(kept.is_pending("b"));
  EXPECT_FALSE(kept.is_pending("c")) << "it was forgotten";
  const auto again = kept.connection_up(invalidation_journal::server::another, start, is_moving);
  EXPECT_EQ(names(again), "a");
  EXPECT_TRUE(kept.is_pending("a"));
  kept.acknowledged(again.front().id, start);
  EXPECT_FALSE(kept.is_pending("a"));
  EXPECT_EQ(kept.pending_count(), 0U);
}

TEST(invalidation_journal, IgnoresAnswersToAnEarlierSending) {
  invalidation_journal kept{10};
  const number first = add(kept, "a");
  const auto again = kept.connection_up(invalidation_journal::server::another, start);
  kept.acknowledged(first, start);  // by the former server
  EXPECT_TRUE(kept.is_pending("a"));
  EXPECT_EQ(kept.failed(first, start, middle), std::nullopt);
  EXPECT_EQ(kept.next_due(), std::nullopt) << "the other sending has no answer yet";
  kept.acknowledged(again.front().id, start);
  EXPECT_FALSE(kept.is_pending("a"));
}

TEST(invalidation_journal, SaysWhenOneIsNotKept) {
  invalidation_journal kept{2};
  const number a = add(kept, "a");
  static_cast<void>(kept.failed(add(kept, "b"), start, middle));
  const number c = add(kept, "c");
  EXPECT_EQ(c, invalidation_journal::not_kept);
  EXPECT_EQ(kept.failed(c, start, middle), std::nullopt);
  EXPECT_FALSE(kept.is_pending("c"));
  kept.acknowledged(a, start);
  EXPECT_NE(add(kept, "d"), invalidation_journal::not_kept) << "instead of the acknowledged one";
  EXPECT_EQ(kept.size(), 2U);
  EXPECT_EQ(names(kept.connection_up(invalidation_journal::server::another, start)), "db");
  invalidation_journal none{0};
  EXPECT_EQ(add(none, "a"), invalidation_journal::not_kept);
}

TEST(invalidation_journal, ALeaseAskedForAfterwardsSettlesItsKeyOnly) {
  invalidation_journal kept{10};
  const std::uint64_t before = kept.stamp();
  const number id = kept.add({"a", "b"}, {"a", "b"}, start);
  static_cast<void>(kept.failed(id, start, middle));
  kept.settle("a", before);
  EXPECT_TRUE(kept.is_pending("a")) << "that lease was asked for before";
  kept.settle("a", kept.stamp());
  EXPECT_FALSE(kept.is_pending("a"));
  EXPECT_TRUE(kept.is_pending("b"));
  const auto again = kept.due(start + seconds{1});
  EXPECT_EQ(*again.front().keys, (keys{"a", "b"})) << "it goes on being sent";
  static_cast<void>(kept.failed(again.front().id, start + seconds{1}, middle));
  EXPECT_FALSE(kept.is_pending("a")) << "that is no new invalidation";
  static_cast<void>(kept.connection_up(invalidation_journal::server::another, start + seconds{1}));
  EXPECT_TRUE(kept.is_pending("a")) << "the other server may not have the lease";
}

TEST(invalidation_journal, ANewInvalidationOfASettledKeyIsPendingAgain) {
  invalidation_journal kept{10};
  const number first = add(kept, "a");
  static_cast<void>(kept.failed(first, start, middle));
  const std::uint64_t lease = kept.stamp();
  static_cast<void>(kept.failed(kept.add({"a"}, {"a"}, start), start, middle));
  EXPECT_EQ(kept.pending_count(), 2U);
  kept.settle("a", lease);
  EXPECT_TRUE(kept.is_pending("a"));
  EXPECT_EQ(kept.pending_count(), 1U);
  kept.settle("a", kept.stamp());
  EXPECT_FALSE(kept.is_pending("a"));
}

TEST(invalidation_journal, AKeyThatIsInvalidatedAgainTakesOnePlace) {
  invalidation_journal kept{2};
  for (int i = 0; i < 10; ++i) {
    const number id = add(kept, "a");
    ASSERT_NE(id, invalidation_journal::not_kept);
    static_cast<void>(kept.failed(id, start, middle));
    EXPECT_TRUE(kept.is_pending("a"));
    EXPECT_EQ(kept.pending_count(), 1U);
  }
  kept.acknowledged(kept.due(start + seconds{1}).front().id, start);
  for (int i = 0; i < 10; ++i) kept.acknowledged(add(kept, "a"), start + seconds{i});
  EXPECT_EQ(kept.size(), 1U);
  EXPECT_EQ(names(kept.connection_up(invalidation_journal::server::another, start + seconds{65})),
            "a")
      << "since the last one";
}

TEST(invalidation_journal, TwoThatAreSentAtOnceAreTwo) {
  invalidation_journal kept{10};
  const number first = add(kept, "a");
  const number second = add(kept, "a");
  static_cast<void>(kept.failed(second, start, middle));
  kept.acknowledged(first, start);
  EXPECT_TRUE(kept.is_pending("a")) << "the second may have come after more was written";
  EXPECT_EQ(names(kept.due(start + seconds{1})), "a");
}

TEST(invalidation_journal, OnesOfOtherKeysBesidesAreNotReplaced) {
  invalidation_journal kept{10};
  static_cast<void>(kept.failed(add(kept, "a"), start, middle));
  static_cast<void>(kept.add({"a", "b"}, {"a", "b"}, start));
  EXPECT_EQ(names(kept.connection_up(invalidation_journal::server::same, start)), "aa");
}

TEST(invalidation_journal, InvalidatingASettledKeyAgainIsPendingUntilItIsAcknowledged) {
  invalidation_journal kept{10};
  static_cast<void>(kept.failed(add(kept, "a"), start, middle));
  const std::uint64_t lease = kept.stamp();
  kept.settle("a", lease);
  const number again = add(kept, "a");
  EXPECT_EQ(kept.size(), 1U);
  kept.settle("a", lease);
  static_cast<void>(kept.failed(again, start, middle));
  EXPECT_TRUE(kept.is_pending("a"));
}

}  // namespace
}  // namespace drover::fetch::invalidation_journal_test
