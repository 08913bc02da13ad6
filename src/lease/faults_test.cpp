// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "lease/commands.hpp"

namespace drover::lease::faults_test {
namespace {

using namespace std::string_view_literals;

fault_code code_of(std::string_view text) { return fault_of(text).code; }

TEST(faults, AreClassedByWhatCanBeDone) {
  for (const std::string_view away :
       {"LOADING Redis is loading the dataset in memory", "MASTERDOWN Link with MASTER is down",
        "READONLY You can't write against a read only replica.", "CLUSTERDOWN The cluster is down",
        "NOREPLICAS Not enough good replicas to write.",
        "TRYAGAIN Multiple keys request during rehashing of slot"}) {
    EXPECT_EQ(code_of(away), fault_code::unreachable) << away;
  }
  for (const std::string_view busy :
       {"OOM command not allowed when used memory > 'maxmemory'.",
        "BUSY Redis is busy running a script.", "ERR max number of clients reached",
        "ERR max number of clients + cluster connections reached",
        "MISCONF Redis is configured to save RDB snapshots"}) {
    EXPECT_EQ(code_of(busy), fault_code::overloaded) << busy;
  }
  for (const std::string_view refused :
       {"NOPERM this user has no permissions to run the 'get' command",
        "ERR unknown command 'EVALSHA', with args beginning with: ", "ERR Unknown subcommand",
        "NOAUTH Authentication required.", "WRONGPASS invalid username-password pair",
        "NOSCRIPT No matching script. Please use EVAL.", "NOPROTO unsupported protocol version",
        "ERR scripting is disabled", "ERR command EVALSHA not supported for normal client",
        "ERR The user executing the script can't run this command or subcommand script: 1",
        "MOVED 3999 127.0.0.1:6381",
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN"}) {
    EXPECT_EQ(code_of(refused), fault_code::unsupported) << refused;
  }
  for (const std::string_view odd :
       {"WRONGTYPE Operation against a key holding the wrong kind of value",
        "ERR value is not an integer or out of range", "ERR", "", " ", "SOMETHING else",
        "OOMPH is no code"}) {
    EXPECT_EQ(code_of(odd), fault_code::corrupt) << odd;
  }
}

TEST(faults, AreRefusalsWhenTheServerCouldButThisClientMayNot) {
  for (const std::string_view refused :
       {"NOPERM this user has no permissions to run the 'get' command",
        "NOPERM this user has no permissions to access one of the keys used as arguments", "NOPERM",
        "DENIED", "NOAUTH Authentication required.", "WRONGPASS invalid username-password pair",
        "MOVED 3999 127.0.0.1:6381", "ASK 3999 127.0.0.1:6381",
        "ERR The user executing the script can't run this command or subcommand script: 1",
        "ERR ACL failure in script: The user executing the script can't run this command"}) {
    EXPECT_TRUE(is_refusal(fault_of(refused))) << refused;
  }
  for (const std::string_view other :
       {"ERR unknown command 'EVALSHA', with args beginning with: ", "NOSCRIPT No matching script.",
        "NOPROTO unsupported protocol version", "ERR scripting is disabled",
        "LOADING Redis is loading the dataset in memory", "WRONGTYPE NOPERM",
        "READONLY You can't write against a read only replica.", "ERR syntax error"}) {
    EXPECT_FALSE(is_refusal(fault_of(other))) << other;
  }
}

TEST(faults, ShowShortPrintableText) {
  const fault classified = fault_of("ERR a\0b\r\n\xFF\\c"sv);
  EXPECT_EQ(classified.text, "ERR a\\x00b\\x0d\\x0a\\xff\\x5cc");
  EXPECT_EQ(fault_of(std::string(5000, 'x')).text, std::string(200, 'x'));
  EXPECT_EQ(fault_of(std::string(5000, '\0')).text.size(), 200U);
  EXPECT_EQ(fault_of(std::string(199, 'x') + '\n').text, std::string(199, 'x'));
}

TEST(faults, NeverRepeatTheArgumentsOfACommandThatIsUnknown) {
  const fault classified = fault_of(
      "ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `app`, `secret`");
  EXPECT_EQ(classified.text, "ERR unknown command `HELLO`");
  EXPECT_EQ(classified.code, fault_code::unsupported);
}

}  // namespace
}  // namespace drover::lease::faults_test
