// SPDX-License-Identifier: MIT
#include "audit/run/server_choice.hpp"

#include <gtest/gtest.h>

#include "text/usage_error.hpp"

namespace drover::audit::server_choice_test {
namespace {

std::string typed(const char* text) {
  return describe(server_from_option(text).without_credentials());
}

TEST(audit_server_choice, AServerIsTypedAsAddressOrUrl) {
  EXPECT_EQ(typed("db:7"), "db:7");
  EXPECT_EQ(typed("7"), "127.0.0.1:7");
  EXPECT_EQ(typed("/run/r.sock"), "unix:///run/r.sock");
  EXPECT_EQ(typed("unix:///run/r.sock"), "unix:///run/r.sock");
  EXPECT_EQ(typed("redis://u:p@db:7/3"), "db:7");
  const auto chosen = server_from_option("redis://u:p@db:7/3");
  EXPECT_EQ(chosen.endpoint.user, "u");
  EXPECT_EQ(chosen.endpoint.password, "p");
  EXPECT_EQ(chosen.endpoint.database, 3U);
}

TEST(audit_server_choice, WhatIsNoServerIsRefusedWithoutItsPassword) {
  for (const char* text :
       {"", "db:x", "db:0", "rediss://u:hush@db", "redis://u:hush@db:x", "http://u:hush@db"}) {
    try {
      ADD_FAILURE() << text << " is " << typed(text);
    } catch (const text::usage_error& error) {
      const std::string message = error.what();
      EXPECT_TRUE(message.starts_with("--upstream")) << message;
      EXPECT_EQ(message.find("hush"), std::string::npos) << message;
    }
  }
}

TEST(audit_server_choice, WithoutOneTheVariablesSayIt) {
  EXPECT_EQ(server_from_environment({"REDIS_URL=redis://db:7"}).source, "REDIS_URL");
  EXPECT_EQ(describe(server_from_environment({}).without_credentials()), "127.0.0.1:6379");
  EXPECT_THROW((void)server_from_environment({"REDIS_URL=rediss://db:7"}), text::usage_error);
}

TEST(audit_server_choice, OnlyThisMachineIsLoopback) {
  for (const char* text : {"127.0.0.1:1", "127.8.8.8:1", "localhost:1", "[::1]:1", "/run/r"}) {
    EXPECT_TRUE(is_loopback(server_from_option(text).without_credentials())) << text;
  }
  for (const char* text : {"db:1", "10.0.0.1:1", "128.0.0.1:1"}) {
    EXPECT_FALSE(is_loopback(server_from_option(text).without_credentials())) << text;
  }
}

}  // namespace
}  // namespace drover::audit::server_choice_test
