// SPDX-License-Identifier: MIT
#pragma once

#include <drover/result.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace drover {

/// Converts a `T` into bytes and back. Specialise it for your own types:
///
///     template <> struct drover::codec<user> {
///       static std::string encode(const user&);
///       static drover::result<user> decode(std::string_view bytes);
///     };
///
/// `decode` gets exactly the bytes that `encode` returned: the library has checked the checksum and
/// the digest of the key. It returns `fault{fault_code::corrupt, why}` for bytes that it does not
/// understand; that counts as a miss. Give the cache a new `schema` when the format changes.
///
/// Throws:  `encode` may throw: the callers still get their value, it is not stored, and the fault
///          is reported. `decode` may throw: it counts as a miss.
/// Threads: both are called from any number of threads at once.
template <class T>
struct codec;

/// A type with a codec.
template <class T>
concept encodable = requires(const T& value, std::string_view bytes) {
  { codec<T>::encode(value) } -> std::convertible_to<std::string>;
  { codec<T>::decode(bytes) } -> std::convertible_to<result<T>>;
};

/// A byte string is stored as it is.
template <>
struct codec<std::string> {
  static std::string encode(const std::string& value) { return value; }
  static result<std::string> decode(std::string_view bytes) { return std::string{bytes}; }
};

/// A byte string is stored as it is.
template <>
struct codec<std::vector<std::byte>> {
  static std::string encode(const std::vector<std::byte>& value) {
    std::string bytes(value.size(), '\0');
    for (std::size_t i = 0; i < value.size(); ++i) bytes[i] = static_cast<char>(value[i]);
    return bytes;
  }
  static result<std::vector<std::byte>> decode(std::string_view bytes) {
    std::vector<std::byte> value(bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) value[i] = static_cast<std::byte>(bytes[i]);
    return value;
  }
};

/// A number is stored in its own size, most significant byte first: integers in two's complement,
/// floating point as IEEE 754, bool as one byte. Bytes of another size are corrupt.
template <class Number>
requires(std::is_arithmetic_v<Number> &&
         sizeof(Number) <= sizeof(std::uint64_t)) struct codec<Number> {
  static std::string encode(Number value) {
    std::uint64_t bits = 0;
    if constexpr (std::is_same_v<Number, float>) {
      bits = std::bit_cast<std::uint32_t>(value);
    } else if constexpr (std::is_same_v<Number, double>) {
      bits = std::bit_cast<std::uint64_t>(value);
    } else {
      bits = static_cast<std::uint64_t>(value);
    }
    std::string bytes(sizeof(Number), '\0');
    for (std::size_t i = sizeof(Number); i-- > 0; bits >>= 8U) {
      bytes[i] = static_cast<char>(static_cast<unsigned char>(bits & 0xFFU));
    }
    return bytes;
  }

  static result<Number> decode(std::string_view bytes) {
    if (bytes.size() != sizeof(Number)) {
      return fault{fault_code::corrupt, "a number of the wrong size"};
    }
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
};

}  // namespace drover
