// SPDX-License-Identifier: MIT
// The options that constructors reject, and the messages of the exceptions.
#include <gtest/gtest.h>
#include <drover/cache.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>

#include "cache/connection_settings.hpp"

namespace drover::options_test {
namespace {

using namespace std::chrono_literals;

std::string complaint_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return {};
}

const auto nothing = [](std::string_view) { return std::string{}; };

TEST(policy_options, NonsenseIsRefusedByTheFieldsName) {
  const policy good{.ttl = 1s};
  ASSERT_EQ(validate(good), std::nullopt);
  const struct {
    const char* field;
    std::function<void(policy&)> spoil;
  } cases[] = {
      {"ttl", [](policy& p) { p.ttl = 0s; }},
      {"ttl", [](policy& p) { p.ttl = -1s; }},
      {"ttl", [](policy& p) { p.ttl = duration::max(); }},
      {"grace", [](policy& p) { p.grace = -1ms; }},
      {"absent_ttl", [](policy& p) { p.absent_ttl = -1ms; }},
      {"early_beta", [](policy& p) { p.early_beta = -0.5; }},
      {"early_beta", [](policy& p) { p.early_beta = std::numeric_limits<double>::quiet_NaN(); }},
      {"ttl_jitter", [](policy& p) { p.ttl_jitter = 1.0; }},
      {"ttl_jitter", [](policy& p) { p.ttl_jitter = -0.1; }},
      {"lease_ttl", [](policy& p) { p.lease_ttl = 10ms; }},
      {"load_max", [](policy& p) { p.load_max = 500ms; }},
      {"wait_max", [](policy& p) { p.wait_max = -1ms; }},
      {"uncacheable_ttl", [](policy& p) { p.uncacheable_ttl = -1ms; }},
      {"failure_pause_max", [](policy& p) { p.failure_pause_max = -1ms; }},
      {"bypass_max", [](policy& p) { p.bypass_max = 0; }},
      {"load_max", [](policy& p) { p.load_max = -1ms; }},
      {"lease_ttl", [](policy& p) { p.lease_ttl = -1ms; }},
      {"grace", [](policy& p) { p.grace = 24h * 365 * 11; }},
      {"early_beta", [](policy& p) { p.early_beta = 1001; }},
      {"ttl_jitter", [](policy& p) { p.ttl_jitter = std::numeric_limits<double>::infinity(); }},
  };
  for (const auto& test_case : cases) {
    policy changed = good;
    test_case.spoil(changed);
    const auto complaint = validate(changed);
    ASSERT_TRUE(complaint) << test_case.field;
    EXPECT_NE(complaint->find(std::string{"policy."} + test_case.field), std::string::npos)
        << *complaint;
  }
}

TEST(cache_options, AWrongNameOrPolicyIsRefusedAtConstruction) {
  const client redis{"unix:///nowhere/there-is-no-server"};
  for (const char* name : {"", "with space", "colon:", "{brace}", "per%cent"}) {
    EXPECT_NE(complaint_of([&] {
                cache<std::string>{redis, {.name = name, .policy = {.ttl = 1s}}, nothing};
              }).find("cache_options.name"),
              std::string::npos)
        << name;
  }
  EXPECT_NE(
      complaint_of([&] {
        cache<std::string>{redis, {.name = std::string(65, 'a'), .policy = {.ttl = 1s}}, nothing};
      }),
      "");
  EXPECT_NE(complaint_of([&] {
              cache<std::string>{redis, {.name = "user"}, nothing};
            }).find("ttl"),
            std::string::npos);
}

TEST(cache_options, ASecondCacheWithTheSameNameAndSchemaIsRefused) {
  const client redis{"unix:///nowhere/there-is-no-server"};
  const cache_options same{.name = "user", .policy = {.ttl = 1s}};
  {
    const cache<std::string> first{redis, same, nothing};
    EXPECT_NE(complaint_of([&] {
                cache<std::string>{redis, same, nothing};
              }).find("already"),
              std::string::npos);
    const cache<std::string> newer{
        redis, {.name = "user", .schema = 2, .policy = {.ttl = 1s}}, nothing};
  }
  const cache<std::string> again{redis, same, nothing};  // the name is free again
}

TEST(client_options, WhatIsNotSupportedIsRefusedWithWhatIs) {
  for (const char* url :
       {"rediss://localhost:0", "redis-sentinel://localhost:26379", "http://localhost", "",
        "redis://host:99999", "redis://user:secret-word@host:port"}) {
    const std::string complaint = complaint_of([&] { client{url}; });
    EXPECT_NE(complaint, "") << url;
    EXPECT_EQ(complaint.find("secret-word"), std::string::npos);
  }
  const struct {
    const char* url;
    const char* named;
  } cases[] = {{"redis-sentinel://localhost", "write redis+sentinel://"},
               {"redis+sentinel://localhost", "the service is missing"},
               {"redis+cluster://localhost/1", "a cluster has database 0 only"}};
  for (const auto& test_case : cases) {
    const std::string complaint = complaint_of([&] { client{test_case.url}; });
    EXPECT_NE(complaint.find(test_case.named), std::string::npos) << complaint;
  }
}

TEST(client_options, CredentialsOfSentinelsNeedSentinels) {
  for (const bool has_sentinels : {false, true}) {
    client_options options{.url = has_sentinels ? "redis+sentinel://h/main" : "redis://h"};
    options.sentinel_user = "app";
    EXPECT_NE(complaint_of([&] { client{options}; }).find("sentinel_"), std::string::npos);
    options.sentinel_password = "secret-word";
    const std::string complaint = complaint_of([&] { client{options}; });
    EXPECT_EQ(complaint.empty(), has_sentinels) << complaint;
    EXPECT_EQ(complaint.find("secret-word"), std::string::npos);
  }
}

TEST(client_options, TlsOfSentinelsNeedsSentinelsAndContradictsNothing) {
  const std::string plain = "redis+sentinel://h/main";
  const std::string secure = "rediss+sentinel://h/main";
  const struct {
    std::string url;
    std::function<void(client_options&)> spoil;
    const char* complaint;
  } cases[] = {
      {secure, [](client_options&) {}, ""},
      {secure, [](client_options& o) { o.sentinel_tls.emplace(); }, ""},
      {plain, [](client_options& o) { o.sentinel_tls.emplace(); }, ""},
      {"rediss://h", [](client_options& o) { o.sentinel_tls.emplace(); }, "sentinel_tls needs"},
      {secure, [](client_options& o) { o.sentinel_tls.emplace().key.text = "x"; },
       "sentinel_tls.key needs tls.certificate"},
      {plain, [](client_options& o) { o.tls.server_name = "a"; }, "tls.server_name needs TLS"},
      {plain, [](client_options& o) { o.plain_sentinels = true; }, "plain_sentinels needs a url"},
      {"rediss://h", [](client_options& o) { o.plain_sentinels = true; }, "plain_sentinels needs"},
      {secure, [](client_options& o) { o.plain_sentinels = true; }, "tls.ca or tls.server_name"},
      {secure,
       [](client_options& o) {
         o.plain_sentinels = true;
         o.tls.server_name = "a";
       },
       ""},
      {secure,
       [](client_options& o) {
         o.plain_sentinels = true;
         o.tls.server_name = "a";
         o.sentinel_tls.emplace();
       },
       "contradict each other"},
  };
  for (const auto& test_case : cases) {
    client_options options{.url = test_case.url};
    test_case.spoil(options);
    const std::string complaint = complaint_of([&] { client{options}; });
    if (*test_case.complaint == '\0') {
      EXPECT_EQ(complaint, "");
    } else {
      EXPECT_NE(complaint.find(test_case.complaint), std::string::npos) << complaint;
    }
  }
}

TEST(client_options, AFunctionReplacesUserAndPassword) {
  for (const char* url : {"redis://:secret-word@h", "redis://app:secret-word@h", "redis://h"}) {
    client_options options{.url = url};
    options.credentials_source = [] { return credentials{}; };
    const std::string complaint = complaint_of([&] { client{options}; });
    EXPECT_EQ(complaint.empty(), options.url == "redis://h") << complaint;
    EXPECT_EQ(complaint.find("secret-word"), std::string::npos);
    options.password = "secret-word";
    EXPECT_NE(complaint_of([&] { client{options}; }).find("credentials_source"), std::string::npos);
  }
}

TEST(client_options, BoundsThatCannotBeMeantAreRefused) {
  const struct {
    const char* field;
    std::function<void(client_options&)> spoil;
  } cases[] = {
      {"connect_max", [](client_options& o) { o.connect_max = 0ms; }},
      {"silence_max", [](client_options& o) { o.silence_max = -1ms; }},
      {"waiters_max", [](client_options& o) { o.waiters_max = 0; }},
      {"flights_max", [](client_options& o) { o.flights_max = 0; }},
      {"background_threads", [](client_options& o) { o.background_threads = 0; }},
      {"reply_max", [](client_options& o) { o.reply_max = 10; }},
      {"value_max", [](client_options& o) { o.value_max = o.reply_max; }},
      {"value_max", [](client_options& o) { o.value_max = SIZE_MAX; }},
      {"value_max", [](client_options& o) { o.value_max = o.reply_max = SIZE_MAX; }},
      {"value_max",
       [](client_options& o) {
         o.reply_max = std::size_t{1} << 30U;
         o.value_max = (std::size_t{512} << 20U) - 63;
       }},
      {"user", [](client_options& o) { o.user = "somebody"; }},
  };
  for (const auto& test_case : cases) {
    client_options changed;
    test_case.spoil(changed);
    EXPECT_NE(complaint_of([&] { client{changed}; }).find(test_case.field), std::string::npos)
        << test_case.field;
  }
}

TEST(client_options, BoundsThatNobodyReachesAreTaken) {
  client_options vast{.url = "unix:///nowhere/there-is-no-server"};
  vast.waiters_max = vast.flights_max = vast.background_queue_max = SIZE_MAX;
  vast.reply_max = vast.key_max = vast.invalidations_max = SIZE_MAX;
  vast.value_max = (std::size_t{512} << 20U) - 64;
  EXPECT_NO_THROW(client{vast});
}

TEST(client_options, AValueAsLongAsValueMaxFitsIntoTheQueueOfTheConnection) {
  client_options options;
  const std::size_t usual = detail::settings_of(options, {}, 1).queued_bytes_max;
  EXPECT_GE(usual, options.value_max + 4096);
  options.value_max = usual;
  EXPECT_GE(detail::settings_of(options, {}, 1).queued_bytes_max, usual + 4096);
}

TEST(client_options, AServerThatIsNotThereIsNoError) {
  const client redis{"unix:///nowhere/there-is-no-server"};
  cache<std::string> users{redis,
                           {.name = "user", .policy = {.ttl = 1s}},
                           [](std::string_view key) { return "of " + std::string{key}; }};
  const fetched<std::string> got = users.fetch("42");
  EXPECT_EQ(got.value, "of 42");
  EXPECT_EQ(got.how, served::bypassed);
}

}  // namespace
}  // namespace drover::options_test
