// SPDX-License-Identifier: MIT
#include "connection/reply_watch.hpp"

#include <gtest/gtest.h>

#include "connection/moments.hpp"

namespace drover::connection::reply_watch_test {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start{1000s};
constexpr std::size_t kib = 1024;

TEST(reply_watch, IsSilentWhenNoByteOfAReplyCameForSoLong) {
  reply_watch watch{500ms};
  watch.begin(start, 0);
  EXPECT_FALSE(watch.is_silent(start + 499ms));
  EXPECT_TRUE(watch.is_silent(start + 500ms));
  watch.came(1, start + 400ms);
  EXPECT_FALSE(watch.is_silent(start + 899ms));
  EXPECT_EQ(watch.silent_at(), start + 900ms);
}

TEST(reply_watch, AByteNowAndThenDoesNotKeepAReplyYoung) {
  reply_watch watch{500ms};
  watch.begin(start, 0);
  steady_time now = start;
  while (!watch.is_too_old(now)) {
    now += 300ms;
    ASSERT_LE(now, start + 3s);
    watch.came(1, now);
    ASSERT_FALSE(watch.is_silent(now));
  }
  EXPECT_GE(now, start + 2s);
}

TEST(reply_watch, ALargeReplyMayTakeAsLongAsItMovesAtADecentRate) {
  reply_watch watch{500ms};
  watch.begin(start, 0);
  for (int i = 1; i <= 1000; ++i) {
    const auto now = start + i * 100ms;
    watch.came(10 * kib, now);  // 100 KiB in a second
    ASSERT_FALSE(watch.is_too_old(now)) << i;
  }
}

TEST(reply_watch, ALongQueueOfRepliesIsNeverTooOldWhileEachIsFast) {
  reply_watch watch{500ms};
  watch.begin(start, 0);
  for (int i = 1; i <= 1000; ++i) {
    const auto now = start + i * 400ms;
    watch.ended(now, 0);
    ASSERT_FALSE(watch.is_too_old(now)) << i;
  }
}

TEST(reply_watch, TheTimeToWriteWhatGoesBeforeIsNotTheReplys) {
  reply_watch watch{500ms};
  watch.begin(start, 1000 * kib);
  for (int i = 1; i <= 100; ++i) {
    const auto now = start + i * 100ms;
    watch.wrote(10 * kib, true, now);
    ASSERT_FALSE(watch.is_silent(now)) << i;
    ASSERT_FALSE(watch.is_too_old(now)) << i;
  }
}

TEST(reply_watch, WhatIsWrittenBehindItDoesNotKeepAReplyYoung) {
  reply_watch watch{500ms};
  watch.begin(start, 1 * kib);
  steady_time now = start;
  while (!watch.is_too_old(now)) {
    now += 100ms;
    ASSERT_LE(now, start + 3s);
    watch.wrote(100 * kib, true, now);
  }
}

TEST(reply_watch, ATimeInWhichNobodyLookedIsOneSilenceAtMost) {
  reply_watch watch{500ms};
  watch.begin(start, 0);
  EXPECT_FALSE(watch.is_too_old(start + 1h));
  watch.came(1, start + 1h);
  EXPECT_FALSE(watch.is_too_old(start + 1h + 400ms));
}

TEST(reply_watch, ForEverIsNeverOver) {
  reply_watch watch{milliseconds::max()};
  watch.begin(start, 0);
  EXPECT_EQ(watch.silent_at(), steady_time::max());
  for (int i = 1; i < 100; ++i) EXPECT_FALSE(watch.is_too_old(start + i * 24h));
}

TEST(moments, EndAtTheLargestInsteadOfOverflowing) {
  EXPECT_EQ(in_microseconds(milliseconds::max()), microseconds::max());
  EXPECT_EQ(in_microseconds(milliseconds::min()), microseconds::min());
  EXPECT_EQ(after(start, milliseconds::max()), steady_time::max());
  EXPECT_EQ(after(steady_time::min(), -1us), steady_time::min());
  EXPECT_EQ(between(steady_time::min(), steady_time::max()), microseconds::max());
  EXPECT_EQ(between(steady_time::max(), steady_time::min()), microseconds::min());
  EXPECT_EQ(between(start, start + 5us), 5us);
  EXPECT_EQ(times(microseconds::max(), 2), microseconds::max());
  EXPECT_EQ(times(-1us, 2), -2us);
}

}  // namespace
}  // namespace drover::connection::reply_watch_test
