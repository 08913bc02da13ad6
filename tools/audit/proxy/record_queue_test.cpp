// SPDX-License-Identifier: MIT
#include "audit/proxy/record_queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.hpp"

namespace drover::audit {
namespace {

std::unique_ptr<record> numbered(std::uint64_t number, std::size_t text = 8) {
  event out;
  out.sequence = number;
  out.command = std::string(text, 'c');
  return std::make_unique<record>(std::move(out));
}

std::uint64_t number_of(const record& one) { return std::get<event>(one).sequence; }

std::vector<std::uint64_t> take_all(record_queue& from) {
  std::vector<std::uint64_t> out;
  from.take(1'000'000, [&](record& one) { out.push_back(number_of(one)); });
  return out;
}

TEST(audit_record_queue, KeepsTheOrderAndTakesNoMoreThanThereIsRoomFor) {
  record_queue subject{{.records_max = 4, .bytes_max = 1000}};
  std::uint64_t next = 0;
  std::uint64_t expected = 0;
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 4; ++i) {
      auto one = numbered(next++);
      ASSERT_TRUE(subject.give(one));
    }
    EXPECT_DOUBLE_EQ(subject.fill(), 1.0);
    auto beyond = numbered(99);
    EXPECT_FALSE(subject.give(beyond));
    EXPECT_EQ(number_of(*beyond), 99U) << "what found no room stays as it is";
    for (const auto number : take_all(subject)) EXPECT_EQ(number, expected++);
    EXPECT_DOUBLE_EQ(subject.fill(), 0.0);
  }
  EXPECT_EQ(expected, next);
}

TEST(audit_record_queue, CountsTheBytesOfWhatWaits) {
  record_queue subject{{.records_max = 100, .bytes_max = 1000}};
  auto large = numbered(1, 600);
  ASSERT_TRUE(subject.give(large));
  auto second = numbered(2, 600);
  EXPECT_FALSE(subject.give(second));
  EXPECT_EQ(take_all(subject), std::vector<std::uint64_t>{1});
  EXPECT_TRUE(subject.give(second));
}

TEST(audit_record_queue, GivesSpentRecordsBackWithTheirMemory) {
  record_queue subject{{}};
  auto first = numbered(1, 100);
  ASSERT_TRUE(subject.give(first));
  subject.take(1, [](record&) {});
  auto second = numbered(2, 100);
  ASSERT_TRUE(subject.give(second));
  ASSERT_TRUE(std::holds_alternative<event>(*second));
  EXPECT_GE(std::get<event>(*second).command.capacity(), 100U);
  // A large record does not keep its memory.
  auto fat = numbered(3, 100'000);
  ASSERT_TRUE(subject.give(fat));
  subject.take(2, [](record&) {});
  for (int i = 0; i < 2; ++i) {
    auto one = numbered(4, 1);
    ASSERT_TRUE(subject.give(one));
    if (std::holds_alternative<event>(*one)) {
      EXPECT_LT(std::get<event>(*one).command.capacity(), 100'000U);
    }
  }
}

TEST(threads_audit_record_queue, EverythingGivenArrivesInOrder) {
  record_queue subject{{.records_max = 64, .bytes_max = 1U << 20U}};
  constexpr std::uint64_t count = 50'000;
  std::uint64_t refused = 0;
  std::thread giving{[&] {
    base::seeded_random random{1};
    for (std::uint64_t i = 0; i < count;) {
      auto one = numbered(i, random.next() % 40);
      if (subject.give(one)) {
        ++i;
      } else {
        ++refused;
        subject.given();
        std::this_thread::yield();
      }
      if (random.next() % 16 == 0) subject.given();
    }
    subject.given();
    subject.wake();
  }};
  std::uint64_t expected = 0;
  while (expected < count) {
    const auto taken = subject.take(10, [&](record& one) {
      EXPECT_EQ(number_of(one), expected);
      ++expected;
    });
    if (taken == 0) subject.wait();
  }
  giving.join();
  EXPECT_EQ(expected, count);
}

}  // namespace
}  // namespace drover::audit
