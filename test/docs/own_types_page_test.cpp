// SPDX-License-Identifier: MIT
// Tests of the code in docs/how-to/own-types.md and roll-out-a-format.md. Codecs whose package is
// missing are left out.
#include <drover/cache.hpp>
#include <drover/codecs/json.hpp>
#include <drover/key.hpp>
#if __has_include(<msgpack.hpp>)
#include <drover/codecs/msgpack.hpp>
#endif
#if __has_include(<zstd.h>)
#include <drover/codecs/zstd.hpp>
#endif

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "support/cached_origin.hpp"
#include "support/redis_server.hpp"

namespace shop {

struct article {
  int id = 0;
  std::string title;
  bool operator==(const article&) const = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(article, id, title)

class account {
 public:
  account() = default;
  explicit account(int cents) : cents_{cents} {}
  int cents() const { return cents_; }

 private:
  friend struct drover::codec<account>;
  int cents_ = 0;
};

// The text is in Redis, the words are computed from it.
struct page {
  std::string text;
  std::size_t words = 0;
  bool operator==(const page&) const = default;
};

struct customer_id {
  char region = 'A';
  std::uint32_t number = 0;
  bool operator==(const customer_id&) const = default;
};

struct order {
  int id = 0;
  int total_cents = 0;
};

#if __has_include(<msgpack.hpp>)
struct point {
  double x = 0;
  double y = 0;
  MSGPACK_DEFINE(x, y)
};
#endif

#if __has_include(<zstd.h>)
struct report {
  std::string html;
};
#endif

}  // namespace shop

template <>
struct drover::codec<shop::article> : drover::json_codec<shop::article> {};

template <>
struct drover::codec<shop::account> : drover::member_codec<shop::account, &shop::account::cents_> {
};

template <>
struct drover::codec<shop::page> : drover::some_members_codec<shop::page, &shop::page::text> {};

template <>
struct drover::codec<shop::order>
    : drover::member_codec<shop::order, &shop::order::id, &shop::order::total_cents> {};

template <>
struct drover::key_codec<shop::customer_id> {
  static std::string encode(const shop::customer_id& id) {
    return id.region + std::to_string(id.number);
  }
};

#if __has_include(<msgpack.hpp>)
template <>
struct drover::codec<shop::point> : drover::msgpack_codec<shop::point> {};
#endif

#if __has_include(<zstd.h>)
// Compresses values of 512 bytes and more, and refuses those of more than 16 MB.
template <>
struct drover::codec<shop::report>
    : drover::zstd_codec<shop::report, drover::member_codec<shop::report, &shop::report::html>,
                         drover::zstd_options{.level = 6, .decoded_max = 16'000'000}> {};
#endif

namespace drover::test::own_types_page_test {
namespace {

using namespace std::chrono_literals;

template <class T>
T through_bytes(const T& value) {
  return codec<T>::decode(codec<T>::encode(value)).value();
}

TEST(own_types_page, EveryCodecBringsTheValueBack) {
  EXPECT_EQ(through_bytes(shop::article{1, "tea"}), (shop::article{1, "tea"}));
  EXPECT_EQ(through_bytes(shop::account{250}).cents(), 250);
  EXPECT_EQ(through_bytes(shop::page{"two words", 2}), (shop::page{"two words", 0}));
#if __has_include(<msgpack.hpp>)
  EXPECT_EQ(through_bytes(shop::point{1, 2}).y, 2);
#endif
#if __has_include(<zstd.h>)
  const std::string html(100'000, 'x');
  EXPECT_EQ(through_bytes(shop::report{html}).html, html);
  EXPECT_LT(codec<shop::report>::encode({html}).size(), 1000U);
#endif
}

TEST(own_types_page, KeysHaveParts) {
  EXPECT_EQ(drover::key("user", 42, "en"), "user:42:en");
  EXPECT_EQ(drover::key("a:b", 42), "a%3Ab:42");
  EXPECT_EQ(drover::key(shop::customer_id{'B', 7}, "en"), "B7:en");
  const auto parts = drover::split_key<std::string, int>("a%3Ab:42");
  EXPECT_EQ(parts, (std::tuple<std::string, int>{"a:b", 42}));
}

TEST(own_types_page, ALargeValueIsShared) {
  const redis_server server;
  client redis{cache_setup{.url = server.url()}.client()};
  drover::cache<shop::article> articles{
      redis, {.name = "article", .policy = {.ttl = 60s}}, [](std::string_view) {
        return shop::article{1, "tea"};
      }};
  const std::shared_ptr<const shop::article> tea = articles.get_shared("1");  // no copy
  if (tea == nullptr) return;                                                 // absent
  EXPECT_EQ(tea->title, "tea");
}

TEST(roll_out_page, TheProgramNamesTheSchemasOfBothVersions) {
  const redis_server server;
  client redis{cache_setup{.url = server.url()}.client()};
  const auto load_order = [](std::string_view) { return shop::order{1, 2}; };
  drover::cache<shop::order> orders{
      redis,
      {.name = "order", .policy = {.ttl = 60s}, .also_invalidates = {3'735'928'559}},
      load_order};
  EXPECT_EQ(orders.get("1")->total_cents, 2);
  drover::cache<std::string> texts{
      redis,
      {.name = "text", .schema = 2, .policy = {.ttl = 60s}, .also_invalidates = {1}},
      [](std::string_view) { return std::string{"a"}; }};
  EXPECT_EQ(texts.get("1"), "a");
}

}  // namespace
}  // namespace drover::test::own_types_page_test
