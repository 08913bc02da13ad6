// SPDX-License-Identifier: MIT
// The bytes of values that are built of parts: they come back as they were, are those that the page
// describes, and bytes that are damaged do no harm.
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "values/order_for_test.hpp"

namespace drover::test::layout_test {
namespace {

using namespace std::chrono_literals;

std::string random_text(base::seeded_random& random) {
  std::string text(random.next() % 20, ' ');
  for (char& byte : text) byte = static_cast<char>(random.next());
  return text;
}

line random_line(base::seeded_random& random, int depth) {
  line made{random_text(random), static_cast<std::uint32_t>(random.next()), {}};
  if (depth == 0) return made;
  for (std::uint64_t i = random.next() % 3; i-- > 0;) {
    made.parts.push_back(random_line(random, depth - 1));
  }
  return made;
}

order random_order(base::seeded_random& random) {
  order made;
  made.id = static_cast<std::int64_t>(random.next());
  made.customer = random_text(random);
  made.is_paid = random.next() % 2 == 0;
  made.total = random.next_unit() * 1e9;
  made.paint = random.next() % 2 == 0 ? color::red : color::green;
  if (random.next() % 2 == 0) made.remark = note{random_text(random)};
  for (std::uint64_t i = random.next() % 3; i-- > 0;) {
    made.lines.push_back(random_line(random, 3));
    made.tags[random_text(random)] = std::vector<int>(random.next() % 4, 7);
    made.paints.emplace(static_cast<int>(random.next()), color::green);
    made.words.insert(random_text(random));
    made.numbers.insert(static_cast<int>(random.next()));
    made.picture.push_back(static_cast<std::byte>(random.next()));
    made.flags.push_back(random.next() % 2 == 0);
  }
  made.code = {1, static_cast<std::uint8_t>(random.next()), 3};
  made.delay = std::chrono::milliseconds{static_cast<int>(random.next())};
  made.placed = std::chrono::sys_seconds{std::chrono::seconds{random.next() % 4'000'000'000}};
  made.label = {static_cast<int>(random.next()), random_text(random)};
  made.size = {static_cast<float>(random.next_unit()),
               random.next() % 2 == 0 ? std::optional{7} : std::nullopt};
  if (random.next() % 3 == 0) made.payment = static_cast<int>(random.next());
  if (random.next() % 3 == 0) made.payment = random_text(random);
  return made;
}

TEST(value_layout, BringsBackEveryMember) {
  base::seeded_random random{1};
  for (int i = 0; i < 2000; ++i) {
    const order made = random_order(random);
    const result<order> read = codec<order>::decode(codec<order>::encode(made));
    ASSERT_TRUE(read.has_value()) << i;
    ASSERT_EQ(*read, made) << i;
  }
}

/// The bytes after the schema.
template <class T>
std::string body(const T& value) {
  std::string bytes = codec<T>::encode(value);
  EXPECT_EQ(detail::number_of<std::uint32_t>(std::string_view{bytes}.substr(0, 4)), schema_of<T>);
  return bytes.substr(4);
}

std::string operator""_bytes(const char* text, std::size_t size) { return {text, size}; }

TEST(value_layout, IsTheOneThatThePageDescribes) {
  EXPECT_EQ(body(color::red), "\xFF\xFF"_bytes);
  EXPECT_EQ(body(std::optional<std::uint16_t>{}), "\0"_bytes);
  EXPECT_EQ(body(std::optional<std::uint16_t>{5}), "\1\0\5"_bytes);
  EXPECT_EQ(body(std::vector<std::string>{"a", ""}), "\0\0\0\2\0\0\0\1a\0\0\0\0"_bytes);
  EXPECT_EQ(body(std::array<std::uint8_t, 2>{1, 2}), "\1\2"_bytes);
  EXPECT_EQ(body(std::pair{std::uint8_t{1}, std::string{"b"}}), "\1\0\0\0\1b"_bytes);
  EXPECT_EQ(body(std::tuple{true, std::uint16_t{258}}), "\1\1\2"_bytes);
  EXPECT_EQ(body(std::map<std::string, bool>{{"k", true}}), "\0\0\0\1\0\0\0\1k\1"_bytes);
  EXPECT_EQ(body(std::set<std::uint8_t>{3, 1}), "\0\0\0\2\1\3"_bytes);
  EXPECT_EQ(body(std::variant<int, std::string>{"x"}), "\1\0\0\0\1x"_bytes);
  EXPECT_EQ(body(std::variant<std::monostate, int>{}), "\0\0"_bytes);
  EXPECT_EQ(body(std::chrono::duration<std::int32_t>{-2}), "\xFF\xFF\xFF\xFE"_bytes);
  EXPECT_EQ(body(std::vector<bool>{true, false}), "\0\0\0\2\1\0"_bytes);
  EXPECT_EQ(body(line{"ab", 3, {}}), "\0\0\0\2ab\0\0\0\3\0\0\0\0"_bytes);
  EXPECT_EQ(body(std::vector<note>{{"n"}}), "\0\0\0\1\0\0\0\1n"_bytes);
}

TEST(value_layout, LeavesStringsBytesAndNumbersAsTheyWere) {
  EXPECT_EQ(codec<std::string>::encode("a"), "a");
  EXPECT_EQ(codec<std::vector<std::byte>>::encode({std::byte{7}}), "\7");
  EXPECT_EQ(codec<std::int32_t>::encode(-2), "\xFF\xFF\xFF\xFE");
  EXPECT_EQ(codec<double>::encode(1.5), "\x3F\xF8\0\0\0\0\0\0"_bytes);
  EXPECT_EQ(codec<bool>::encode(true), "\1");
  EXPECT_EQ(schema_of<std::string>, 1U);
  EXPECT_EQ(schema_of<std::vector<std::byte>>, 1U);
  EXPECT_EQ(schema_of<double>, 1U);
  EXPECT_EQ(schema_of<note>, 1U);
}

TEST(value_layout, RefusesBytesOfAnotherLength) {
  base::seeded_random random{2};
  for (int i = 0; i < 30; ++i) {
    const std::string bytes = codec<order>::encode(random_order(random));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      ASSERT_FALSE(codec<order>::decode(std::string_view{bytes}.substr(0, size))) << size;
    }
    ASSERT_EQ(codec<order>::decode(bytes + '\0').error().code, fault_code::corrupt);
  }
}

TEST(value_layout, ReadsDamagedBytesWithoutHarm) {
  base::seeded_random random{3};
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = codec<order>::encode(random_order(random));
    for (int n = 0; n < 3; ++n) {
      bytes[4 + random.next() % (bytes.size() - 4)] = static_cast<char>(random.next());
    }
    const result<order> read = codec<order>::decode(bytes);
    if (!read) continue;
    // Sets may have another order, and NaN equals nothing.
    const result<order> again = codec<order>::decode(codec<order>::encode(*read));
    ASSERT_TRUE(again.has_value());
    if (std::isnan(read->total) || std::isnan(std::get<float>(read->size))) continue;
    ASSERT_EQ(*again, *read);
  }
}

template <class T>
result<T> read_body(std::string_view text) {
  std::string bytes;
  detail::append_number(bytes, schema_of<T>);
  return codec<T>::decode(bytes += text);
}

TEST(value_layout, RefusesWhatItNeverWrites) {
  EXPECT_FALSE(read_body<std::optional<bool>>("\2\1"_bytes)) << "neither empty nor not";
  EXPECT_FALSE((read_body<std::variant<int, std::string>>("\2\0\0\0\0"_bytes))) << "no alternative";
  EXPECT_FALSE(read_body<std::set<std::uint8_t>>("\0\0\0\2\5\5"_bytes)) << "twice in a set";
  EXPECT_FALSE((read_body<std::map<std::uint8_t, bool>>("\0\0\0\2\5\1\5\1"_bytes)));
  EXPECT_FALSE(read_body<std::vector<note>>("\0\0\0\1\0\0\0\3bad"_bytes)) << "the codec refuses";
  EXPECT_FALSE(read_body<std::monostate>("\1"_bytes));
}

TEST(value_layout, AllocatesNoMoreThanTheBytesJustify) {
  // A count of four billion strings, and of as many as there are bytes for.
  EXPECT_FALSE(read_body<std::vector<std::string>>("\xFF\xFF\xFF\xFF"_bytes));
  EXPECT_FALSE(read_body<std::vector<std::string>>("\xFF\xFF\xFF\xFF" + std::string(1000, '\0')));
  // Elements that are much larger in memory than in bytes: the first one is not a value.
  using large = std::optional<std::array<std::uint64_t, 4096>>;
  EXPECT_FALSE(read_body<std::vector<large>>("\0\x80\0\0"_bytes + std::string(0x800000, '\2')));
}

line deep_line(int depth) {
  line outer;
  for (int i = 0; i < depth; ++i) {
    line next;
    next.parts.push_back(std::move(outer));
    outer = std::move(next);
  }
  return outer;
}

TEST(value_layout, LimitsTheDepthOfAValueThatContainsItself) {
  const line deep = deep_line(99);
  EXPECT_EQ(*codec<line>::decode(codec<line>::encode(deep)), deep);
  EXPECT_THROW(static_cast<void>(codec<line>::encode(deep_line(100))), std::length_error);
  std::string endless;
  for (int i = 0; i < 100'000; ++i) endless += "\0\0\0\0\0\0\0\0\0\0\0\1"_bytes;
  EXPECT_FALSE(read_body<line>(endless));
}

// The same struct in other versions of a program.
struct first {
  int id = 0;
  int age = 0;
};
struct swapped {
  int id = 0;
  int age = 0;
};
struct renamed {
  int id = 0;
  int years = 0;
};
struct longer {
  int id = 0;
  int age = 0;
  bool is_new = false;
};
struct wider {
  int id = 0;
  std::int64_t age = 0;
};
struct without_sign {
  int id = 0;
  unsigned age = 0;
};

struct holder {
  std::vector<std::optional<first>> all;
};
struct other_holder {
  std::vector<std::optional<longer>> all;
};

/// The codec of the user has a schema.
struct counted {
  int value = 0;
};

}  // namespace
}  // namespace drover::test::layout_test

namespace drover {
namespace versions = test::layout_test;

template <>
struct codec<versions::first>
    : member_codec<versions::first, &versions::first::id, &versions::first::age> {};
template <>
struct codec<versions::swapped>
    : member_codec<versions::swapped, &versions::swapped::age, &versions::swapped::id> {};
template <>
struct codec<versions::renamed>
    : member_codec<versions::renamed, &versions::renamed::id, &versions::renamed::years> {};
template <>
struct codec<versions::longer> : member_codec<versions::longer, &versions::longer::id,
                                              &versions::longer::age, &versions::longer::is_new> {};
template <>
struct codec<versions::wider>
    : member_codec<versions::wider, &versions::wider::id, &versions::wider::age> {};
template <>
struct codec<versions::without_sign>
    : member_codec<versions::without_sign, &versions::without_sign::id,
                   &versions::without_sign::age> {};
template <>
struct codec<versions::holder> : member_codec<versions::holder, &versions::holder::all> {};
template <>
struct codec<versions::other_holder>
    : member_codec<versions::other_holder, &versions::other_holder::all> {};

template <>
struct codec<versions::counted> : codec<int> {
  static constexpr std::uint32_t schema = 7;
  static std::string encode(const versions::counted&) { return {}; }
  static result<versions::counted> decode(std::string_view) { return versions::counted{}; }
};

}  // namespace drover

namespace drover::test::layout_test {
namespace {

TEST(schema_of_values, IsTheSameWithEveryCompilerAndMachine) {
  // When this fails, all processes begin with cold caches after the next update of the library.
  EXPECT_EQ(schema_of<order>, 4240638700U);
  EXPECT_EQ(schema_of<line>, 3219453514U);
  EXPECT_EQ(schema_of<first>, 4283004314U);
  EXPECT_EQ(schema_of<std::vector<std::string>>, 3362636079U);
}

TEST(schema_of_values, ChangesWithEveryChangeOfTheStruct) {
  const std::set<std::uint32_t> all{
      schema_of<first>, schema_of<swapped>,      schema_of<renamed>, schema_of<longer>,
      schema_of<wider>, schema_of<without_sign>, schema_of<holder>,  schema_of<other_holder>};
  EXPECT_EQ(all.size(), 8U);
  for (const std::uint32_t schema : all)
    EXPECT_GE(schema, 0x80000000U) << "none that people choose";
}

TEST(schema_of_values, DistinguishesTypesOfTheSameBytes) {
  const std::set<std::uint32_t> all{
      schema_of<std::vector<std::uint32_t>>,
      schema_of<std::vector<std::int32_t>>,
      schema_of<std::vector<float>>,
      schema_of<std::vector<std::string>>,
      schema_of<std::vector<note>>,
      schema_of<std::vector<counted>>,
      schema_of<std::vector<std::vector<std::byte>>>,
      schema_of<std::set<std::uint32_t>>,
      schema_of<std::optional<bool>>,
      schema_of<std::optional<std::uint8_t>>,
      schema_of<std::chrono::seconds>,
      schema_of<std::chrono::milliseconds>,
      schema_of<std::chrono::sys_seconds>,
      schema_of<std::array<std::uint8_t, 2>>,
      schema_of<std::tuple<std::uint8_t, std::uint8_t>>,
      schema_of<std::tuple<std::uint16_t>>,
      schema_of<std::variant<int, bool>>,
      schema_of<std::variant<bool, int>>,
      schema_of<color>,
  };
  // A set and a vector have the same bytes, and may read each other's.
  EXPECT_EQ(all.size(), 18U);
  EXPECT_EQ(schema_of<counted>, 7U);
}

TEST(schema_of_values, KeepsAnotherVersionFromReadingTheBytes) {
  EXPECT_FALSE(codec<swapped>::decode(codec<first>::encode({1, 2})));
  EXPECT_FALSE(codec<without_sign>::decode(codec<first>::encode({1, 2})));
  EXPECT_TRUE(codec<first>::decode(codec<first>::encode({1, 2})));
}

}  // namespace
}  // namespace drover::test::layout_test
