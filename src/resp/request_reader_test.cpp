// SPDX-License-Identifier: MIT
#include "resp/request_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/printing.hpp"
#include "resp/inline_command.hpp"
#include "resp/testing.hpp"

namespace drover::resp::request_reader_test {
namespace {

using namespace std::string_view_literals;

using testing::cut;
using testing::request_answer;
using testing::request_answer_of;
using words = std::vector<std::string>;

request_answer read_whole(std::string_view input, request_limits within = {}) {
  return request_answer_of(request_reader{within}, {input});
}

std::string error_of(std::string_view input, request_limits within = {}) {
  const request_answer whole = read_whole(input, within);
  EXPECT_EQ(request_answer_of(request_reader{within}, cut(input, 1)), whole);
  EXPECT_TRUE(whole.error.empty() == (whole.requests.size() == 1));
  return whole.error;
}

struct good_case {
  std::string_view input;
  std::vector<std::string> description;
};

const std::vector<good_case>& good_cases() {
  static const std::vector<good_case> all{
      {"*1\r\n$4\r\nPING\r\n", {"PING (14)"}},
      {"*2\r\n$3\r\nGET\r\n$0\r\n\r\n", {"GET| (19)"}},
      {"*2\r\n$3\r\nGET\r\n$4\r\n\r\n*1\r\n", {"GET|\\r\\n*1 (23)"}},
      {"PING\r\n", {"inline PING (6)"}},
      {"PING\n", {"inline PING (5)"}},
      {"  set  a\t\"b c\" \r\n", {"inline set|a|b c (17)"}},
      {"\r\n\n   \r\n*0\r\n*-1\r\n*-5\r\n*1\r\n$1\r\na\r\n", {"a (11)"}},
      {"a\r\n*1\r\n$1\r\nb\r\nc\n", {"inline a (3)", "b (11)", "inline c (2)"}},
      {"$1\r\n", {"inline $1 (4)"}},
      {" *1\r\n", {"inline *1 (5)"}},
  };
  return all;
}

TEST(request_reader, ReadsArraysAndInlineCommands) {
  for (const auto& [input, description] : good_cases()) {
    const request_answer got = read_whole(input);
    EXPECT_EQ(got.error, "") << base::escape(input, 100);
    EXPECT_EQ(got.requests, description) << base::escape(input, 100);
    EXPECT_TRUE(got.idle) << base::escape(input, 100);
  }
}

TEST(request_reader, AnswersTheSameForEverySlicing) {
  std::vector<std::string_view> inputs{"*1\r\n$3\r\nabd\nx", "*1\r\n$1\r\nab\r\n", "a\0b\r\n"sv,
                                       "\"a\r\nPING\r\n"};
  for (const auto& good : good_cases()) inputs.push_back(good.input);
  for (const std::string_view input : inputs) {
    const request_answer whole = read_whole(input);
    for (std::size_t size = 1; size < input.size(); ++size) {
      ASSERT_EQ(request_answer_of(request_reader{}, cut(input, size)), whole);
    }
    const std::size_t borders = std::min<std::size_t>(input.size() - 1, 14);
    for (std::size_t mask = 0; mask < (std::size_t{1} << borders); ++mask) {
      std::vector<std::string_view> slices;
      std::size_t from = 0;
      for (std::size_t i = 0; i < borders; ++i) {
        if (((mask >> i) & 1U) == 0) continue;
        slices.push_back(input.substr(from, i + 1 - from));
        from = i + 1;
      }
      slices.push_back(input.substr(from));
      ASSERT_EQ(request_answer_of(request_reader{}, slices), whole) << base::escape(input, 100);
    }
  }
}

TEST(request_reader, RefusesWhatIsMalformed) {
  struct bad_case {
    std::string_view input;
    std::string_view reason;
  };
  const std::vector<bad_case> cases{
      {"*\r\n", "number of arguments"},
      {"*a\r\n", "number of arguments"},
      {"*+1\r\n", "number of arguments"},
      {"*01\r\n", "number of arguments"},
      {"*-0\r\n", "number of arguments"},
      {"*--1\r\n", "number of arguments"},
      {"*1 \r\n", "number of arguments"},
      {"*9223372036854775808\r\n", "number of arguments"},
      {"*2000000000\r\n", "more arguments"},
      {"*1\n$1\r\na\r\n", "carriage return"},
      {"*11111111111111111111111111111111111111", "line is longer"},
      {"*1\r\n:1\r\n", "begin with $"},
      {"*1\r\n*1\r\n", "begin with $"},
      {"*1\r\n\r\n", "begin with $"},
      {"*1\r\n$\r\n", "length of an argument"},
      {"*1\r\n$-1\r\n", "length of an argument"},
      {"*1\r\n$+1\r\na\r\n", "length of an argument"},
      {"*1\r\n$01\r\na\r\n", "length of an argument"},
      {"*1\r\n$18446744073709551617\r\na\r\n", "length of an argument"},
      {"*1\r\n$536870913\r\n", "argument is longer"},
      {"*1\r\n$1\na\r\n", "carriage return"},
      {"*1\r\n$1\r\nab\r\n", "line end"},
      {"*1\r\n$1\r\na\rb", "line end"},
      {"\"a\r\n", "unbalanced"},
      {"'a\r\n", "unbalanced"},
      {"\"a\"b\r\n", "unbalanced"},
      {"'a'b\r\n", "unbalanced"},
      {"\"a\\\"\r\n", "unbalanced"},
      {"a\0b\r\n"sv, "zero byte"},
  };
  for (const auto& [input, reason] : cases) {
    const std::string error = error_of(input);
    EXPECT_NE(error.find(reason), std::string::npos)
        << base::escape(input, 100) << " gave: " << error;
  }
}

TEST(request_reader, KeepsOnlyThePrefixItIsAskedFor) {
  const std::string_view input = "*4\r\n$3\r\nSET\r\n$5\r\nabcde\r\n$6\r\nvalues\r\n$2\r\nPX\r\n";
  for (const std::size_t size : {std::size_t{1}, std::size_t{4}, input.size()}) {
    request_reader subject{{.kept_bytes_max = 4, .kept_arguments_max = 2}};
    request into;
    request_reader::step got;
    for (const std::string_view slice : cut(input, size)) {
      got = subject.read(slice, into);
      EXPECT_EQ(got.consumed, slice.size());
    }
    ASSERT_EQ(got.status, request_reader::status::complete);
    EXPECT_EQ(into.argument_count, 4U);
    EXPECT_EQ(into.wire_size, input.size());
    ASSERT_EQ(into.arguments.size(), 2U);
    EXPECT_EQ(into[0], "SET");
    EXPECT_EQ(into[1], "abcd");
    EXPECT_EQ(into.arguments[1].length, 5U);
    EXPECT_EQ(into.text, "SETabcd");
  }
  request_reader inline_subject{{.kept_bytes_max = 2, .kept_arguments_max = 2}};
  request into;
  EXPECT_EQ(inline_subject.read("abc def ghi\r\n", into).status, request_reader::status::complete);
  EXPECT_EQ(into.text, "abde");
  EXPECT_EQ(into.argument_count, 3U);
}

// Joins the kept and the skipped bytes of the kept arguments, to check that all bytes come with any
// slicing.
class joining final : public skipped_bytes {
 public:
  void skip(const request& current, std::string_view bytes) override {
    EXPECT_FALSE(bytes.empty());
    EXPECT_EQ(current.arguments.back().kept, within.kept_bytes_max);
    pieces[current.arguments.size() - 1] += bytes;
  }

