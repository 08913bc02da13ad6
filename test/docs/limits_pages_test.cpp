// SPDX-License-Identifier: MIT
// Tests of the code in docs/how-to/choose-limits.md, deadlines.md and errors-and-outages.md, and of
// the statements of these pages about it.
#include <drover/cache.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "entry/keys.hpp"
#include "support/cached_origin.hpp"
#include "support/redis_server.hpp"

namespace drover::test::limits_pages_test {
namespace {

using namespace std::chrono_literals;

struct access_token {
  std::string text;
  std::chrono::seconds expires_in{40};
};

access_token request_token(std::string_view user) { return {"token of " + std::string{user}}; }

struct report {
  std::string text;
  bool is_complete = false;
};

report build_report(std::string_view id) { return {"report " + std::string{id}, id == "old"}; }

/// A database whose queries have a time limit and can be cancelled.
struct cancellable_database {
  std::string query(std::string_view id, std::chrono::milliseconds limit,
                    const std::stop_token& cancelled) {
    last_limit = limit;
    was_cancelled = cancelled.stop_requested();
    return "row " + std::string{id};
  }

  std::chrono::milliseconds last_limit{};
  bool was_cancelled = false;
};

policy price_policy() {
  drover::policy prices;
  prices.ttl = 60s;        // a price may be a minute old,
  prices.grace = 10min;    // and ten minutes more while it is refreshed or the database is down
  prices.absent_ttl = 5s;  // a new product may stay unknown for five seconds
  prices.load_max = 5s;    // no query takes longer
  prices.bypass_max = 4;   // 20 processes x 4 = 80 queries at most while Redis is away
  return prices;
}

class limits_pages : public testing::Test {
 protected:
  redis_server server;
  client redis{cache_setup{.url = server.url()}.client()};
};

TEST_F(limits_pages, APolicyIsCheckedBeforeItIsUsed) {
  EXPECT_EQ(validate(price_policy()), std::nullopt);
  const auto check = [](const drover::policy& from_config) {
    if (const std::optional<std::string> complaint = drover::validate(from_config)) {
      throw std::invalid_argument{*complaint};  // names the field and the remedy
    }
  };
  EXPECT_NO_THROW(check(price_policy()));
  EXPECT_THROW(check({}), std::invalid_argument) << "there is no ttl";
}

TEST_F(limits_pages, AnEntryMayHaveItsOwnTtl) {
  drover::cache<std::string> tokens{redis,
                                    {.name = "token", .policy = {.ttl = 1h}},
                                    [](std::string_view user, drover::load& run) {
                                      const access_token token = request_token(user);
                                      run.ttl(token.expires_in - 10s);  // with a margin
                                      return token.text;
                                    }};
  EXPECT_EQ(tokens.get("42"), "token of 42");
  const std::string key = entry::key_space{"token", 1}.value_key("42");
  const std::int64_t ends_in_ms = server.command({"PTTL", key}).root().integer();
  EXPECT_GT(ends_in_ms, 0);
  EXPECT_LT(ends_in_ms, 60'000) << "and not an hour";
}

TEST_F(limits_pages, AnIncompleteAnswerIsNotStored) {
  int loads = 0;
  drover::cache<std::string> reports{
      redis,
      {.name = "report", .policy = {.ttl = 60s, .uncacheable_ttl = 0ms}},
      [&](std::string_view id) -> drover::loaded<std::string> {
        ++loads;
        const report built = build_report(id);
        if (built.is_complete) return built.text;
        return drover::loaded<std::string>::do_not_store(built.text);
      }};
  for (int i = 0; i < 2; ++i) EXPECT_EQ(reports.get("old"), "report old");
  EXPECT_EQ(loads, 1);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(reports.get("new"), "report new");
  EXPECT_EQ(loads, 3);
}

TEST_F(limits_pages, OneDeadlineServesAllCallsOfARequest) {
  const auto load = [](std::string_view key) { return std::string{key}; };
  drover::cache<std::string> users{redis, {.name = "user", .policy = {.ttl = 60s}}, load};
  drover::cache<std::string> prices{redis, {.name = "price", .policy = {.ttl = 60s}}, load};
  const auto handle = [&](std::stop_token connection_closed) {
    drover::call_options limits = drover::call_options::within(30s);
    limits.stop = connection_closed;  // a client that hangs up ends the wait, too
    const std::optional<std::string> user = users.get("42", limits);
    const std::optional<std::string> price = prices.get("tea", limits);  // the time that is left
    return user.value_or("") + ", " + price.value_or("");
  };
  EXPECT_EQ(handle({}), "42, tea");

  std::stop_source closed;
  closed.request_stop();
  EXPECT_THROW(static_cast<void>(users.get("43", {.stop = closed.get_token()})), refused);
}

TEST_F(limits_pages, ALoaderPassesItsDeadlineOn) {
  cancellable_database database;
  drover::cache<std::string> rows{redis,
                                  {.name = "row", .policy = {.ttl = 60s, .load_max = 20s}},
                                  [&](std::string_view id, drover::load& run) {
                                    const auto left =
                                        std::chrono::duration_cast<std::chrono::milliseconds>(
                                            run.deadline() - std::chrono::steady_clock::now());
                                    return database.query(id, left, run.stop_token());
                                  }};
  EXPECT_EQ(rows.get("1"), "row 1");
  EXPECT_GT(database.last_limit, 0ms);
  EXPECT_LE(database.last_limit, 20s);
  EXPECT_FALSE(database.was_cancelled);
}

TEST_F(limits_pages, ACallThatIsRefusedLeavesItsLoadToTheOthers) {
  std::promise<void> answer;
  const std::shared_future<void> answered{answer.get_future()};
  drover::cache<std::string> users{
      redis, {.name = "user", .policy = {.ttl = 60s}}, [&](std::string_view key) {
        answered.wait();
        return std::string{key};
      }};
  try {
    static_cast<void>(users.get("42", drover::call_options::within(50ms)));
    ADD_FAILURE() << "the load has not ended";
  } catch (const drover::refused& refused) {
    EXPECT_NE(refused.why(), drover::refused::reason::stopped);
  }
  answer.set_value();
  EXPECT_EQ(users.get("42"), "42");
}

TEST_F(limits_pages, AFailureIsTheDatabasesOwnExceptionForAllCallersInTheProcess) {
  int loads = 0;
  drover::cache<std::string> users{
      redis, {.name = "user", .policy = {.ttl = 60s}}, [&](std::string_view) -> std::string {
        ++loads;
        throw std::runtime_error{"the database is down"};
      }};
  const auto respond = [&](std::string_view id) -> std::string {
    try {
      return users.get(id).value_or("no such user");
    } catch (const drover::refused& refused) {  // a limit of this call, or a bound of the library
      return refused.why() == drover::refused::reason::saturated ? "overloaded" : "too late";
    } catch (const drover::load_failed& failed) {  // a load in another process, or one too long
      return "try again in " + std::to_string(failed.retry_in().count()) + " ms";
    } catch (const std::exception& failure) {  // what the loader threw; shared: do not modify it
      return failure.what();
    }
  };
  EXPECT_EQ(respond("42"), "the database is down");
  EXPECT_EQ(loads, 1);
}

TEST_F(limits_pages, AnOutageOfRedisReachesTheMonitorAndNoCaller) {
  server.stop();
  drover::cache<std::string> users{redis,
                                   {.name = "user", .policy = {.ttl = 60s}},
                                   [](std::string_view key) { return std::string{key}; }};
  const drover::fetched<std::string> user = users.fetch("42");
  EXPECT_EQ(user.value, "42");
  EXPECT_EQ(user.how, served::bypassed);

  std::string health = "ok";
  const drover::availability_report redis_now = redis.availability();
  switch (redis_now.state) {
    case drover::availability::unknown:
    case drover::availability::available: break;
    case drover::availability::away: health = "degraded: " + redis_now.reason; break;
    case drover::availability::refused: health = "misconfigured: " + redis_now.reason; break;
  }
  EXPECT_EQ(health.substr(0, 8), "degraded") << health;
}

}  // namespace
}  // namespace drover::test::limits_pages_test
