// SPDX-License-Identifier: MIT
// The shapes of loaders that a cache accepts. test/package/messages tests the shapes that it
// rejects.
#include <gtest/gtest.h>
#include <drover/cache.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace drover::test::loader_shape_test {
namespace {

using namespace std::chrono_literals;

/// Redis is away, so each call runs the loader.
class loader_shapes : public ::testing::Test {
 protected:
  template <class Loader>
  std::optional<std::string> get(Loader loader) {
    cache<std::string> users{nowhere, {.name = "user", .policy = {.ttl = 60s}}, std::move(loader)};
    return users.get("42");
  }

  template <class Loader>
  std::optional<std::string> get_or_load(Loader&& loader) {
    const auto unused = [](std::string_view) { return "unused"; };
    cache<std::string> users{nowhere, {.name = "user", .policy = {.ttl = 60s}}, unused};
    return users.get_or_load("42", std::forward<Loader>(loader));
  }

  client nowhere{{.url = "unix:///nowhere/redis.sock"}};
};

std::string by_string(const std::string& key) { return "by string " + key; }

TEST_F(loader_shapes, TheKeyMayBeAString) {
  EXPECT_EQ(get(by_string), "by string 42");
  EXPECT_EQ(get([](const std::string& key) { return "a" + key; }), "a42");
  EXPECT_EQ(get([](std::string key) { return std::optional{key}; }), "42");
  EXPECT_EQ(get([](const std::string& key, load& run) {
              run.ttl(1s);
              return loaded<std::string>{key};
            }),
            "42");
}

TEST_F(loader_shapes, TheKeyOfGetOrLoadMayBeAString) {
  EXPECT_EQ(get_or_load(by_string), "by string 42");
  const auto constant = [](const std::string& key, load&) { return "b" + key; };
  EXPECT_EQ(get_or_load(constant), "b42");
}

TEST_F(loader_shapes, AnAnswerMayReferToTheKey) {
  const std::string longer_than_a_short_string(100, 'k');
  const auto same = [](const std::string& key) -> const std::string& { return key; };
  const auto view = [](std::string_view key) { return std::optional<std::string>{key}; };
  cache<std::string> users{nowhere, {.name = "user", .policy = {.ttl = 60s}}, same};
  EXPECT_EQ(users.get(longer_than_a_short_string), longer_than_a_short_string);
  EXPECT_EQ(users.get_or_load(longer_than_a_short_string, same), longer_than_a_short_string);
  EXPECT_EQ(users.get_or_load(longer_than_a_short_string, view), longer_than_a_short_string);
}

TEST_F(loader_shapes, AViewOfTheKeyIsPreferred) {
  struct both {
    std::string operator()(std::string_view) const { return "view"; }
    std::string operator()(const std::string&) const { return "string"; }
  };
  EXPECT_EQ(get(both{}), "view");
  EXPECT_EQ(get([](const auto& key) { return std::string{key}; }), "42");
}

TEST_F(loader_shapes, ALoaderMayBeMoveOnly) {
  EXPECT_EQ(get([prefix = std::make_unique<std::string>("mine ")](std::string_view key) {
              return *prefix + std::string{key};
            }),
            "mine 42");
  EXPECT_EQ(get_or_load([calls = std::make_unique<int>(0)](std::string_view) mutable {
              return std::to_string(++*calls);
            }),
            "1");
}

TEST_F(loader_shapes, AMoveOnlyLoaderKeepsItsStateBetweenLoads) {
  auto count = [calls = std::make_unique<int>(0)](std::string_view) {
    return std::to_string(++*calls);
  };
  cache<std::string> users{nowhere, {.name = "user", .policy = {.ttl = 60s}}, std::move(count)};
  EXPECT_EQ(users.get("42"), "1");
  EXPECT_EQ(users.get("42"), "2");
}

}  // namespace
}  // namespace drover::test::loader_shape_test