  static constexpr request_limits within{.kept_bytes_max = 3, .kept_arguments_max = 3};
  std::vector<std::string> pieces{3};
};

TEST(request_reader, TellsTheBytesItDoesNotKeep) {
  for (const std::string_view input :
       {"*4\r\n$3\r\nSET\r\n$8\r\nabcdefgh\r\n$4\r\n\r\n\r\n\r\n$9\r\nnot noted\r\n"sv,
        "SET abcdefgh \"\\r\\n\\r\\n\" not-noted\r\n"sv}) {
    for (std::size_t size = 1; size <= input.size(); ++size) {
      joining pieces;
      request_reader subject{joining::within, &pieces};
      request into;
      for (const std::string_view slice : cut(input, size)) (void)subject.read(slice, into);
      ASSERT_EQ(into.arguments.size(), 3U);
      EXPECT_EQ(into[1], "abc");
      EXPECT_EQ(pieces.pieces, (words{"", "defgh", "\n"}));
    }
  }
}

TEST(request_reader, PassesAHugeArgumentInConstantMemory) {
  request_reader subject{{.kept_bytes_max = 100}};
  request into;
  const std::string_view head = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n";
  EXPECT_EQ(subject.read(head, into).consumed, head.size());
  const std::string piece(std::size_t{1} << 20U, 'x');
  for (int i = 0; i < 512; ++i) {
    const auto [status, consumed] = subject.read(piece, into);
    ASSERT_EQ(status, request_reader::status::need_more);
    ASSERT_EQ(consumed, piece.size());
    ASSERT_FALSE(subject.is_idle());
  }
  EXPECT_EQ(subject.read("\r\n", into).status, request_reader::status::complete);
  EXPECT_EQ(into.arguments[2].length, std::size_t{512} << 20U);
  EXPECT_EQ(into[2].size(), 100U);
  EXPECT_LE(into.text.capacity(), 1000U);
}

TEST(request_reader, BoundsEverything) {
  EXPECT_EQ(error_of("*2\r\n$0\r\n\r\n$0\r\n\r\n", {.arguments_max = 2}), "");
  EXPECT_NE(error_of("*3\r\n", {.arguments_max = 2}), "");
  EXPECT_EQ(error_of("a b\r\n", {.arguments_max = 2}), "");
  EXPECT_NE(error_of("a b c\r\n", {.arguments_max = 2}), "");
  EXPECT_EQ(error_of("*1\r\n$3\r\nabc\r\n", {.bulk_max = 3}), "");
  EXPECT_NE(error_of("*1\r\n$4\r\n", {.bulk_max = 3}), "");
  EXPECT_EQ(error_of("*1\r\n$3\r\nabc\r\n", {.request_max = 13}), "");
  EXPECT_NE(error_of("*1\r\n$3\r\n", {.request_max = 12}), "");
  for (const std::size_t most : {std::size_t{8}, request_limits{}.inline_max}) {
    EXPECT_EQ(error_of(std::string(most, 'a') + "\r\n", {.inline_max = most}), "");
    EXPECT_EQ(error_of(std::string(most, 'a') + "\n", {.inline_max = most}), "");
    EXPECT_NE(error_of(std::string(most + 1, 'a') + "\r\n", {.inline_max = most}), "");
    EXPECT_NE(error_of(std::string(most + 1, 'a') + "\n", {.inline_max = most}), "");
    EXPECT_NE(error_of(std::string(most + 2, 'a'), {.inline_max = most}), "");
  }
  EXPECT_EQ(read_whole("*1048576\r\n").error, "");
  EXPECT_NE(read_whole("*1048577\r\n").error, "");
}

TEST(request_reader, LetsNoAnnouncementSetMemoryAside) {
  request_reader subject;
  request into;
  EXPECT_EQ(subject.read("*1048576\r\n$536870912\r\nab", into).status,
            request_reader::status::need_more);
  EXPECT_LE(into.text.capacity(), 100U);
  EXPECT_LE(into.arguments.capacity(), 16U);
}

TEST(request_reader, SearchesNoByteTwiceHoweverThinTheSlices) {
  std::string stream;
  for (int i = 0; i < 20; ++i) stream += std::string(60'000, 'x') + "\r\n";
  for (int i = 0; i < 1000; ++i) {
    for (const auto& good : good_cases()) stream += good.input;
  }
  request_reader subject;
  request into;
  for (const std::string_view slice : cut(stream, 1)) {
    const auto [status, consumed] = subject.read(slice, into);
    ASSERT_NE(status, request_reader::status::broken);
    ASSERT_EQ(consumed, 1U);
    if (status == request_reader::status::complete) into.clear();
  }
  EXPECT_TRUE(subject.is_idle());
  EXPECT_LE(subject.examined(), stream.size());
}

TEST(request_reader, SurvivesRandomMutationOfValidRequests) {
  std::mt19937 random{5};
  const std::string_view alphabet = "*$0123456789-\r\n\0\xff\"'\\x a"sv;
  for (int round = 0; round < 20'000; ++round) {
    std::string input{good_cases()[random() % good_cases().size()].input};
    for (std::size_t i = 1 + random() % 4; i > 0; --i) {
      input[random() % input.size()] = alphabet[random() % alphabet.size()];
    }
    const request_answer whole = read_whole(input);
    ASSERT_EQ(request_answer_of(request_reader{}, cut(input, 1)), whole)
        << base::escape(input, 100);
    ASSERT_EQ(request_answer_of(request_reader{}, cut(input, 3)), whole)
        << base::escape(input, 100);
  }
}

TEST(request_reader, StaysBroken) {
  request_reader subject;
  request into;
  EXPECT_EQ(subject.read("*x\r\n", into).status, request_reader::status::broken);
  EXPECT_EQ(subject.read("PING\r\n", into).status, request_reader::status::broken);
  EXPECT_EQ(subject.read({}, into).status, request_reader::status::broken);
}

TEST(split_inline, FollowsTheQuotingOfTheServer) {
  struct split_case {
    std::string_view line;
    words expected;
  };
  const std::vector<split_case> cases{
      {"", {}},
      {" \t\v\f\r ", {}},
      {"get  key ", {"get", "key"}},
      {R"("a b" c)", {"a b", "c"}},
      {R"('a "b' "c 'd")", {"a \"b", "c 'd"}},
      {R"("\x41\x0a\n\r\t\b\a\\\"\q")", {"A\n\n\r\t\b\a\\\"q"}},
      {R"("\x4" "\xzz" "\x")", {"x4", "xzz", "x"}},
      {R"('it\'s' '\n' '\\ ')", {"it's", "\\n", "\\\\ "}},
      {R"(a"b c")", {"ab c"}},
      {R"("" '')", {"", ""}},
      {"a\vb\fc d\re", {"a\vb\fc", "d", "e"}},
      {"\"a\"\v\"b\"", {"a", "b"}},
  };
  for (const auto& [line, expected] : cases) {
    const auto got = split_inline(line);
    ASSERT_TRUE(got.has_value()) << line;
    EXPECT_EQ(*got, expected) << line;
  }
  for (const std::string_view line :
       {"\"", "'", "\"a\"b", "'a''b'", "\"\\", R"("a\")", R"('\')", R"('\\')"}) {
    EXPECT_FALSE(split_inline(line).has_value()) << line;
  }
}

}  // namespace
}  // namespace drover::resp::request_reader_test
