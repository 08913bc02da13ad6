// SPDX-License-Identifier: MIT
#include "audit/proxy/record_queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.hpp"

namespace drover::audit::record_queue_test {
namespace {

std::unique_ptr<record> numbered(std::uint64_t number, std::size_t text = 8) {
  event out;
  out.sequence = number;
  out.command = std::string(text, 'c');
  return std::make_unique<record>(std::move(out));
}

std::uint64_t number_of(const record& item) { return std::get<event>(item).sequence; }

std::vector<std::uint64_t> take_all(record_queue& from) {
  std::vector<std::uint64_t> out;
  from.pop(1'000'000, [&](record& item) { out.push_back(number_of(item)); });
  return out;
}

TEST(audit_record_queue, KeepsTheOrderAndTakesNoMoreThanThereIsRoomFor) {
  record_queue subject{{.records_max = 4, .bytes_max = 1000}};
  std::uint64_t next = 0;
  std::uint64_t expected = 0;
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 4; ++i) {
      auto item = numbered(next++);
      ASSERT_TRUE(subject.push(item));
    }
    EXPECT_DOUBLE_EQ(subject.fill(), 1.0);
    auto beyond = numbered(99);
    EXPECT_FALSE(subject.push(beyond));
    EXPECT_EQ(number_of(*beyond), 99U) << "a record that does not fit is unchanged";
    for (const auto number : take_all(subject)) EXPECT_EQ(number, expected++);
    EXPECT_DOUBLE_EQ(subject.fill(), 0.0);
  }
  EXPECT_EQ(expected, next);
}

TEST(audit_record_queue, CountsTheBytesOfWhatWaits) {
  record_queue subject{{.records_max = 100, .bytes_max = 1000}};
  auto large = numbered(1, 600);
  ASSERT_TRUE(subject.push(large));
  auto second = numbered(2, 600);
  EXPECT_FALSE(subject.push(second));
  EXPECT_EQ(take_all(subject), std::vector<std::uint64_t>{1});
  EXPECT_TRUE(subject.push(second));
}

TEST(audit_record_queue, GivesSpentRecordsBackWithTheirMemory) {
  record_queue subject{{}};
  auto first = numbered(1, 100);
  ASSERT_TRUE(subject.push(first));
  subject.pop(1, [](record&) {});
  auto second = numbered(2, 100);
  ASSERT_TRUE(subject.push(second));
  ASSERT_TRUE(std::holds_alternative<event>(*second));
  EXPECT_GE(std::get<event>(*second).command.capacity(), 100U);
  // A large record does not keep its memory.
  auto fat = numbered(3, 100'000);
  ASSERT_TRUE(subject.push(fat));
  subject.pop(2, [](record&) {});
  for (int i = 0; i < 2; ++i) {
    auto item = numbered(4, 1);
    ASSERT_TRUE(subject.push(item));
    if (std::holds_alternative<event>(*item)) {
      EXPECT_LT(std::get<event>(*item).command.capacity(), 100'000U);
    }
  }
}

TEST(threads_audit_record_queue, EverythingGivenArrivesInOrder) {
  record_queue subject{{.records_max = 64, .bytes_max = 1U << 20U}};
  constexpr std::uint64_t count = 50'000;
  std::uint64_t refused = 0;
  std::thread producer{[&] {
    base::seeded_random random{1};
    for (std::uint64_t i = 0; i < count;) {
      auto item = numbered(i, random.next() % 40);
      if (subject.push(item)) {
        ++i;
      } else {
        ++refused;
        subject.notify_consumer();
        std::this_thread::yield();
      }
      if (random.next() % 16 == 0) subject.notify_consumer();
    }
    subject.notify_consumer();
    subject.wake();
  }};
  std::uint64_t expected = 0;
  while (expected < count) {
    const auto pop_count = subject.pop(10, [&](record& item) {
      EXPECT_EQ(number_of(item), expected);
      ++expected;
    });
    if (pop_count == 0) subject.wait();
  }
  producer.join();
  EXPECT_EQ(expected, count);
}

}  // namespace
}  // namespace drover::audit::record_queue_test
