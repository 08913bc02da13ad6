// SPDX-License-Identifier: MIT
#include "connection/url.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace drover::connection::url_test {
namespace {

TEST(url, WhatIsMeantIsRead) {
  const struct {
    const char* url;
    endpoint means;
  } cases[] = {
      {"redis://host", {.host = "host"}},
      {"redis://host:1", {.host = "host", .port = 1}},
      {"REDIS://host:65535/15", {.host = "host", .port = 65535, .database = 15}},
      {"redis://host/", {.host = "host"}},
      {"redis://[::1]:7000", {.host = "::1", .port = 7000}},
      {"redis://:pass@host", {.host = "host", .password = "pass"}},
      {"redis://user:p%40ss%2f@host/2",
       {.host = "host", .user = "user", .password = "p@ss/", .database = 2}},
      {"rediss://host", {.host = "host", .tls = true}},
      {"RediSS://user:pass@[::1]:7000/2",
       {.host = "::1",
        .port = 7000,
        .user = "user",
        .password = "pass",
        .database = 2,
        .tls = true}},
      {"unix:///run/redis.sock", {.path = "/run/redis.sock"}},
      {"unix:///run/a%20b?db=3", {.path = "/run/a b", .database = 3}},
  };
  for (const auto& test_case : cases) {
    const auto read = parse_url(test_case.url);
    ASSERT_TRUE(read) << test_case.url << ": " << read.error().text;
    EXPECT_EQ(read->host, test_case.means.host) << test_case.url;
    EXPECT_EQ(read->port, test_case.means.port) << test_case.url;
    EXPECT_EQ(read->path, test_case.means.path) << test_case.url;
    EXPECT_EQ(read->user, test_case.means.user) << test_case.url;
    EXPECT_EQ(read->password, test_case.means.password) << test_case.url;
    EXPECT_EQ(read->database, test_case.means.database) << test_case.url;
    EXPECT_EQ(read->tls, test_case.means.tls) << test_case.url;
  }
}

TEST(url, WhatCannotBeMeantIsRefusedWithoutRepeatingIt) {
  for (const char* url : {"",
                          "host",
                          "host:6379",
                          "redis:/host",
                          "redis://",
                          "redis://:6379",
                          "redis://host:0",
                          "redis://host:65536",
                          "redis://host:x",
                          "redis://host/x",
                          "redis://host/1?tls=1",
                          "redis://ho st",
                          "redis://[::1",
                          "redis://[host]",
                          "redis://::1",
                          "redis://secret-user:@host",
                          "redis://u:se%zzcret@host",
                          "redis://u:se%00cret@host",
                          "redis://u:sec/ret@host",
                          "redis://u:a@b@host",
                          "unix://relative",
                          "unix://",
                          "unix:///a?x=1",
                          "unix:///a?db=x",
                          "rediss://u:secret@host?verify=false",
                          "rediss://host/0?insecure=1",
                          "rediss://host/#",
                          "rediss:///run/redis.sock",
                          "rediss+unix:///run/redis.sock",
                          "redis-sentinel://host",
                          "redis+sentinel://host",
                          "redis+sentinel://host/",
                          "redis+sentinel:///main",
                          "redis+sentinel://host,/main",
                          "redis+sentinel://host,,other/main",
                          "redis+sentinel://host:0/main",
                          "redis+sentinel://host/main/x",
                          "redis+sentinel://host/main?db=1",
                          "redis+sentinel://host/ma%00in",
                          "redis+sentinel://u:secret@host/a b",
                          "redis+cluster://",
                          "redis+cluster://host,",
                          "redis+cluster://host,,other",
                          "redis+cluster://host:0",
                          "redis+cluster://host/service",
                          "redis+cluster://u:secret@host?tls=1",
                          "rediss+cluster://u:secret@host/1",
                          "redis-cluster://host",
                          "cluster://host",
                          "http://host",
                          "redis://host:-1",
                          "redis://host/-1",
                          "redis://host/99999999999"}) {
    const auto read = parse_url(url);
    ASSERT_FALSE(read) << url;
    EXPECT_FALSE(read.error().text.empty()) << url;
    for (const char* secret : {"secret", "se%", "cret", "a@b"}) {
      EXPECT_EQ(read.error().text.find(secret), std::string::npos) << url;
    }
  }
}

TEST(url, NamesSentinelsAndTheirService) {
  const auto read =
      parse_url("Redis+Sentinel://user:p%40ss@one:1,[::1]:2,10.0.0.3,one:1/my%2Fservice/4");
  ASSERT_TRUE(read) << read.error().text;
  const std::vector<host_port> sentinels{{"one", 1}, {"::1", 2}, {"10.0.0.3", 26379}};
  EXPECT_EQ(read->sentinels, sentinels) << "each once";
  EXPECT_EQ(read->service, "my/service");
  EXPECT_EQ(read->database, 4U);
  EXPECT_EQ(read->user, "user");
  EXPECT_EQ(read->password, "p@ss");
  EXPECT_EQ(read->host, "");
  EXPECT_EQ(read->path, "");
  EXPECT_EQ(describe(*read), "redis+sentinel://one:1,[::1]:2,10.0.0.3:26379/my%2Fservice/4");
  EXPECT_FALSE(read->tls);
  const auto secure = parse_url("rediss+sentinel://one:1/main");
  ASSERT_TRUE(secure && secure->tls);
  EXPECT_EQ(describe(*secure), "rediss+sentinel://one:1/main");
  const auto again = parse_url(describe(*read));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->sentinels, sentinels);
  EXPECT_EQ(again->service, "my/service");
  std::string many = "redis+sentinel://h0";
  for (int i = 1; i <= 32; ++i) many += ",h" + std::to_string(i);
  EXPECT_FALSE(parse_url(many + "/main")) << "a bounded number";
  EXPECT_FALSE(parse_plain_url("redis+sentinel://host/main"));
}

