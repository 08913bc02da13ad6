// SPDX-License-Identifier: MIT
#include "audit/run/environment.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace drover::audit::environment_test {
namespace {

const address proxy{"127.0.0.1", 7001, ""};

std::string value_of(const environment& variables, const std::string& name) {
  for (const std::string& variable : variables) {
    if (variable.starts_with(name + '=')) return variable.substr(name.size() + 1);
  }
  return "(not set)";
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

TEST(audit_environment, TheServerIsWhatRedisUrlSaysBeforeAllOthers) {
  const auto named = server_named_by(
      {"CACHE_URL=redis://cache:1", "REDIS_HOST=other", "REDIS_URL=redis://db:2/3"});
  EXPECT_EQ(named.variable, "REDIS_URL");
  EXPECT_EQ(describe(named.server), "db:2");
}

TEST(audit_environment, TheServerMayBeNamedInManyWays) {
  const std::pair<environment, const char*> cases[] = {
      {{"REDIS_HOST=h", "REDIS_PORT=7"}, "h:7"},
      {{"REDIS_HOST=h"}, "h:6379"},
      {{"REDIS_HOST=h:8"}, "h:8"},
      {{"SPRING_DATA_REDIS_HOST=h", "SPRING_DATA_REDIS_PORT=7"}, "h:7"},
      {{"SESSION_VALKEY_HOST=h"}, "h:6379"},
      {{"REDIS_ADDR=h:9"}, "h:9"},
      {{"REDIS_ADDR=[::1]:9"}, "[::1]:9"},
      {{"CELERY_BROKER_URL=redis://u:p@h:5/0"}, "h:5"},
      {{"MY_CACHE=valkey://h"}, "h:6379"},
      {{"REDIS_URL=unix:///run/r.sock?db=2"}, "unix:///run/r.sock"},
      {{"REDIS_SOCKET=/run/r.sock"}, "unix:///run/r.sock"},
      {{"REDIS_URL=redis://[fe80::1]:7/0"}, "[fe80::1]:7"},
  };
  for (const auto& [variables, server] : cases) {
    EXPECT_EQ(describe(server_named_by(variables).server), server) << variables.front();
  }
}

TEST(audit_environment, WhatOnlyLooksLikeAServerIsNone) {
  for (const char* variable :
       {"REDIS_HOST=", "REDISHOST=h", "PREDIS_HOST=h", "DATABASE_URL=postgres://h", "REDIS_URL=",
        "REDIS_URL=redis://a:1,b:2", "REDIS_ADDR=h:70000", "REDIS_ADDR=h:0", "NOTHING"}) {
    EXPECT_EQ(server_named_by({variable}).variable, "") << variable;
  }
}

TEST(audit_environment, TlsIsSaid) {
  EXPECT_TRUE(server_named_by({"REDIS_URL=rediss://h:1"}).is_tls);
  EXPECT_FALSE(server_named_by({"REDIS_URL=redis://h:1"}).is_tls);
}

TEST(audit_environment, OnlyTheServerInAUrlIsReplaced) {
  const auto rewritten_environment =
      rewrite({"REDIS_URL=redis://user:p%40ss@db:1/5?timeout=2s"}, {.proxy = proxy});
  EXPECT_EQ(value_of(rewritten_environment.variables, "REDIS_URL"),
            "redis://user:p%40ss@127.0.0.1:7001/5?timeout=2s");
  EXPECT_TRUE(contains(rewritten_environment.changed, "REDIS_URL"));
}

TEST(audit_environment, HostAndPortChangeTogether) {
  const auto rewritten_environment = rewrite({"APP_REDIS_HOST=db", "HOME=/root"}, {.proxy = proxy});
  EXPECT_EQ(value_of(rewritten_environment.variables, "APP_REDIS_HOST"), "127.0.0.1");
  EXPECT_EQ(value_of(rewritten_environment.variables, "APP_REDIS_PORT"), "7001");
  EXPECT_EQ(value_of(rewritten_environment.variables, "HOME"), "/root");
}

TEST(audit_environment, TheUsualVariablesAreSetEvenWhereNoneWas) {
  const auto rewritten_environment = rewrite({}, {.proxy = proxy});
  EXPECT_EQ(value_of(rewritten_environment.variables, "REDIS_URL"), "redis://127.0.0.1:7001");
  EXPECT_EQ(value_of(rewritten_environment.variables, "REDIS_HOST"), "127.0.0.1");
  EXPECT_EQ(value_of(rewritten_environment.variables, "REDIS_PORT"), "7001");
}

TEST(audit_environment, VariablesOfAnotherServerStay) {
  const address audited_server{"db", 1, ""};
  const auto rewritten_environment = rewrite(
      {"REDIS_URL=redis://db:1", "QUEUE_URL=redis://queue:1"}, {proxy, &audited_server, false});
  EXPECT_EQ(value_of(rewritten_environment.variables, "QUEUE_URL"), "redis://queue:1");
  EXPECT_EQ(rewritten_environment.unchanged, std::vector<std::string>{"QUEUE_URL"});
}

TEST(audit_environment, APrivateServerIsNotGivenPasswords) {
  const auto rewritten_environment =
      rewrite({"REDIS_URL=redis://:secret@db:1/2", "REDIS_PASSWORD=secret"},
              {.proxy = proxy, .drops_credentials = true});
  EXPECT_EQ(value_of(rewritten_environment.variables, "REDIS_URL"), "redis://127.0.0.1:7001/2");
  EXPECT_EQ(value_of(rewritten_environment.variables, "REDIS_PASSWORD"), "(not set)");
}

TEST(audit_environment, AProxyOnASocketIsNamedByItsPath) {
  const address socket{"", 0, "/run/a.sock"};
  const auto rewritten_environment =
      rewrite({"REDIS_URL=redis://db:1", "REDIS_SOCKET=/run/r.sock"}, {.proxy = socket});
  EXPECT_EQ(value_of(rewritten_environment.variables, "REDIS_URL"), "unix:///run/a.sock");
  EXPECT_EQ(value_of(rewritten_environment.variables, "REDIS_SOCKET"), "/run/a.sock");
  EXPECT_EQ(value_of(rewritten_environment.variables, "REDIS_HOST"), "(not set)");
}

TEST(audit_environment, PlaceholdersAreFilledIn) {
  EXPECT_EQ(fill_placeholders("-h {host} -p {port} {} {address}", proxy),
            "-h 127.0.0.1 -p 7001 redis://127.0.0.1:7001 127.0.0.1:7001");
  EXPECT_EQ(fill_placeholders("nothing", proxy), "nothing");
}

TEST(audit_environment, TheUrlOfTheProxySaysHowItIsSpokenTo) {
  const url_form with_tls{"rediss"};
  const auto tls = rewrite({"REDIS_URL=redis://u:p@db:1/3"}, {.proxy = proxy, .form = with_tls});
  EXPECT_EQ(tls.variables.back(), "REDIS_URL=rediss://u:p@" + describe(proxy) + "/3");
  const url_form sentinels{"redis+sentinel", "/main"};
  EXPECT_EQ(fill_placeholders("{} {address}", proxy, sentinels),
            "redis+sentinel://" + describe(proxy) + "/main " + describe(proxy));
}

}  // namespace
}  // namespace drover::audit::environment_test
