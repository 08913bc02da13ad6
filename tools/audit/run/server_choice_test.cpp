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
  for (const char* text : {"", "db:x", "db:0", "redis://u:hush@db:x", "http://u:hush@db",
                           "redis+cluster://u:hush@", "redis+cluster://u:hush@a:1,b:x",
                           "redis+cluster://u:hush@a:1/3", "redis+sentinel://u:hush@a:1",
                           "rediss+sentinel://u:hush@a:1/main", "rediss://u:hush@db?ssl=no"}) {
    try {
      ADD_FAILURE() << text << " is " << typed(text);
    } catch (const text::usage_error& error) {
      const std::string message = error.what();
      EXPECT_TRUE(message.starts_with("--upstream")) << message;
      EXPECT_EQ(message.find("hush"), std::string::npos) << message;
      EXPECT_EQ(message.find("client_options"), std::string::npos) << message;
    }
  }
}

TEST(audit_server_choice, AUrlMayNameSeveralServers) {
  const auto cluster = server_from_option("rediss+cluster://u:p@a:1,[::1]:2,c");
  EXPECT_EQ(cluster.kind, upstream_kind::cluster);
  EXPECT_TRUE(cluster.endpoint.tls);
  EXPECT_EQ(cluster.endpoint.user, "u");
  EXPECT_EQ(cluster.endpoint.password, "p");
  EXPECT_EQ(cluster.seeds, (std::vector<address>{{"a", 1, ""}, {"::1", 2, ""}, {"c", 6379, ""}}));
  const auto sentinels = server_from_option("redis+sentinel://a:1,b/main");
  EXPECT_EQ(sentinels.kind, upstream_kind::sentinels);
  EXPECT_EQ(sentinels.endpoint.service, "main");
  EXPECT_EQ(sentinels.seeds, (std::vector<address>{{"a", 1, ""}, {"b", 26379, ""}}));
  EXPECT_EQ(describe(sentinels.without_credentials()), "a:1");
  EXPECT_TRUE(server_from_option("valkeys://db").endpoint.tls);
  EXPECT_FALSE(server_from_option("valkey://db").endpoint.tls);
}

TEST(audit_server_choice, WithoutOneTheVariablesSayIt) {
  EXPECT_EQ(server_from_environment({"REDIS_URL=redis://db:7"}).source, "REDIS_URL");
  EXPECT_EQ(describe(server_from_environment({}).without_credentials()), "127.0.0.1:6379");
  EXPECT_TRUE(server_from_environment({"REDIS_URL=rediss://db:7"}).endpoint.tls);
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
