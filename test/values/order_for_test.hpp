// SPDX-License-Identifier: MIT
// A struct with a member of every kind that the library can encode.
#pragma once

#include <drover/codec.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace drover::test {

enum class color : std::int16_t { red = -1, green = 1 };

/// Has a codec of its own, whose bytes are its text.
struct note {
  std::string text;
  bool operator==(const note&) const = default;
};

struct line {
  std::string article;
  std::uint32_t count = 0;
  std::vector<line> parts;  ///< a line may contain itself
  bool operator==(const line&) const = default;
};

struct order {
  std::int64_t id = 0;
  std::string customer;
  bool is_paid = false;
  double total = 0;
  color paint = color::red;
  std::optional<note> remark;
  std::vector<line> lines;
  std::array<std::uint8_t, 3> code{};
  std::chrono::milliseconds delay{};
  std::chrono::sys_seconds placed{};
  std::pair<int, std::string> label;
  std::tuple<float, std::optional<int>> size;
  std::map<std::string, std::vector<int>> tags;
  std::unordered_map<int, color> paints;
  std::set<std::string> words;
  std::unordered_set<int> numbers;
  std::variant<std::monostate, int, std::string> payment;
  std::vector<std::byte> picture;
  std::vector<bool> flags;
  bool operator==(const order&) const = default;
};

}  // namespace drover::test

template <>
struct drover::codec<drover::test::note> {
  static std::string encode(const drover::test::note& value) { return value.text; }
  static drover::result<drover::test::note> decode(std::string_view bytes) {
    if (bytes == "bad") return drover::fault{drover::fault_code::corrupt, "a bad note"};
    return drover::test::note{std::string{bytes}};
  }
};

template <>
struct drover::codec<drover::test::line>
    : drover::member_codec<drover::test::line, &drover::test::line::article,
                           &drover::test::line::count, &drover::test::line::parts> {};

template <>
struct drover::codec<drover::test::order>
    : drover::member_codec<
          drover::test::order, &drover::test::order::id, &drover::test::order::customer,
          &drover::test::order::is_paid, &drover::test::order::total, &drover::test::order::paint,
          &drover::test::order::remark, &drover::test::order::lines, &drover::test::order::code,
          &drover::test::order::delay, &drover::test::order::placed, &drover::test::order::label,
          &drover::test::order::size, &drover::test::order::tags, &drover::test::order::paints,
          &drover::test::order::words, &drover::test::order::numbers, &drover::test::order::payment,
          &drover::test::order::picture, &drover::test::order::flags> {};
