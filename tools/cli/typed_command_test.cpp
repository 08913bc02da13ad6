// SPDX-License-Identifier: MIT
#include "cli/typed_command.hpp"

#include <gtest/gtest.h>

namespace drover::cli {
namespace {

TEST(typed_command, IsWhatAShellWouldTake) {
  EXPECT_EQ(typed_command({"drover", "audit", "--role", "lock:*=lock"}),
            "drover audit --role 'lock:*=lock'");
  EXPECT_EQ(quoted_word("it's"), "'it'\\''s'");
  EXPECT_EQ(quoted_word(""), "''");
}

TEST(typed_command, SaysNoSecret) {
  EXPECT_EQ(typed_command({"app", "redis://u:hush@h:1/0"}).find("hush"), std::string::npos);
  for (const char* option : {"-a", "--pass", "--password", "--api-token", "--CLIENT-SECRET"}) {
    EXPECT_EQ(typed_command({"redis-cli", option, "hush", "PING"}),
              std::string{"redis-cli "} + option + " ... PING");
    EXPECT_EQ(typed_command({"redis-cli", std::string{option} + "=hush"}).find("hush"),
              std::string::npos);
  }
}

TEST(typed_command, LeavesOutNothingElse) {
  EXPECT_EQ(typed_command({"ls", "-l", "pass", "-b", "x=y"}), "ls -l pass -b x=y");
}

}  // namespace
}  // namespace drover::cli
