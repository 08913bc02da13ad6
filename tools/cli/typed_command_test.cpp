// SPDX-License-Identifier: MIT
#include "cli/typed_command.hpp"

#include <gtest/gtest.h>

namespace drover::cli::typed_command_test {
namespace {

TEST(typed_command, IsWhatAShellWouldTake) {
  EXPECT_EQ(typed_command({"drover", "audit", "--role", "lock:*=lock"}),
            "drover audit --role 'lock:*=lock'");
  EXPECT_EQ(quoted_word("it's"), "'it'\\''s'");
  EXPECT_EQ(quoted_word(""), "''");
}

TEST(typed_command, SaysNoSecret) {
  for (const char* word :
       {"redis://u:hush@h:1/0", "postgresql://u:hush hush@h/d", "--url=redis://u:hush@h",
        "--url=redis://u:hush hush@h", "python3 app.py redis://u:hush@h amqp://v:hush@i x",
        "sh -c 'app redis://u:hush@h'", "rediss://u:hush"}) {
    EXPECT_EQ(typed_command({"app", word}).find("hush"), std::string::npos) << word;
  }
  EXPECT_EQ(typed_command({"app.py redis://u:hush@h a://v:hush@i x"}),
            "'app.py redis://u@h a://v@i x'");
  for (const char* option : {"-a", "--pass", "--password", "--api-token", "--CLIENT-SECRET"}) {
    EXPECT_EQ(typed_command({"redis-cli", option, "hush", "PING"}),
              std::string{"redis-cli "} + option + " ... PING");
    EXPECT_EQ(typed_command({"redis-cli", std::string{option} + "=hush"}).find("hush"),
              std::string::npos);
  }
}

TEST(typed_command, LeavesOutNothingElse) {
  EXPECT_EQ(typed_command({"ls", "-l", "pass", "-b", "x=y"}), "ls -l pass -b x=y");
  for (const char* word : {"uniform:20-80", "lognormal:50:0.5", "a:b@c", "://", "sqlite:/x",
                           "redis://h:1/0", "x=unix:///run/redis.sock", "see a://b, c://d:1"}) {
    EXPECT_EQ(typed_command({word}), quoted_word(word));
  }
}

}  // namespace
}  // namespace drover::cli::typed_command_test
