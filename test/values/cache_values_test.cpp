// SPDX-License-Identifier: MIT
// Structs, containers and types that cannot be copied as the values of a cache, on a real server.
#include <drover/cache.hpp>
#include <drover/key.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "entry/keys.hpp"
#include "support/cached_origin.hpp"
#include "support/redis_server.hpp"
#include "values/order_for_test.hpp"

namespace drover::test::cache_values_test {

/// Cannot be copied.
struct page {
  std::unique_ptr<std::string> text;
};

struct price {
  int cents = 0;
  bool operator==(const price&) const = default;
};
/// The same struct in the next version of the program.
struct next_price {
  int cents = 0;
  std::string currency;
  bool operator==(const next_price&) const = default;
};

}  // namespace drover::test::cache_values_test

template <>
struct drover::codec<drover::test::cache_values_test::page> {
  using page = drover::test::cache_values_test::page;
  static std::string encode(const page& value) {
    if (*value.text == "unspeakable") throw std::runtime_error{"no bytes for it"};
    return *value.text;
  }
  static drover::result<page> decode(std::string_view bytes) {
    return page{std::make_unique<std::string>(bytes)};
  }
};
template <>
struct drover::codec<drover::test::cache_values_test::price>
    : drover::member_codec<drover::test::cache_values_test::price,
                           &drover::test::cache_values_test::price::cents> {};
template <>
struct drover::codec<drover::test::cache_values_test::next_price>
    : drover::member_codec<drover::test::cache_values_test::next_price,
                           &drover::test::cache_values_test::next_price::cents,
                           &drover::test::cache_values_test::next_price::currency> {};

namespace drover::test::cache_values_test {
namespace {

using namespace std::chrono_literals;

class cache_values : public testing::Test {
 protected:
  redis_server server;
  client redis{cache_setup{.url = server.url()}.client()};
  const policy calm{.ttl = 1h, .early_beta = 0};
};

TEST_F(cache_values, AStructComesBackAsItWas) {
  order made;
  made.customer = "Ada";
  made.lines = {{"tea", 2, {{"leaf", 100, {}}}}};
  made.tags["a"] = {1, 2};
  drover::cache<order> orders{
      redis, {.name = "order", .policy = calm}, [&](std::string_view) { return made; }};
  EXPECT_EQ(orders.fetch("1").how, served::loaded);
  const fetched<order> got = orders.fetch("1");
  EXPECT_EQ(got.how, served::fresh);
  EXPECT_EQ(got.value, made);
}

TEST_F(cache_values, TwoVersionsOfAStructUseTheirOwnEntries) {
  int loads = 0;
  drover::cache<price> old_prices{redis, {.name = "price", .policy = calm}, [&](std::string_view) {
                                    ++loads;
                                    return price{100};
                                  }};
  const client newer{cache_setup{.url = server.url()}.client()};
  drover::cache<next_price> new_prices{
      newer,
      {.name = "price", .policy = calm, .also_invalidates = {schema_of<price>}},
      [&](std::string_view) {
        ++loads;
        return next_price{100, "EUR"};
      }};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(old_prices.get("tea"), price{100});
    EXPECT_EQ(new_prices.get("tea"), (next_price{100, "EUR"}));
  }
  EXPECT_EQ(loads, 2) << "each version loads once, and neither disturbs the other";
  ASSERT_TRUE(new_prices.invalidate("tea"));
  EXPECT_EQ(old_prices.fetch("tea").how, served::loaded);
}

TEST_F(cache_values, AChangedStructUnderTheSameSchemaIsAMiss) {
  drover::cache<price> old_prices{redis,
                                  {.name = "price", .schema = 3, .policy = calm},
                                  [](std::string_view) { return price{100}; }};
  const client newer{cache_setup{.url = server.url()}.client()};
  drover::cache<next_price> new_prices{
      newer, {.name = "price", .schema = 3, .policy = calm}, [](std::string_view) {
        return next_price{100, "EUR"};
      }};
  EXPECT_EQ(old_prices.get("tea"), price{100});
  EXPECT_EQ(new_prices.fetch("tea").how, served::loaded);
  EXPECT_EQ(new_prices.stats().corrupt_entries, 1U);
}

TEST_F(cache_values, TheSchemaIsThatOfTheTypeUnlessTheOptionsNameOne) {
  drover::cache<price> prices{
      redis, {.name = "price", .policy = calm}, [](std::string_view) { return price{100}; }};
  drover::cache<std::string> texts{
      redis, {.name = "text", .policy = calm}, [](std::string_view) { return std::string{"a"}; }};
  drover::cache<price> chosen{redis,
                              {.name = "price", .schema = 9, .policy = calm},
                              [](std::string_view) { return price{100}; }};
  static_cast<void>(prices.get("a"));
  static_cast<void>(texts.get("a"));
  static_cast<void>(chosen.get("a"));
  for (const auto& [name, schema] :
       {std::pair{"price", schema_of<price>}, {"text", 1}, {"price", 9}}) {
    const std::string key = entry::key_space{name, schema}.value_key("a");
    EXPECT_EQ(server.command({"EXISTS", key}).root().integer(), 1) << key;
  }
}

TEST_F(cache_values, AValueThatCannotBeCopiedIsShared) {
  int loads = 0;
  drover::cache<page> pages{
      redis, {.name = "page", .policy = calm}, [&](std::string_view key) -> std::optional<page> {
        ++loads;
        if (key == "none") return std::nullopt;
        return page{std::make_unique<std::string>("page " + std::string{key})};
      }};
  EXPECT_EQ(pages.peek_shared("1"), nullptr);
  const std::shared_ptr<const page> first = pages.get_shared("1");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(*first->text, "page 1");
  EXPECT_EQ(*pages.get_shared("1")->text, "page 1");
  EXPECT_EQ(*pages.peek_shared("1")->text, "page 1");
  const auto fetched = pages.fetch_shared("1");
  EXPECT_EQ(fetched.how, served::fresh);
  EXPECT_EQ(*fetched.value.value()->text, "page 1");
  EXPECT_EQ(pages.get_shared("none"), nullptr);
  EXPECT_EQ(pages.fetch_shared("none").value, std::nullopt);
  EXPECT_EQ(loads, 2);
}

TEST_F(cache_values, AValueThatCannotBeEncodedReachesItsCallers) {
  drover::cache<page> pages{redis, {.name = "page", .policy = calm}, [](std::string_view) {
                              return page{std::make_unique<std::string>("unspeakable")};
                            }};
  EXPECT_EQ(*pages.get_shared("1")->text, "unspeakable");
  EXPECT_EQ(pages.stats().not_stored, 1U);
}

TEST_F(cache_values, AKeyOfPartsReachesTheLoaderAsParts) {
  drover::cache<std::string> names{
      redis,
      {.name = "name", .policy = calm},
      with_key<std::string, int>([](const std::string& kind, int id, load& run) {
        EXPECT_FALSE(run.is_lease_lost());
        return kind + " no " + std::to_string(id);
      })};
  EXPECT_EQ(names.get(key("us:er", 42)), "us:er no 42");
  EXPECT_EQ(names.fetch(key("us:er", 42)).how, served::fresh);
  const std::string stored = entry::key_space{"name", 1}.value_key("us%3Aer:42");
  EXPECT_EQ(server.command({"EXISTS", stored}).root().integer(), 1);
  EXPECT_THROW(static_cast<void>(names.get("42")), std::invalid_argument);
}

}  // namespace
}  // namespace drover::test::cache_values_test
