// SPDX-License-Identifier: MIT
#include <drover/cache.hpp>
#include <drover/stderr_observer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "metrics/line_limit.hpp"
#include "support/cached_origin.hpp"
#include "support/redis_server.hpp"

namespace drover::metrics::stderr_observer_test {
namespace {

using namespace std::chrono_literals;

/// What `work` writes to stderr.
template <class Work>
std::string written_by(Work work) {
  testing::internal::CaptureStderr();
  work();
  return testing::internal::GetCapturedStderr();
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(stderr_observer, ShowsAWrongPassword) {
  const test::redis_server server;
  server.command({"CONFIG", "SET", "requirepass", "right"});
  client_options options = test::cache_setup{.url = server.url()}.client();
  options.password = "wrong-secret";
  options.event_observer = stderr_observer();
  const std::string text = written_by([&] {
    client redis{options};
    cache<std::string> users{redis, {.name = "user", .policy = {.ttl = 60s}}, [](std::string_view) {
                               return std::string{"loaded"};
                             }};
    EXPECT_EQ(users.get("secret-key"), "loaded");
    EXPECT_EQ(redis.availability().state, availability::refused);
  });
  EXPECT_NE(text.find("drover: connection_refused: "), std::string::npos) << text;
  EXPECT_NE(text.find("WRONGPASS"), std::string::npos) << text;
  EXPECT_EQ(text.find("wrong-secret"), std::string::npos) << text;
  EXPECT_EQ(text.find("secret-key"), std::string::npos) << text;
}

TEST(stderr_observer, IsSilentWhileAllIsWell) {
  const test::redis_server server;
  client_options options = test::cache_setup{.url = server.url()}.client();
  options.event_observer = stderr_observer();
  const std::string text = written_by([&] {
    client redis{options};
    cache<std::string> users{redis,
                             {.name = "user", .policy = {.ttl = 60s}},
                             [](std::string_view key) -> loaded<std::string> {
                               if (key == "unstored") return loaded<std::string>::do_not_store("b");
                               return std::string{"a"};
                             }};
    EXPECT_EQ(users.get("1"), "a");
    EXPECT_EQ(users.get("1"), "a");
    EXPECT_EQ(users.get("unstored"), "b");
    EXPECT_TRUE(users.invalidate("1"));
  });
  EXPECT_EQ(text, "");
}

TEST(stderr_observer, ShowsALoadThatFailedWithoutTheKey) {
  const test::redis_server server;
  client_options options = test::cache_setup{.url = server.url()}.client();
  options.event_observer = stderr_observer();
  const std::string text = written_by([&] {
    client redis{options};
    cache<std::string> users{
        redis, {.name = "user", .policy = {.ttl = 60s}}, [](std::string_view) -> std::string {
          throw std::runtime_error{"no database\nhere"};
        }};
    EXPECT_THROW(static_cast<void>(users.get("key-of-ada")), std::runtime_error);
  });
  EXPECT_EQ(text, "drover: load_failed in cache user: no database\\nhere\n");
}

TEST(stderr_observer, WritesAFewLinesOfOneKind) {
  const std::shared_ptr<observer> seen_by = stderr_observer({.lines_a_minute = 2});
  const std::string text = written_by([&] {
    for (int i = 0; i < 1000; ++i) {
      seen_by->on_event({.kind = event_kind::fault_seen, .cache = "user", .text = "no answer"});
    }
    seen_by->on_event({.kind = event_kind::connection_down, .text = "gone"});
    seen_by->on_event({.kind = event_kind::load_started, .cache = "user"});
  });
  EXPECT_EQ(lines_in(text), 3U) << text;
  EXPECT_NE(text.find("drover: connection_down: gone\n"), std::string::npos);
}

TEST(line_limit, CountsTheLinesThatItLeavesOut) {
  const steady_time begin{microseconds{5}};
  line_limit limit{2};
  EXPECT_EQ(limit.next(begin), 0U);
  EXPECT_EQ(limit.next(begin + 1s), 0U);
  EXPECT_EQ(limit.next(begin + 2s), std::nullopt);
  EXPECT_EQ(limit.next(begin + 59s), std::nullopt);
  EXPECT_EQ(limit.next(begin + 60s), 2U);
  EXPECT_EQ(limit.next(begin + 61s), 0U);
  EXPECT_EQ(limit.next(begin + 62s), std::nullopt);
  line_limit none{0};
  EXPECT_EQ(none.next(begin), std::nullopt);
}

}  // namespace
}  // namespace drover::metrics::stderr_observer_test
