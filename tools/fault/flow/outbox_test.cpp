// SPDX-License-Identifier: MIT
#include "fault/flow/outbox.hpp"

#include <gtest/gtest.h>

namespace drover::faults::outbox_test {
namespace {

using namespace std::chrono_literals;

TEST(fault_outbox, JoinsBytesWithoutADeliveryOfTheirOwn) {
  outbox out;
  EXPECT_EQ(out.next_at(), std::nullopt);
  out.append("a");
  out.append("b");
  EXPECT_EQ(out.next_at(), 0us);
  EXPECT_EQ(out.size(), 2U);
  EXPECT_EQ(out.take(0us), "ab");
  EXPECT_TRUE(out.is_empty());
  EXPECT_EQ(out.take(0us), "");
}

TEST(fault_outbox, HoldsAReplyAndWhatIsBehindIt) {
  outbox out;
  out.append("a");
  out.begin_reply({.not_before = 5ms});
  out.append("b");
  out.end_reply();
  out.append("c");
  EXPECT_EQ(out.take(4ms), "a");
  EXPECT_EQ(out.take(4ms), "");
  EXPECT_EQ(out.next_at(), 5ms);
  EXPECT_EQ(out.take(5ms), "b");
  EXPECT_EQ(out.take(5ms), "c");
}

TEST(fault_outbox, BytesOfAnUnfinishedReplyKeepItsDelivery) {
  outbox out;
  out.begin_reply({.not_before = 1ms, .slice_size = 2, .slice_pause = 3ms});
  out.append("abc");
  EXPECT_EQ(out.take(1ms), "ab");
  EXPECT_EQ(out.next_at(), 4ms);
  EXPECT_EQ(out.take(4ms), "c");
  EXPECT_EQ(out.next_at(), std::nullopt);
  out.append("de");
  EXPECT_EQ(out.next_at(), 7ms);
  EXPECT_EQ(out.take(6ms), "");
  EXPECT_EQ(out.take(7ms), "de");
  out.end_reply();
  out.append("f");
  EXPECT_EQ(out.take(7ms), "f");
}

TEST(fault_outbox, AReplyWithoutBytesHoldsNothing) {
  outbox out;
  out.begin_reply({.not_before = 1h});
  out.end_reply();
  out.append("a");
  EXPECT_EQ(out.take(0us), "a");
  EXPECT_TRUE(out.is_empty());
}

}  // namespace
}  // namespace drover::faults::outbox_test