TEST(url, NamesNodesOfACluster) {
  const auto read = parse_url("Redis+Cluster://user:p%40ss@one:1,[::1]:2,10.0.0.3,one:1/");
  ASSERT_TRUE(read) << read.error().text;
  const std::vector<host_port> seeds{{"one", 1}, {"::1", 2}, {"10.0.0.3", 6379}};
  EXPECT_EQ(read->cluster_seeds, seeds) << "each once";
  EXPECT_EQ(read->user, "user");
  EXPECT_EQ(read->password, "p@ss");
  EXPECT_EQ(read->host, "");
  EXPECT_EQ(read->path, "");
  EXPECT_EQ(read->database, 0U);
  EXPECT_FALSE(read->tls);
  EXPECT_TRUE(read->sentinels.empty());
  EXPECT_EQ(describe(*read), "redis+cluster://one:1,[::1]:2,10.0.0.3:6379");
  const auto with_tls = parse_url("rediss+cluster://one:1,two:2");
  ASSERT_TRUE(with_tls);
  EXPECT_TRUE(with_tls->tls);
  EXPECT_EQ(describe(*with_tls), "rediss+cluster://one:1,two:2");
  EXPECT_TRUE(parse_url("redis+cluster://one/0"));
  for (const char* url : {"redis+cluster://one:1/3", "rediss+cluster://one/1"}) {
    const auto refused = parse_url(url);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text.find("database 0"), std::string::npos);
  }
  std::string many = "redis+cluster://h0";
  for (int i = 1; i <= 32; ++i) many += ",h" + std::to_string(i);
  EXPECT_FALSE(parse_url(many)) << "a bounded number";
  for (const char* url : {"redis+cluster://host", "rediss+cluster://host"}) {
    const auto plain = parse_plain_url(url);
    ASSERT_FALSE(plain);
    EXPECT_NE(plain.error().text.find("clusters"), std::string::npos);
  }
}

TEST(url, ProgramsWithoutTlsRefuseItWithAMessage) {
  EXPECT_TRUE(parse_plain_url("redis://host"));
  EXPECT_TRUE(parse_plain_url("unix:///run/redis.sock"));
  const auto read = parse_plain_url("rediss://u:secret@host");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().text.find("TLS"), std::string::npos);
  EXPECT_EQ(read.error().text.find("secret"), std::string::npos);
}

TEST(url, APathLongerThanASocketsAddressIsRefused) {
  EXPECT_TRUE(parse_url("unix:///" + std::string(106, 'a')));
  EXPECT_FALSE(parse_url("unix:///" + std::string(107, 'a')));
}

TEST(url, ADescriptionHoldsNoSecretAndCanBeReadAgain) {
  for (const char* url : {"redis://someone:secret@host:7000/3", "redis://:secret@[::1]",
                          "rediss://someone:secret@host:7000/3", "unix:///run/redis.sock?db=2"}) {
    const auto read = parse_url(url);
    ASSERT_TRUE(read);
    const std::string text = describe(*read);
    EXPECT_EQ(text.find("secret"), std::string::npos);
    EXPECT_EQ(text.find("someone"), std::string::npos);
    const auto again = parse_url(text);
    ASSERT_TRUE(again) << text;
    EXPECT_EQ(again->host, read->host);
    EXPECT_EQ(again->port, read->port);
    EXPECT_EQ(again->path, read->path);
    EXPECT_EQ(again->database, read->database);
    EXPECT_EQ(again->tls, read->tls);
  }
}

}  // namespace
}  // namespace drover::connection::url_test
