// SPDX-License-Identifier: MIT
// Tests of the code in docs/how-to/test-your-code.md.
#include <drover/cache.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/redis_server.hpp"

namespace drover::test::testing_page_test {
namespace {

using namespace std::chrono_literals;

// The code under test: it takes its client and its loader from outside.
class user_names {
 public:
  using loader = std::function<std::string(std::string_view id)>;

  user_names(const drover::client& redis, loader load_name)
      : cache_{redis, {.name = "user-name", .policy = {.ttl = 60s}}, std::move(load_name)} {}

  std::string greeting(std::string_view id) { return "Hello, " + cache_.get(id).value_or("you"); }
  bool renamed(std::string_view id) { return cache_.invalidate(id).has_value(); }

 private:
  drover::cache<std::string> cache_;
};

TEST(testing_page, WithoutRedisEveryCallRunsTheLoader) {
  const drover::client no_redis{"unix:///no/redis/here.sock"};
  int loads = 0;
  user_names names{no_redis, [&](std::string_view id) {
                     ++loads;
                     return "user " + std::string{id};
                   }};

  EXPECT_EQ(names.greeting("42"), "Hello, user 42");
  EXPECT_EQ(names.greeting("42"), "Hello, user 42");
  EXPECT_EQ(loads, 2);
  EXPECT_FALSE(names.renamed("42"));  // nobody acknowledged it
}

TEST(testing_page, ManyCallersOfAColdKeyCauseOneLoad) {
  const redis_server server;
  const std::string url = server.url();

  drover::client_options options{.url = url};
  options.connect_max = options.silence_max = 20s;  // a busy test machine is no outage
  const drover::client redis{options};
  std::atomic<int> loads = 0;
  user_names names{redis, [&](std::string_view id) {
                     ++loads;
                     return "user " + std::string{id};
                   }};

  std::vector<std::jthread> callers;
  for (int i = 0; i < 50; ++i) {
    callers.emplace_back([&] { EXPECT_EQ(names.greeting("42"), "Hello, user 42"); });
  }
  callers.clear();  // waits for them
  EXPECT_EQ(loads, 1);
}

TEST(testing_page, TwoClientsBehaveAsTwoProcesses) {
  const redis_server server;
  const std::string url = server.url();

  std::atomic<int> version = 1;
  const auto load_name = [&](std::string_view) { return "version " + std::to_string(version); };
  drover::client_options options{.url = url};
  options.connect_max = options.silence_max = 20s;
  const drover::client first_client{options};
  const drover::client second_client{options};
  user_names first_process{first_client, load_name};
  user_names second_process{second_client, load_name};

  EXPECT_EQ(first_process.greeting("42"), "Hello, version 1");
  version = 2;
  EXPECT_EQ(second_process.greeting("42"), "Hello, version 1");  // from Redis
  EXPECT_TRUE(first_process.renamed("42"));
  EXPECT_EQ(second_process.greeting("42"), "Hello, version 2");
}

}  // namespace
}  // namespace drover::test::testing_page_test
