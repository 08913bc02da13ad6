// SPDX-License-Identifier: MIT
#include "resp/writer.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "resp/request_reader.hpp"

namespace drover::resp::writer_test {
namespace {

using namespace std::string_view_literals;

TEST(writer, WritesArraysOfBulks) {
  std::string out = "x";
  write_command(out, {"SET", "k\r\n", ""});
  EXPECT_EQ(out, "x*3\r\n$3\r\nSET\r\n$3\r\nk\r\n\r\n$0\r\n\r\n");
}

TEST(writer, WritesPieceByPiece) {
  std::string out;
  begin_command(out, 3);
  write_argument(out, "PEXPIRE"sv);
  write_argument(out, "\0"sv);
  write_argument(out, std::int64_t{1500});
  EXPECT_EQ(out, "*3\r\n$7\r\nPEXPIRE\r\n$1\r\n\0\r\n$4\r\n1500\r\n"sv);
}

TEST(writer, WritesTheLongestNumbers) {
  std::string out;
  write_argument(out, std::numeric_limits<std::int64_t>::min());
  write_argument(out, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(out, "$20\r\n-9223372036854775808\r\n$19\r\n9223372036854775807\r\n");
}

TEST(writer, WritesWhatTheRequestReaderReads) {
  std::mt19937 random{3};
  for (int round = 0; round < 500; ++round) {
    std::vector<std::string> arguments(1 + random() % 20);
    for (std::string& argument : arguments) {
      argument.resize(random() % (round % 50 == 0 ? 5000 : 30));
      for (char& c : argument) c = static_cast<char>(random());
    }
    const std::vector<std::string_view> views{arguments.begin(), arguments.end()};
    std::string out;
    write_command(out, views);

    request_reader subject;
    request into;
    const auto [status, consumed] = subject.read(out, into);
    ASSERT_EQ(status, request_reader::status::complete);
    ASSERT_EQ(consumed, out.size());
    ASSERT_EQ(into.wire_size, out.size());
    ASSERT_EQ(into.argument_count, arguments.size());
    for (std::size_t i = 0; i < arguments.size(); ++i) ASSERT_EQ(into[i], arguments[i]);
  }
}

}  // namespace
}  // namespace drover::resp::writer_test
