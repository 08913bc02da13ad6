// SPDX-License-Identifier: MIT
#include "resp/reader.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/printing.hpp"
#include "resp/testing.hpp"

namespace drover::resp::reader_test {
namespace {

using namespace std::string_view_literals;

using testing::answer;
using testing::answer_of;
using testing::cut;
using testing::valid_replies;

answer read_sliced(const std::vector<std::string_view>& slices) {
  return answer_of(reader{}, slices);
}

answer read_whole(std::string_view input) { return read_sliced({input}); }

struct good_case {
  std::string_view input;
  std::string_view description;
};

TEST(reader, ReadsEveryType) {
  const std::vector<good_case> cases{
      {"+OK\r\n", "+OK"},
      {"+\r\n", "+"},
      {"-ERR no\r\n", "-ERR no"},
      {":0\r\n", ":0"},
      {":-9223372036854775808\r\n", ":-9223372036854775808"},
      {":+9223372036854775807\r\n", ":9223372036854775807"},
      {":007\r\n", ":7"},
      {"$0\r\n\r\n", "$"},
      {"$5\r\na\r\nb\n\r\n", "$a\\r\\nb\\n"},
      {"$-1\r\n", "_"},
      {"*-1\r\n", "_"},
      {"_\r\n", "_"},
      {"#t\r\n", "#1"},
      {"#f\r\n", "#0"},
      {",3.25\r\n", ",3.25"},
      {",-1e+10\r\n", ",-1e+10"},
      {",10\r\n", ",10"},
      {",+1.5E-3\r\n", ",+1.5E-3"},
      {",inf\r\n", ",inf"},
      {",-inf\r\n", ",-inf"},
      {",nan\r\n", ",nan"},
      {",-nan\r\n", ",-nan"},
      {"(-3492890328409238509324850943850943825024385\r\n",
       "(-3492890328409238509324850943850943825024385"},
      {"!5\r\nERR x\r\n", "!ERR x"},
      {"=7\r\ntxt:a\rb\r\n", "=a\\rb"},
      {"=4\r\ntxt:\r\n", "="},
      {"*0\r\n", "*[]"},
      {"*2\r\n:1\r\n*1\r\n+a\r\n", "*[:1 *[+a]]"},
      {"*3\r\n*0\r\n*1\r\n*0\r\n_\r\n", "*[*[] *[*[]] _]"},
      {"%1\r\n+k\r\n:2\r\n", "%[+k :2]"},
      {"%0\r\n", "%[]"},
      {"~2\r\n+a\r\n+b\r\n", "~[+a +b]"},
      {">2\r\n+invalidate\r\n*1\r\n$1\r\nk\r\n", ">[+invalidate *[$k]]"},
  };
  for (const auto& [input, description] : cases) {
    const answer got = read_whole(input);
    EXPECT_EQ(got.error, "") << base::escape(input, 100);
    ASSERT_EQ(got.messages.size(), 1U) << base::escape(input, 100);
    EXPECT_EQ(got.messages[0], description);
  }
}

TEST(reader, DropsAttributesWhereverTheyMayStand) {
  const std::vector<good_case> cases{
      {"|1\r\n+ttl\r\n:3600\r\n:5\r\n", ":5"},
      {"|0\r\n+a\r\n", "+a"},
      {"|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n:2\r\n+c\r\n", "+c"},
      {"|1\r\n|1\r\n+x\r\n+y\r\n+a\r\n*2\r\n:1\r\n:2\r\n+c\r\n", "+c"},
      {"*2\r\n|1\r\n+a\r\n$1\r\nx\r\n:1\r\n|0\r\n:2\r\n", "*[:1 :2]"},
      {"*1\r\n|1\r\n+a\r\n*1\r\n+b\r\n*1\r\n|1\r\n+c\r\n+d\r\n:2\r\n", "*[*[:2]]"},
      {"%1\r\n|1\r\n+a\r\n+b\r\n+k\r\n|1\r\n+c\r\n+d\r\n+v\r\n", "%[+k +v]"},
      {"|1\r\n+a\r\n+b\r\n>1\r\n+message\r\n", ">[+message]"},
      {"|1\r\n+a\r\n+b\r\n*0\r\n", "*[]"},
  };
  for (const auto& [input, description] : cases) {
    const answer got = read_whole(input);
    EXPECT_EQ(got.error, "") << base::escape(input, 100);
    ASSERT_EQ(got.messages.size(), 1U) << base::escape(input, 100);
    EXPECT_EQ(got.messages[0], description);
  }
}

const std::vector<good_case> malformed{
    {"OK\r\n", "no RESP type"},
    {"\r\n", "no RESP type"},
    {"HTTP/1.1 200 OK\r\n", "no RESP type"},
    {"\x15\x03\x01", "no RESP type"},
    {"+OK\n", "without a carriage return"},
    {"+O\rK\r\n", "carriage return inside"},
    {"-O\r\r\n", "carriage return inside"},
    {":\r\n", "integer"},
    {":-\r\n", "integer"},
    {":+-1\r\n", "integer"},
    {":++1\r\n", "integer"},
    {": 1\r\n", "integer"},
    {":1 \r\n", "integer"},
    {":1.0\r\n", "integer"},
    {":9223372036854775808\r\n", "integer"},
    {":-9223372036854775809\r\n", "integer"},
    {"$\r\n", "plain decimal"},
    {"$-2\r\n", "plain decimal"},
    {"$-0\r\n", "plain decimal"},
    {"$+1\r\na\r\n", "plain decimal"},
    {"$01\r\na\r\n", "plain decimal"},
    {"$1x\r\na\r\n", "plain decimal"},
    {"$18446744073709551617\r\n", "plain decimal"},
    {"$-18446744073709551615\r\n", "plain decimal"},
    {"*-2\r\n", "plain decimal"},
    {"*-9223372036854775808\r\n", "plain decimal"},
    {"%-1\r\n", "plain decimal"},
    {"~-1\r\n", "plain decimal"},
    {"|-1\r\n", "plain decimal"},
    {">-1\r\n", "plain decimal"},
    {"!-1\r\n", "plain decimal"},
    {"=-1\r\n", "plain decimal"},
    {"$1\r\nabc\r\n", "not followed by a line end"},
    {"$1\r\na\rb", "not followed by a line end"},
    {"$1\r\na\n", "not followed by a line end"},
    {"_x\r\n", "null"},
    {"#\r\n", "boolean"},
    {"#T\r\n", "boolean"},
    {"#tt\r\n", "boolean"},
    {",\r\n", "double"},
    {",.5\r\n", "double"},
    {",1.\r\n", "double"},
    {",1e\r\n", "double"},
    {",1e+\r\n", "double"},
    {",0x10\r\n", "double"},
    {",Inf\r\n", "double"},
    {",+inf\r\n", "double"},
    {",infinity\r\n", "double"},
    {",1 \r\n", "double"},
    {"(\r\n", "big number"},
    {"(-\r\n", "big number"},
    {"(12a\r\n", "big number"},
    {"=3\r\ntxt\r\n", "too short"},
    {"=0\r\n\r\n", "too short"},
    {"=5\r\ntxtab\r\n", "colon"},
    {">0\r\n", "empty"},
    {"*1\r\n>1\r\n+a\r\n", "inside another"},
    {"|1\r\n>1\r\n+a\r\n", "inside another"},
    {"$?\r\n", "streamed"},
    {"*?\r\n", "streamed"},
    {"%?\r\n", "streamed"},
    {"~?\r\n", "streamed"},
    {";4\r\n", "streamed"},
    {".\r\n", "streamed"},
};

TEST(reader, RefusesWhatIsMalformed) {
  for (const auto& [input, reason] : malformed) {
    const answer got = read_whole(input);
    EXPECT_NE(got.error.find(reason), std::string::npos)
        << base::escape(input, 100) << " gave: " << got.error;
    EXPECT_TRUE(got.messages.empty());
    for (std::size_t size = 1; size < input.size(); ++size) {
      EXPECT_EQ(read_sliced(cut(input, size)), got) << base::escape(input, 100) << " by " << size;
    }
  }
}

TEST(reader, AnswersTheSameForEverySlicing) {
  const std::vector<std::string_view> short_ones{
      "$3\r\na\r\n\r\n+b\r\n",    "=5\r\ntxt:a\r\n:1\r\n",     "|1\r\n+\r\n_\r\n$-1\r\n",
      "*2\r\n$1\r\na\r\n*-1\r\n", "%1\r\n+\r\n=4\r\nabc:\r\n", "*1\r\n$1\r\nab\r\n",
      "!2\r\nab\r\n#t\r\n#x\r\n",
  };
  for (const std::string_view input : short_ones) {
    const answer whole = read_whole(input);
    const std::size_t borders = input.size() - 1;
    for (std::size_t mask = 0; mask < (std::size_t{1} << borders); ++mask) {
      std::vector<std::string_view> slices;
      std::size_t from = 0;
      for (std::size_t i = 0; i <= borders; ++i) {
        if (i == borders || ((mask >> i) & 1U) != 0) {
          slices.push_back(input.substr(from, i + 1 - from));
          from = i + 1;
        }
      }
      ASSERT_EQ(read_sliced(slices), whole) << base::escape(input, 100) << " mask " << mask;
    }
  }
}

TEST(reader, AnswersTheSameForRandomSlicesOfLongStreams) {
  std::mt19937 random{7};
  for (int round = 0; round < 200; ++round) {
    std::string stream;
    for (int i = 0; i < 20; ++i) stream += valid_replies()[random() % valid_replies().size()];
    const answer whole = read_whole(stream);
    ASSERT_EQ(whole.error, "");
    ASSERT_EQ(whole.messages.size(), 20U);
    std::vector<std::string_view> slices;
    for (std::size_t from = 0; from < stream.size();) {
      const std::size_t size = 1 + random() % (round % 2 == 0 ? 3 : 40);
      slices.push_back(std::string_view{stream}.substr(from, size));
      from += size;
    }
    ASSERT_EQ(read_sliced(slices), whole);
  }
}

TEST(reader, SurvivesRandomMutationOfValidMessages) {
  std::mt19937 random{11};
  const std::string_view alphabet = "+-:$*_#,(!=%~|>;?0123456789\r\n\0\xff"sv;
  for (int round = 0; round < 20'000; ++round) {
    std::string input{valid_replies()[random() % valid_replies().size()]};
    for (std::size_t i = 1 + random() % 4; i > 0; --i) {
      input[random() % input.size()] = alphabet[random() % alphabet.size()];
    }
    const answer whole = read_whole(input);
    ASSERT_EQ(read_sliced(cut(input, 1)), whole) << base::escape(input, 200);
    ASSERT_EQ(read_sliced(cut(input, 3)), whole) << base::escape(input, 200);
  }
}

TEST(reader, TellsWhatItConsumed) {
  reader subject;
  message into;
  EXPECT_TRUE(subject.is_idle());
  const std::string_view input = "$2\r\nab\r\n+OK\r\n";
  auto step = subject.read(input, into);
  EXPECT_EQ(step.status, reader::status::complete);
  EXPECT_EQ(step.consumed, 8U);
  EXPECT_TRUE(subject.is_idle());
  into.clear();
  step = subject.read(input.substr(8, 3), into);
  EXPECT_EQ(step.status, reader::status::need_more);
  EXPECT_EQ(step.consumed, 3U);
  EXPECT_FALSE(subject.is_idle());
  step = subject.read({}, into);
  EXPECT_EQ(step.status, reader::status::need_more);
  EXPECT_EQ(step.consumed, 0U);
  step = subject.read(input.substr(11), into);
  EXPECT_EQ(step.status, reader::status::complete);
  EXPECT_TRUE(subject.is_idle());
}

TEST(reader, IsNotIdleBehindAnAttributeAloneNorBeforeTheEndOfABulk) {
  for (const std::string_view input : {"|0\r\n", "|1\r\n+a\r\n+b\r\n", "*1\r\n", "$1\r\na\r"}) {
    reader subject;
    message into;
    EXPECT_EQ(subject.read(input, into).status, reader::status::need_more);
    EXPECT_FALSE(subject.is_idle()) << base::escape(input, 100);
  }
}

TEST(reader, StaysBroken) {
  reader subject;
  message into;
  EXPECT_EQ(subject.read("?", into).status, reader::status::broken);
  const std::string error{subject.error()};
  EXPECT_FALSE(error.empty());
  EXPECT_EQ(subject.read("+OK\r\n", into).status, reader::status::broken);
  EXPECT_EQ(subject.read({}, into).status, reader::status::broken);
  EXPECT_EQ(subject.error(), error);
}

TEST(message, LetsItsChildrenBeReached) {
  reader subject;
  message into;
  const std::string_view input =
      "*4\r\n*2\r\n:1\r\n*1\r\n+deep\r\n%1\r\n+k\r\n*0\r\n$-1\r\n-ERR last\r\n";
  ASSERT_EQ(subject.read(input, into).status, reader::status::complete);
  const view root = into.root();
  ASSERT_EQ(root.size(), 4U);
  EXPECT_EQ(root[0][1][0].text(), "deep");
  EXPECT_EQ(root[1].kind(), type::map);
  EXPECT_EQ(root[1].size(), 2U);
  EXPECT_EQ(root[1][1].size(), 0U);
  EXPECT_TRUE(root[2].is_null());
  EXPECT_EQ(root[2].text(), "");
  EXPECT_TRUE(root[3].is_error());
  EXPECT_EQ(root[3].text(), "ERR last");
  EXPECT_FALSE(root[3].is_string());
  EXPECT_EQ(into.nodes[0].subtree, into.nodes.size());
}

}  // namespace
}  // namespace drover::resp::reader_test
