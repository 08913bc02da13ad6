// SPDX-License-Identifier: MIT
// The bytes of values: numbers, most significant byte first, and texts after their length. Not for
// users.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace drover::detail {

template <class T>
concept number = std::is_arithmetic_v<T> && sizeof(T) <= sizeof(std::uint64_t);

template <number Number>
void append_number(std::string& out, Number value) {
  std::uint64_t bits = 0;
  if constexpr (std::is_same_v<Number, float>) {
    bits = std::bit_cast<std::uint32_t>(value);
  } else if constexpr (std::is_same_v<Number, double>) {
    bits = std::bit_cast<std::uint64_t>(value);
  } else {
    bits = static_cast<std::uint64_t>(value);
  }
  char bytes[sizeof(Number)];
  for (std::size_t i = sizeof(Number); i-- > 0; bits >>= 8U) {
    bytes[i] = static_cast<char>(static_cast<unsigned char>(bits & 0xFFU));
  }
  out.append(bytes, sizeof(Number));
}

/// Precondition: `bytes` has the size of a `Number`.
template <number Number>
[[nodiscard]] Number number_of(std::string_view bytes) {
  std::uint64_t bits = 0;
  for (const char byte : bytes) bits = (bits << 8U) | static_cast<unsigned char>(byte);
  if constexpr (std::is_same_v<Number, float>) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  } else if constexpr (std::is_same_v<Number, double>) {
    return std::bit_cast<double>(bits);
  } else if constexpr (std::is_same_v<Number, bool>) {
    return bits != 0;
  } else {
    return static_cast<Number>(bits);
  }
}

/// Throws `std::length_error` for more than 2^32 - 1 elements or bytes.
inline void append_count(std::string& out, std::size_t count) {
  if (count > std::numeric_limits<std::uint32_t>::max()) {
    throw std::length_error{"drover: more than 2^32 - 1 elements or bytes"};
  }
  append_number(out, static_cast<std::uint32_t>(count));
}

inline void append_text(std::string& out, std::string_view text) {
  append_count(out, text.size());
  out += text;
}

/// Reads from the front of the bytes. A function returns nullopt when too few bytes are left.
class byte_reader {
 public:
  explicit byte_reader(std::string_view bytes) : rest_{bytes} {}

  [[nodiscard]] std::size_t left() const { return rest_.size(); }

  [[nodiscard]] std::optional<std::string_view> bytes(std::size_t count) {
    if (count > rest_.size()) return std::nullopt;
    const std::string_view front = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return front;
  }

  template <number Number>
  [[nodiscard]] std::optional<Number> take() {
    const std::optional<std::string_view> front = bytes(sizeof(Number));
    if (!front) return std::nullopt;
    return number_of<Number>(*front);
  }

  [[nodiscard]] std::optional<std::string_view> text() {
    const std::optional<std::uint32_t> size = take<std::uint32_t>();
    if (!size) return std::nullopt;
    return bytes(*size);
  }

  /// The number of elements that follow. nullopt also when they cannot all be in the bytes that are
  /// left, if each has at least `size_min` bytes.
  [[nodiscard]] std::optional<std::size_t> count(std::size_t size_min) {
    const std::optional<std::uint32_t> number = take<std::uint32_t>();
    if (!number || *number > left() / size_min) return std::nullopt;
    return *number;
  }

  /// A type may contain itself, and so may its bytes. The depth is limited for both directions.
  static constexpr int depth_max = 100;
  int depth = 0;

 private:
  std::string_view rest_;
};

}  // namespace drover::detail
