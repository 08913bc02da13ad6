// SPDX-License-Identifier: MIT
#include "audit/proxy/miss_barrier.hpp"

#include <gtest/gtest.h>

namespace drover::audit::miss_barrier_test {
namespace {

using namespace std::chrono_literals;

event command(std::uint64_t connection, const char* name, reply_kind answer) {
  event out;
  out.connection = connection;
  out.command = name;
  field key;
  key.kind = field_kind::key;
  key.text = "user:1";
  out.arguments.push_back(key);
  out.answer.kind = answer;
  return out;
}
event miss(std::uint64_t connection) { return command(connection, "GET", reply_kind::null); }
event hit(std::uint64_t connection) { return command(connection, "GET", reply_kind::text); }
event store(std::uint64_t connection) { return command(connection, "SET", reply_kind::status); }

/// Loads the key once and lets this number of connections read it.
miss_barrier loaded(std::uint64_t readers) {
  miss_barrier out{{}};
  EXPECT_FALSE(out.holds(miss(1), 0s)) << "the key was not filled after a miss yet";
  EXPECT_FALSE(out.holds(store(1), 0s));
  for (std::uint64_t i = 1; i <= readers; ++i) EXPECT_FALSE(out.holds(hit(i), 0s));
  return out;
}

TEST(audit_miss_barrier, LetsAllWhoReadBeforeGoOnTogether) {
  auto subject = loaded(3);
  EXPECT_TRUE(subject.holds(miss(1), 1s));
  EXPECT_TRUE(subject.holds(miss(2), 1s + 10ms));
  EXPECT_TRUE(subject.openings(1s + 10ms).empty());
  EXPECT_EQ(subject.next_opening(), moment{1s + 100ms});
  EXPECT_TRUE(subject.holds(miss(3), 1s + 20ms));
  const auto openings = subject.openings(1s + 20ms);
  ASSERT_EQ(openings.size(), 1U);
  EXPECT_EQ(openings[0].key, "user:1");
  EXPECT_EQ(openings[0].from, moment{1s});
  EXPECT_EQ(openings[0].to, moment{1s + 20ms});
  EXPECT_EQ(openings[0].connections, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_FALSE(subject.next_opening());
}

TEST(audit_miss_barrier, WaitsForNobodyForLong) {
  auto subject = loaded(3);
  EXPECT_TRUE(subject.holds(miss(1), 1s));
  EXPECT_TRUE(subject.openings(1s + 99ms).empty());
  EXPECT_EQ(subject.openings(1s + 100ms).size(), 1U);
}

TEST(audit_miss_barrier, HoldsOnlyOnceForEachTimeThatItIsCold) {
  auto subject = loaded(2);
  EXPECT_TRUE(subject.holds(miss(1), 1s));
  EXPECT_TRUE(subject.holds(miss(2), 1s));
  EXPECT_EQ(subject.openings(1s).size(), 1U);
  EXPECT_FALSE(subject.holds(miss(1), 1s + 1ms)) << "the client reads again under its lock";
  EXPECT_FALSE(subject.holds(miss(5), 1s + 1ms));
  EXPECT_FALSE(subject.holds(store(1), 1s + 2ms));
  EXPECT_FALSE(subject.holds(hit(1), 1s + 3ms));
  EXPECT_FALSE(subject.holds(hit(2), 1s + 3ms));
  EXPECT_TRUE(subject.holds(miss(2), 2s)) << "the key is missing again";
}

TEST(audit_miss_barrier, HoldsNothingThatNoCacheHasLoaded) {
  miss_barrier subject{{}};
  for (std::uint64_t i = 1; i < 10; ++i) EXPECT_FALSE(subject.holds(miss(i), 0s));
  miss_barrier written{{}};
  EXPECT_FALSE(written.holds(store(1), 0s)) << "stored before any client read the key";
  EXPECT_FALSE(written.holds(hit(1), 0s));
  EXPECT_FALSE(written.holds(hit(2), 0s));
  EXPECT_FALSE(written.holds(miss(1), 1s));
}

TEST(audit_miss_barrier, HoldsNobodyWhoIsAlone) {
  auto subject = loaded(1);
  EXPECT_FALSE(subject.holds(miss(1), 1s));
}

TEST(audit_miss_barrier, OpensWhenSomebodyElseHasStored) {
  auto subject = loaded(3);
  EXPECT_TRUE(subject.holds(miss(1), 1s));
  EXPECT_FALSE(subject.holds(store(9), 1s + 1ms));
  EXPECT_EQ(subject.openings(1s + 1ms).size(), 1U);
}

TEST(audit_miss_barrier, ForgetsWhoHasGone) {
  auto subject = loaded(3);
  EXPECT_TRUE(subject.holds(miss(1), 1s));
  EXPECT_TRUE(subject.holds(miss(2), 1s));
  subject.forget(1);
  const auto openings = subject.openings(2s);
  ASSERT_EQ(openings.size(), 1U);
  EXPECT_EQ(openings[0].connections, std::vector<std::uint64_t>{2});
}

TEST(audit_miss_barrier, LeavesTransactionsAlone) {
  auto subject = loaded(2);
  auto queued = miss(1);
  queued.transaction = 1;
  EXPECT_FALSE(subject.holds(queued, 1s));
}

}  // namespace
}  // namespace drover::audit::miss_barrier_test
