// SPDX-License-Identifier: MIT
#include "doctor/doctor.hpp"

#include <gtest/gtest.h>

#include <string>

#include "doctor/acl_text.hpp"
#include "text/usage_error.hpp"

namespace drover::doctor::doctor_test {
namespace {

check_report degraded() {
  check_report report;
  report.state = readiness::degraded;
  report.server = "valkey";
  report.version = "8.1.1";
  report.role = "primary";
  report.round_trip = std::chrono::microseconds{1234};
  report.problems.push_back({"INFO", "NOPERM no", "Restarts go unnoticed.", "grant +info", false});
  report.problems.push_back({"CLIENT TRACKING", "no push", "Waiters poll.", "", false});
  return report;
}

TEST(doctor, PrintsTheServerAndEachProblem) {
  EXPECT_EQ(text_of(degraded()),
            "degraded: valkey 8.1.1, primary, round trip 1.234 ms\n"
            "\n"
            "warning  INFO\n"
            "  NOPERM no\n"
            "  Restarts go unnoticed.\n"
            "  Remedy: grant +info\n"
            "\n"
            "warning  CLIENT TRACKING\n"
            "  no push\n"
            "  Waiters poll.\n");
}

TEST(doctor, PrintsWhatIsKnownOfAServerThatIsAway) {
  check_report report;
  report.problems.push_back({"connect", "connection refused", "Every call loads.", "", true});
  EXPECT_EQ(text_of(report),
            "unusable\n\nerror    connect\n  connection refused\n  Every call loads.\n");
  EXPECT_EQ(json_of(report).find("round_trip_ms"), std::string::npos);
}

TEST(doctor, WritesJson) {
  EXPECT_EQ(json_of(degraded()), R"({
  "state": "degraded",
  "server": "valkey",
  "version": "8.1.1",
  "role": "primary",
  "round_trip_ms": 1.234,
  "problems": [
    {
      "request": "INFO",
      "essential": false,
      "reason": "NOPERM no",
      "effect": "Restarts go unnoticed.",
      "remedy": "grant +info"
    },
    {
      "request": "CLIENT TRACKING",
      "essential": false,
      "reason": "no push",
      "effect": "Waiters poll."
    }
  ]
}
)");
}

TEST(doctor, ExitsByTheState) {
  EXPECT_EQ(exit_code_of(readiness::ready), 0);
  EXPECT_EQ(exit_code_of(readiness::unusable), 1);
  EXPECT_EQ(exit_code_of(readiness::degraded), 3);
}

TEST(acl, IsOneLineForRedisCliOrAFile) {
  const std::string command = acl_line("app", {"user", "order"});
  EXPECT_TRUE(
      command.starts_with("ACL SETUSER app reset on >PASSWORD resetkeys ~user:* ~order:* "
                          "resetchannels &user:* &order:* -@all +ping "))
      << command;
  EXPECT_EQ(command.find('\n'), command.size() - 1);
  EXPECT_EQ(command.find("+select"), std::string::npos);
  const std::string file =
      acl_line("shop", {"user"}, {.format = acl_format::file, .has_select = true});
  EXPECT_TRUE(file.starts_with("user shop on >PASSWORD resetkeys ~user:* ")) << file;
  EXPECT_NE(file.find(" +select"), std::string::npos);
}

TEST(acl, NamesTransactionsInsteadOfScripts) {
  const std::string line = acl_line("app", {"user"}, {.has_scripts = false});
  EXPECT_EQ(line.find("+evalsha"), std::string::npos) << line;
  EXPECT_NE(line.find(" +watch +multi +exec +discard\n"), std::string::npos) << line;
}

TEST(acl, AUserOnTheNodesOfAClusterMayFollowItsSlots) {
  const std::string line = acl_line("app", {"user"}, {.is_for_cluster = true});
  EXPECT_TRUE(line.ends_with(" +cluster|shards +asking\n")) << line;
}

TEST(acl, RefusesNamesThatCannotBe) {
  for (const char* const name : {"", "a b", "a*", "a:b", "~"}) {
    EXPECT_THROW(static_cast<void>(acl_line("app", {name})), text::usage_error) << name;
  }
  for (const char* const user : {"", "a b", "a\n", "\"a\"", "a\\"}) {
    EXPECT_THROW(static_cast<void>(acl_line(user, {"n"})), text::usage_error) << user;
  }
}

}  // namespace
}  // namespace drover::doctor::doctor_test
