// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>

#include "audit/run/application_check.hpp"

namespace drover::audit::check_target_test {
namespace {

using namespace std::chrono_literals;

TEST(audit_check, ReadsAUrl) {
  struct row {
    const char* typed;
    address server;
    const char* path;
  };
  for (const auto& [typed, server, path] : {
           row{"http://127.0.0.1:8080/a?b=c", {"127.0.0.1", 8080, ""}, "/a?b=c"},
           row{"http://shop", {"shop", 80, ""}, "/"},
           row{"http://shop?x=1", {"shop", 80, ""}, "/?x=1"},
           row{"http://[::1]:81/", {"::1", 81, ""}, "/"},
           row{"http://[::1]/x", {"::1", 80, ""}, "/x"},
       }) {
    const auto target = parse_check(typed);
    ASSERT_TRUE(target) << typed << ": " << target.error().text;
    EXPECT_TRUE(target->is_url());
    EXPECT_EQ(target->server, server) << typed;
    EXPECT_EQ(target->path, path) << typed;
  }
}

TEST(audit_check, TakesAnythingElseForACommand) {
  const auto target = parse_check("curl -fsS http://127.0.0.1/");
  ASSERT_TRUE(target);
  EXPECT_FALSE(target->is_url());
  EXPECT_EQ(target->command, "curl -fsS http://127.0.0.1/");
}

TEST(audit_check, RefusesWhatItCannotAsk) {
  for (const char* const typed :
       {"https://127.0.0.1/", "http://", "http:///x", "http://a:b/", "http://a:0/", "http://u:p@a/",
        "http://a/x y", "http://a/x\r\nHost: b", "http://a/#top", "http://unix:/tmp/x", "", "  "}) {
    EXPECT_FALSE(parse_check(typed)) << typed;
  }
}

TEST(audit_check, ReadsTheStatusOfAnAnswer) {
  EXPECT_EQ(status_of_answer("HTTP/1.1 200 OK\r\n"), "200 OK");
  EXPECT_EQ(status_of_answer("HTTP/1.0 503 Service Unavailable\r\nX: y"),
            "503 Service Unavailable");
  EXPECT_EQ(status_of_answer("HTTP/1.1 200 OK"), "") << "the line may not be whole";
  EXPECT_EQ(status_of_answer("-ERR unknown command\r\n"), "");
  EXPECT_EQ(status_of_answer("HTTP/1.1 500 \x1b[31m\r\n"), "500 \\x1b[31m");
}

TEST(audit_check, KnowsTheEndOfAnAnswer) {
  const std::string sized = "HTTP/1.1 200 OK\r\ncontent-LENGTH: 3\r\n\r\nabc";
  for (std::size_t size = 0; size < sized.size(); ++size) {
    EXPECT_FALSE(is_whole_answer(sized.substr(0, size), false)) << size;
  }
  EXPECT_TRUE(is_whole_answer(sized, false));
  EXPECT_FALSE(is_whole_answer(sized.substr(0, sized.size() - 1), true));
  const std::string unsized = "HTTP/1.1 200 OK\r\n\r\nabc";
  EXPECT_FALSE(is_whole_answer(unsized, false));
  EXPECT_TRUE(is_whole_answer(unsized, true));
  EXPECT_TRUE(is_whole_answer("HTTP/1.1 200 OK\r\nX: y\r\n\r\n3\r\nabc\r\n0\r\n\r\n", false));
  EXPECT_FALSE(is_whole_answer("HTTP/1.1 200 OK\r\n", true));
}

TEST(audit_check, ACommandServesWithItsExitCode) {
  check_target target;
  target.command = "true";
  EXPECT_EQ(ask(target, 60s), "");
  target.command = "exit 3";
  EXPECT_EQ(ask(target, 60s), "the command ended with exit code 3");
  target.command = "sleep 600";
  EXPECT_EQ(ask(target, 50ms), "the command did not end within 50 ms");
  target.command = "exec >&-; sleep 600";
  EXPECT_EQ(ask(target, 50ms), "the command did not end within 50 ms");
}

TEST(audit_check, NobodyWhoListensServesNobody) {
  check_target target;
  target.server = {"127.0.0.1", 1, ""};
  target.path = "/";
  EXPECT_NE(ask(target, 60s).find("cannot connect to 127.0.0.1:1"), std::string::npos);
}

}  // namespace
}  // namespace drover::audit::check_target_test
