// SPDX-License-Identifier: MIT
// Keys of several parts: their text, that different parts have different keys, and that only the
// keys of such parts are read back.
#include <drover/key.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/random.hpp"

namespace drover::test {

enum class plan : std::uint8_t { basic, large };

struct user_id {
  int shard = 0;
  int number = 0;
  auto operator<=>(const user_id&) const = default;
};

/// Has a codec, although it is convertible to a string view.
struct word {
  operator std::string_view() const { return "not this"; }
};

}  // namespace drover::test

template <>
struct drover::key_codec<drover::test::user_id> {
  static std::string encode(const drover::test::user_id& id) {
    return std::to_string(id.shard) + ":" + std::to_string(id.number);
  }
  static std::optional<drover::test::user_id> decode(std::string_view text) {
    const auto parts = drover::split_key<int, int>(text);
    if (!parts) return std::nullopt;
    return drover::test::user_id{std::get<0>(*parts), std::get<1>(*parts)};
  }
};

template <>
struct drover::key_codec<drover::test::word> {
  static std::string encode(const drover::test::word&) { return "word"; }
};

namespace drover::test::key_test {
namespace {

using namespace std::chrono_literals;

TEST(key, ShowsItsPartsToPeople) {
  const std::string name = "Ada";
  EXPECT_EQ(key("user", 42, "en"), "user:42:en");
  EXPECT_EQ(key(name, std::string_view{"x"}, 'c', true, -5L, std::uint8_t{200}),
            "Ada:x:c:true:-5:200");
  EXPECT_EQ(key(plan::large, 60s, std::chrono::sys_days{std::chrono::days{3}}), "1:60:3");
  EXPECT_EQ(key(std::optional{7}, std::optional<int>{}), "7:%");
  EXPECT_EQ(key(std::tuple{1, std::pair{"a", 2}}, 3), "1:a:2:3");
  EXPECT_EQ(key(user_id{1, 2}), "1%3A2");
  EXPECT_EQ(key(word{}), "word");
  EXPECT_EQ(key("caf\xC3\xA9 {1}/2"), "caf\xC3\xA9 {1}/2") << "and nothing else is escaped";
}

TEST(key, EscapesWhatSeparatesAndWhatCannotBeRead) {
  EXPECT_EQ(key("a:b", "c"), "a%3Ab:c");
  EXPECT_EQ(key("%", "100%"), "%25:100%25");
  EXPECT_EQ(key(std::string("\0\n\x7F", 3)), "%00%0A%7F");
  EXPECT_EQ(key("", ""), ":");
}

TEST(key, HasOneTextForEachValueOfAnInteger) {
  EXPECT_EQ(split_key<std::int64_t>(key(std::numeric_limits<std::int64_t>::min())),
            std::tuple{std::numeric_limits<std::int64_t>::min()});
  EXPECT_EQ(split_key<std::uint64_t>(key(std::numeric_limits<std::uint64_t>::max())),
            std::tuple{std::numeric_limits<std::uint64_t>::max()});
  EXPECT_EQ(split_key<std::int8_t>("-128"), std::tuple{std::int8_t{-128}});
  for (const char* text : {"", "-", "-0", "00", "01", "+1", " 1", "1 ", "1a", "128", "-129",
                           "1:", ":1", "99999999999999999999", "18446744073709551616", "%31"}) {
    EXPECT_EQ(split_key<std::int8_t>(text), std::nullopt) << text;
  }
  EXPECT_EQ(split_key<unsigned>("-1"), std::nullopt);
  EXPECT_EQ(split_key<std::uint64_t>("18446744073709551616"), std::nullopt);
}

TEST(key, IsReadBackOnlyInItsOwnForm) {
  using parts = std::tuple<std::string, int>;
  EXPECT_EQ((split_key<std::string, int>("a%3Ab:1")), (parts{"a:b", 1}));
  for (const char* text : {"a", "a:1:", "a:1:2", "a%3ab:1", "a%41:1", "%:1", "%4:1", "a\n:1"}) {
    EXPECT_EQ((split_key<std::string, int>(text)), std::nullopt) << text;
  }
  EXPECT_EQ(split_key<bool>("1"), std::nullopt);
  EXPECT_EQ(split_key<char>("ab"), std::nullopt);
  EXPECT_EQ(split_key<user_id>("1%3A2"), (std::tuple{user_id{1, 2}}));
  EXPECT_EQ((split_key<std::optional<std::string>>("%")),
            (std::tuple{std::optional<std::string>{}}));
  EXPECT_EQ((split_key<std::optional<std::string>>("")),
            (std::tuple{std::optional{std::string{}}}));
}

/// A string of the bytes that matter to the format.
std::string random_text(base::seeded_random& random) {
  constexpr std::string_view alphabet{":%%3A25-10a\0\n\x7F\xFF", 15};
  std::string text(random.next() % 5, ' ');
  for (char& byte : text) byte = alphabet[random.next() % alphabet.size()];
  return text;
}

TEST(key, IsInjective) {
  using parts = std::tuple<std::string, std::optional<std::string>, std::pair<int, std::string>,
                           user_id, bool, plan, std::optional<char>>;
  base::seeded_random random{7};
  std::map<std::string, parts> seen;
  for (int i = 0; i < 50'000; ++i) {
    const parts made{random_text(random),
                     random.next() % 3 == 0 ? std::nullopt : std::optional{random_text(random)},
                     {static_cast<int>(random.next() % 3) - 1, random_text(random)},
                     {static_cast<int>(random.next() % 2), static_cast<int>(random.next() % 2)},
                     random.next() % 2 == 0,
                     plan{static_cast<std::uint8_t>(random.next() % 2)},
                     random.next() % 2 == 0 ? std::nullopt : std::optional{'%'}};
    const std::string text = key(made);
    const auto [at, is_new] = seen.emplace(text, made);
    ASSERT_EQ(at->second, made) << text;
    const auto read = split_key<parts>(text);
    ASSERT_TRUE(read && std::get<0>(*read) == made) << text;
    ASSERT_EQ(std::apply([](const auto&... part) { return key(part...); }, made), text);
  }
  EXPECT_GT(seen.size(), 40'000U);
}

TEST(key, IsTheOnlyTextOfItsParts) {
  base::seeded_random random{8};
  std::size_t read = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string text = random_text(random) + ":" + random_text(random);
    const auto parts = split_key<std::optional<std::string>, std::string>(text);
    if (!parts) continue;
    ++read;
    ASSERT_EQ(key(*parts), text);
  }
  EXPECT_GT(read, 1000U);
}

static_assert(key_part<std::string> && key_part<const char*> && key_part<char[3]>);
static_assert(key_part<std::optional<std::string>> && key_part<std::tuple<int, user_id>>);
static_assert(!key_part<double> && !key_part<std::tuple<>> && !key_part<std::optional<float>>);
static_assert(!key_part<std::optional<std::optional<int>>>);
static_assert(!key_part<std::optional<std::pair<int, int>>>);

}  // namespace
}  // namespace drover::test::key_test
