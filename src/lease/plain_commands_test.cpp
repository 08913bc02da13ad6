// SPDX-License-Identifier: MIT
#include "lease/plain_commands.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "resp/reader.hpp"

namespace drover::lease::plain_commands_test {
namespace {

using namespace std::chrono_literals;

resp::message parsed(std::string_view wire) {
  resp::message read;
  resp::reader reader;
  EXPECT_EQ(reader.read(wire, read).status, resp::reader::status::complete) << wire;
  return read;
}

const key_change storing{key_change::kind::store, "new", 5s};
const key_change replacing{key_change::kind::replace, "new", {}};
const key_change removing{.does = key_change::kind::remove};

std::string compared(const key_change& change) {
  std::string out;
  write_compared(out, "k", "old", change);
  return out;
}

std::string committed(const key_change& change) {
  std::string out;
  write_commit(out, "k", change);
  return out;
}

TEST(plain_commands, CompareTheWholeEntry) {
  EXPECT_EQ(compared(storing),
            "*7\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\nnew\r\n$4\r\nIFEQ\r\n$3\r\nold\r\n$2\r\nPX\r\n"
            "$4\r\n5000\r\n");
  EXPECT_EQ(compared(replacing),
            "*6\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\nnew\r\n$4\r\nIFEQ\r\n$3\r\nold\r\n"
            "$7\r\nKEEPTTL\r\n");
  EXPECT_EQ(compared(removing),
            "*7\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n$4\r\nIFEQ\r\n$3\r\nold\r\n$2\r\nPX\r\n"
            "$1\r\n1\r\n");
}

TEST(plain_commands, CommitAChangeWithExec) {
  EXPECT_EQ(committed(storing),
            "*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\nnew\r\n$2\r\nPX\r\n$4\r\n5000\r\n"
            "*1\r\n$4\r\nEXEC\r\n");
  EXPECT_EQ(committed(replacing),
            "*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\nnew\r\n$7\r\nKEEPTTL\r\n*1\r\n$4\r\nEXEC\r\n");
  EXPECT_EQ(committed(removing), "*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n*1\r\n$4\r\nEXEC\r\n");
}

TEST(plain_commands, ReadWhetherAComparisonHeld) {
  EXPECT_EQ(read_compared(parsed("+OK\r\n")).value(), true);
  EXPECT_EQ(read_compared(parsed("_\r\n")).value(), false);
  EXPECT_EQ(read_compared(parsed("$1\r\nx\r\n")).error().code, fault_code::corrupt);
  EXPECT_EQ(read_compared(parsed("-OOM x\r\n")).error().code, fault_code::overloaded);
}

TEST(plain_commands, RecogniseAServerThatCannotCompare) {
  EXPECT_EQ(read_comparison_probe(parsed("_\r\n")).value(), true);
  EXPECT_EQ(read_comparison_probe(parsed("-WRONGTYPE x\r\n")).value(), true);
  EXPECT_EQ(read_comparison_probe(parsed("-ERR syntax error\r\n")).value(), false);
  EXPECT_EQ(read_comparison_probe(parsed("-NOPERM x\r\n")).error().code, fault_code::unsupported);
}

std::vector<resp::message> replies_of(std::initializer_list<std::string_view> texts) {
  std::vector<resp::message> replies;
  for (const std::string_view text : texts) replies.push_back(parsed(text));
  return replies;
}

TEST(plain_commands, ReadAGrant) {
  auto granted = replies_of({"*2\r\n$1\r\n5\r\n$4\r\n1000\r\n", "_\r\n"});
  const auto lead = read_plain_grant(granted);
  ASSERT_TRUE(lead.has_value());
  EXPECT_FALSE(lead->stored);
  EXPECT_EQ(lead->now, server_time{5001ms});

  auto same =
      replies_of({"*2\r\n$1\r\n5\r\n$1\r\n0\r\n", "$3\r\nold\r\n", "+OK\r\n", "$3\r\nold\r\n"});
  EXPECT_TRUE(read_plain_grant(same)->is_watched);
  auto other =
      replies_of({"*2\r\n$1\r\n5\r\n$1\r\n0\r\n", "$3\r\nold\r\n", "+OK\r\n", "$0\r\n\r\n"});
  EXPECT_FALSE(read_plain_grant(other)->is_watched) << "it was changed before it was tracked";
}

TEST(plain_commands, OpenATransactionOnlyIfMultiWasExecuted) {
  auto open = replies_of({"+OK\r\n", "$3\r\nold\r\n", "+OK\r\n"});
  watched_read read = read_watched(open);
  EXPECT_TRUE(read.is_open);
  EXPECT_EQ(read.stored.value(), "old");

  auto refused = replies_of({"+OK\r\n", "$3\r\nold\r\n", "-NOPERM no multi\r\n"});
  read = read_watched(refused);
  EXPECT_FALSE(read.is_open);
  EXPECT_EQ(read.stored.error().code, fault_code::unsupported);

  auto unwatched = replies_of({"-NOPERM no watch\r\n", "_\r\n", "+OK\r\n"});
  read = read_watched(unwatched);
  EXPECT_TRUE(read.is_open) << "it must be discarded";
  EXPECT_FALSE(read.stored.has_value());
}

TEST(plain_commands, ReadWhetherATransactionWasExecuted) {
  EXPECT_EQ(read_committed(replies_of({"+QUEUED\r\n", "*1\r\n+OK\r\n"})).value(), true);
  EXPECT_EQ(read_committed(replies_of({"+QUEUED\r\n", "_\r\n"})).value(), false);
  EXPECT_EQ(read_committed(replies_of({"-OOM x\r\n", "-EXECABORT y\r\n"})).error().code,
            fault_code::overloaded);
  EXPECT_EQ(read_committed(replies_of({"+QUEUED\r\n", "*1\r\n-OOM x\r\n"})).error().code,
            fault_code::overloaded);
  EXPECT_EQ(read_committed(replies_of({"+OK\r\n", "*1\r\n+OK\r\n"})).error().code,
            fault_code::corrupt)
      << "the command was executed outside of a transaction";
}

TEST(plain_commands, TellARefusalOfScriptsFromOthers) {
  for (const char* const text :
       {"NOPERM this user has no permissions to run the 'evalsha' command",
        "NOPERM User app has no permissions to run the 'script|load' command",
        "ERR unknown command 'EVALSHA', with args beginning with: 'x'",
        "ERR unknown command 'SCRIPT', with args beginning with: 'LOAD'"}) {
    EXPECT_TRUE(refuses_scripts(fault_of(text))) << text;
  }
  for (const char* const text :
       {"NOPERM No permissions to access a key", "NOSCRIPT No matching script. Please use EVAL.",
        "ERR ACL failure in script: User app has no permissions to run the 'set' command script: "
        "d8f0, on @user_script:51.",
        "OOM command not allowed when used memory > 'maxmemory'.", "ERR syntax error"}) {
    EXPECT_FALSE(refuses_scripts(fault_of(text))) << text;
  }
}

}  // namespace
}  // namespace drover::lease::plain_commands_test
