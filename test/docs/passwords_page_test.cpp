// SPDX-License-Identifier: MIT
// Tests of the code in docs/how-to/change-passwords.md.
#include <drover/cache.hpp>

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "support/redis_server.hpp"

namespace drover::test::passwords_page_test {
namespace {

using namespace std::chrono_literals;

struct fake_vault {
  [[nodiscard]] std::string password() const { return "secret"; }
};

struct token_maker {
  std::string next() { return "token" + std::to_string(++count); }
  int count = 0;
};

struct page {
  // A token of 15 minutes authenticates a connection. After 12 hours the service ends it.
  drover::credentials token_of(token_maker& tokens) {
    return {.user = "app", .password = tokens.next(), .renew_after = 11h};
  }
};

TEST(passwords_page, AFunctionGivesThePassword) {
  const redis_server server;
  server.command({"ACL", "SETUSER", "app", "on", ">secret", "+@all", "~*", "&*"});
  const fake_vault vault;
  const std::string url = server.url();
  drover::client redis{{.url = url, .credentials_source = [&vault] {
                          return drover::credentials{.user = "app", .password = vault.password()};
                        }}};
  cache<std::string> users{redis, {.name = "user", .policy = {.ttl = 1h}}, [](std::string_view) {
                             return std::string{"value"};
                           }};
  while (users.fetch("42").how != served::fresh) std::this_thread::yield();
  redis.credentials_changed();
  EXPECT_EQ(users.fetch("42").how, served::fresh);
}

TEST(passwords_page, ATokenNamesItsTime) {
  token_maker tokens;
  EXPECT_EQ(page{}.token_of(tokens).password, "token1");
  EXPECT_EQ(page{}.token_of(tokens).renew_after, 11h);
}

}  // namespace
}  // namespace drover::test::passwords_page_test
