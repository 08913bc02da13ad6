// SPDX-License-Identifier: MIT
// The cost of a hostile or broken server: every limit at its edge, nesting bombs, memory and work.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "resp/reader.hpp"
#include "resp/scanner.hpp"
#include "resp/testing.hpp"

namespace drover::resp::limits_test {
namespace {

using testing::answer;
using testing::answer_of;
using testing::cut;
using testing::repeated;

// The result must be the same in one slice and byte by byte.
std::string error_of(std::string_view input, limits within = {}) {
  const answer whole = answer_of(reader{within}, {input});
  EXPECT_EQ(answer_of(reader{within}, cut(input, 1)), whole);
  EXPECT_TRUE(whole.error.empty() == (whole.messages.size() == 1));
  return whole.error;
}

constexpr std::string_view too_many = "a message has more elements than the limit";
constexpr std::string_view too_deep = "a message is nested deeper than the limit";
constexpr std::string_view bulk_too_long = "a bulk is longer than the limit";
constexpr std::string_view line_too_long = "a line is longer than the limit";
constexpr std::string_view message_too_long = "a message is longer than the limit";

/// The result of reading slices: the texts of whole messages, and the number of skipped ones.
struct message_skipper {
  void take(reader& by, std::string_view slice) {
    for (;;) {
      const auto [status, consumed] = by.read(slice, into);
      slice.remove_prefix(consumed);
      if (status == reader::status::skipped) {
        EXPECT_TRUE(into.empty());
        ++skipped;
      } else if (status == reader::status::complete) {
        texts.emplace_back(into.root().text());
        into.clear();
      } else {
        EXPECT_EQ(status, reader::status::need_more) << by.error();
        return;
      }
    }
  }
  message into;
  std::size_t skipped = 0;
  std::vector<std::string> texts;
};

TEST(limits, BoundTheDepth) {
  EXPECT_EQ(error_of(repeated("*1\r\n", 16) + ":1\r\n"), "");
  EXPECT_EQ(error_of(repeated("*1\r\n", 17) + ":1\r\n"), too_deep);
  EXPECT_EQ(error_of(repeated("*1\r\n", 15) + "*0\r\n"), "");
  EXPECT_EQ(error_of(repeated("*1\r\n", 16) + "*0\r\n"), too_deep);
  EXPECT_EQ(error_of(repeated("|1\r\n", 17)), too_deep);
  EXPECT_EQ(error_of(repeated("*1\r\n", 16) + "|1\r\n"), too_deep);
  EXPECT_EQ(error_of("*1\r\n*0\r\n", {.depth_max = 1}), too_deep);
}

TEST(limits, CountAttributesInFrontOfOneAnotherAsSiblings) {
  EXPECT_EQ(error_of(repeated("|1\r\n+a\r\n+b\r\n", 100) + ":1\r\n"), "");
}

TEST(limits, BoundTheElementsOfAllAggregatesTogether) {
  const limits ten{.elements_max = 10};
  EXPECT_EQ(error_of("*10\r\n" + repeated(":1\r\n", 10), ten), "");
  EXPECT_EQ(error_of("*11\r\n", ten), too_many);
  EXPECT_EQ(error_of("%5\r\n" + repeated(":1\r\n", 10), ten), "");
  EXPECT_EQ(error_of("%6\r\n", ten), too_many);
  EXPECT_EQ(error_of("*2\r\n*8\r\n" + repeated(":1\r\n", 8) + ":1\r\n", ten), "");
  EXPECT_EQ(error_of("*2\r\n*8\r\n" + repeated(":1\r\n", 8) + "*1\r\n", ten), too_many);
  EXPECT_EQ(error_of("|5\r\n" + repeated(":1\r\n", 10) + ":1\r\n", ten), "");
  EXPECT_EQ(error_of("|5\r\n" + repeated(":1\r\n", 10) + "*1\r\n", ten), too_many);
}

TEST(limits, StartAnewWithEachMessage) {
  const limits few{.elements_max = 2, .message_max = 12};
  const std::string input = repeated("*2\r\n:1\r\n:2\r\n", 50);
  const answer got = answer_of(reader{few}, {input});
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(got.messages.size(), 50U);
}

TEST(limits, BoundABulkAtItsHeader) {
  const limits ten{.bulk_max = 10};
  EXPECT_EQ(error_of("$10\r\n0123456789\r\n", ten), "");
  EXPECT_EQ(error_of("$11\r\n", ten), bulk_too_long);
  EXPECT_EQ(error_of("!11\r\n", ten), bulk_too_long);
  EXPECT_EQ(error_of("=11\r\n", ten), bulk_too_long);
  const std::string largest = "$67108864\r\n" + std::string(67'108'864, 'x') + "\r\n";
  reader subject;
  message into;
  EXPECT_EQ(subject.read(largest, into).status, reader::status::complete);
  EXPECT_EQ(into.root().text().size(), 67'108'864U);
  EXPECT_EQ(answer_of(reader{}, {"$67108865\r\n"}).error, bulk_too_long);
}

TEST(limits, BoundALine) {
  for (const std::size_t line_max : {std::size_t{8}, limits{}.line_max}) {
    const limits within{.line_max = line_max};
    EXPECT_EQ(error_of("+" + std::string(line_max - 1, 'a') + "\r\n", within), "");
    EXPECT_EQ(error_of("+" + std::string(line_max, 'a') + "\r\n", within), line_too_long);
    EXPECT_EQ(error_of("+" + std::string(line_max + 1, 'a'), within), line_too_long);
    EXPECT_EQ(error_of("(" + std::string(line_max, '1') + "\r\n", within), line_too_long);
  }
}

TEST(limits, BoundTheWholeMessage) {
  EXPECT_EQ(error_of("*2\r\n:1\r\n:2\r\n", {.message_max = 12}), "");
  EXPECT_EQ(error_of("*2\r\n:1\r\n:2\r\n", {.message_max = 11}), message_too_long);
  EXPECT_EQ(error_of("$3\r\nabc\r\n", {.message_max = 9}), "");
  EXPECT_EQ(error_of("$3\r\n", {.message_max = 8}), message_too_long);
  EXPECT_EQ(error_of("|1\r\n+a\r\n+b\r\n:1\r\n", {.message_max = 16}), "");
  EXPECT_EQ(error_of("|1\r\n+a\r\n+b\r\n:1\r\n", {.message_max = 15}), message_too_long);
  EXPECT_EQ(error_of(repeated("|0\r\n", 30), {.message_max = 100}), message_too_long);
}

TEST(limits, LetAMessageThatIsTooLargeBeSkippedWithoutKeepingIt) {
  const limits within{.elements_max = 5, .bulk_max = 10, .message_max = 60, .skip_max = 200};
  const std::string_view large[] = {
      "$11\r\n01234567890\r\n",
      "!11\r\n01234567890\r\n",
      "=15\r\ntxt:01234567890\r\n",
      "*6\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n",
      "*2\r\n$11\r\n01234567890\r\n*1\r\n+a\r\n",
      "*3\r\n+a\r\n%1\r\n+k\r\n$11\r\n01234567890\r\n+z\r\n",
      "*1\r\n*2\r\n*1\r\n+a\r\n*2\r\n+a\r\n+b\r\n",
      "*3\r\n+aaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n+aaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n+a\r\n",
      "|1\r\n+a\r\n$11\r\n01234567890\r\n:1\r\n",
  };
  for (const std::string_view message : large) {
    for (std::size_t size = 1; size <= message.size(); ++size) {
      const std::string stream = std::string{message} + "+next\r\n";
      reader subject{within};
      message_skipper skipper;
      for (const std::string_view slice : cut(stream, size)) skipper.take(subject, slice);
      EXPECT_EQ(skipper.skipped, 1U) << message << size;
      EXPECT_EQ(skipper.texts, std::vector<std::string>{"next"}) << message << size;
      EXPECT_TRUE(subject.is_idle());
    }
  }
}

TEST(limits, BoundWhatIsSkippedToo) {
  const limits within{.elements_max = 5, .bulk_max = 10, .message_max = 60, .skip_max = 200};
  EXPECT_EQ(error_of("$201\r\n", within), bulk_too_long);
  EXPECT_EQ(error_of("*2\r\n$100\r\n" + std::string(100, 'x') + "\r\n$100\r\n", within),
            message_too_long);
  EXPECT_EQ(error_of("*201\r\n", within), too_many);
  EXPECT_EQ(error_of("*100000000000000000\r\n", within), too_many);
}

TEST(limits, LetNoPushBeSkipped) {
  const limits within{.elements_max = 5, .bulk_max = 10, .message_max = 60, .skip_max = 200};
  EXPECT_EQ(error_of(">2\r\n+a\r\n$11\r\n", within), bulk_too_long);
  EXPECT_EQ(error_of(">6\r\n", within), too_many);
  EXPECT_EQ(error_of("|1\r\n+a\r\n+b\r\n>4\r\n", within), too_many);
  EXPECT_EQ(error_of("|1\r\n+a\r\n$11\r\n01234567890\r\n>1\r\n", within), message_too_long);
}

TEST(limits, HoldForNestingBombsOfAMillionLevels) {
  for (const std::string_view level : {"*1\r\n", "%1\r\n+k\r\n", "~1\r\n", "|1\r\n", ">1\r\n"}) {
    const std::string bomb = repeated(level, 1'000'000);
    const answer got = answer_of(reader{}, {bomb});
    EXPECT_NE(got.error, "") << level;
    EXPECT_TRUE(got.messages.empty());
  }
}

TEST(limits, MayBeRaisedToAMillionLevelsWithoutRecursion) {
  const std::string bomb = repeated("*1\r\n", 1'000'000) + ":7\r\n";
  reader subject{{.depth_max = 1'000'000}};
  message into;
  ASSERT_EQ(subject.read(bomb, into).status, reader::status::complete);
  ASSERT_EQ(into.nodes.size(), 1'000'001U);
  EXPECT_EQ(into.nodes.front().subtree, 1'000'001U);
  EXPECT_EQ(into.nodes.back().integer, 7);
}

TEST(limits, RefuseCountsThatOverflowWhenDoubledOrAdded) {
  for (const std::string_view count :
       {"2000000000", "4611686018427387904", "9223372036854775807", "9223372036854775808",
        "18446744073709551615", "999999999999999999", "500000000000000000"}) {
    for (const char kind : {'*', '%', '~', '|', '>', '$', '!', '='}) {
      const std::string input = kind + std::string{count} + "\r\n";
      EXPECT_NE(error_of(input), "") << input;
      EXPECT_NE(error_of("*1\r\n" + input), "") << input;
    }
  }
}

TEST(limits, LetNoAnnouncementSetMemoryAside) {
  const limits wide{.elements_max = std::size_t{1} << 40U,
                    .bulk_max = std::size_t{1} << 40U,
                    .message_max = std::size_t{1} << 41U};
  for (const std::string_view input :
       {"*2000000000\r\n", "%2000000000\r\n", "$536870912\r\n", "$536870912\r\nabc",
        "*3\r\n$536870912\r\nabc", "=536870912\r\ntxt:"}) {
    reader subject{wide};
    message into;
    EXPECT_EQ(subject.read(input, into).status, reader::status::need_more);
    EXPECT_LE(into.text.capacity(), std::size_t{64} << 10U) << input;
    EXPECT_LE(into.nodes.capacity(), 16U) << input;
  }
}

TEST(scanner, PassesAHugeBulkInPiecesAndKeepsNothing) {
  scanner subject{{.bulk_max = std::size_t{1} << 40U, .message_max = std::size_t{1} << 41U}};
  EXPECT_EQ(subject.next("$10000000000\r\n").kind, token_kind::bulk_begin);
  const std::string piece(1'000'000, 'x');
  for (int i = 0; i < 10'000; ++i) {
    const token got = subject.next(piece);
    ASSERT_EQ(got.kind, token_kind::bulk_chunk);
    ASSERT_EQ(got.text.data(), piece.data());
    ASSERT_EQ(got.consumed, piece.size());
  }
  const token end = subject.next("\r\n+OK\r\n");
  EXPECT_EQ(end.kind, token_kind::bulk_end);
  EXPECT_EQ(end.consumed, 2U);
  EXPECT_TRUE(end.ends_message);
  EXPECT_TRUE(subject.is_idle());
}

TEST(scanner, GivesAWholeBulkAsOneToken) {
  scanner subject;
  const token got = subject.next("$3\r\nabc\r\n");
  EXPECT_EQ(got.kind, token_kind::scalar);
  EXPECT_EQ(got.value_type, type::bulk_string);
  EXPECT_EQ(got.text, "abc");
  EXPECT_EQ(got.consumed, 9U);
  EXPECT_TRUE(got.ends_message);
}

TEST(scanner, SearchesNoByteTwiceHoweverThinTheSlices) {
  std::string stream;
  for (int i = 0; i < 20; ++i) stream += "-" + std::string(50'000, 'e') + "\r\n";
  for (int i = 0; i < 1000; ++i) {
    for (const std::string_view reply : testing::valid_replies()) stream += reply;
  }
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{1000}}) {
    scanner subject;
    std::uint64_t calls = 0;
    for (std::string_view slice : cut(stream, size)) {
      while (!slice.empty()) {
        const token got = subject.next(slice);
        ++calls;
        ASSERT_NE(got.kind, token_kind::broken) << got.text;
        ASSERT_GT(got.consumed, 0U);
        slice.remove_prefix(got.consumed);
      }
    }
    EXPECT_TRUE(subject.is_idle());
    EXPECT_LE(subject.examined(), stream.size());
    EXPECT_LE(calls, stream.size());
  }
}

}  // namespace
}  // namespace drover::resp::limits_test
