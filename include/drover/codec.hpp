// SPDX-License-Identifier: MIT
#pragma once

#include <drover/detail/byte_stream.hpp>
#include <drover/detail/layout.hpp>
#include <drover/result.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace drover {

/// Converts a `T` into bytes and back. Specialise it for your own types. For a struct, list the
/// members (`member_codec`):
///
///     template <>
///     struct drover::codec<user> : drover::member_codec<user, &user::id, &user::name> {};
///
/// For any other format, write two functions:
///
///     template <> struct drover::codec<user> {
///       static std::string encode(const user&);
///       static drover::result<user> decode(std::string_view bytes);
///       static constexpr std::uint32_t schema = 1;  // optional; raise it with the format
///     };
///
/// `decode` gets exactly the bytes that `encode` returned: the library has checked the checksum and
/// the digest of the key. It returns `fault{fault_code::corrupt, why}` for bytes that it does not
/// understand; that counts as a miss. When the format changes, raise `schema`, here or in the
/// options of the cache.
///
/// The library has codecs for strings, bytes, numbers, enums with a fixed underlying type,
/// `std::chrono` durations and points of time of clocks that are not steady, and for optional,
/// variant, pair, tuple, array, vector, map, set, unordered_map and unordered_set of types that
/// have a codec. `<drover/codecs/...>` has codecs for JSON, MessagePack and Protocol Buffers, and
/// one that compresses.
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

namespace detail {
/// The schema of a codec; 1 if it has none.
template <class Codec>
[[nodiscard]] constexpr std::uint32_t schema_in() {
  if constexpr (has_schema<Codec>) {
    return Codec::schema;
  } else {
    return 1;
  }
}
}  // namespace detail

/// The schema of a cache whose options name none: that of the codec, or 1 if it has none. For a
/// type that is built of parts, it is computed from the types of the parts and from the names and
/// order of the members, and is at least 2^31: a changed struct has another schema.
template <class T>
inline constexpr std::uint32_t schema_of = detail::schema_in<codec<T>>();

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
requires(detail::number<Number>) struct codec<Number> {
  static std::string encode(Number value) {
    std::string bytes;
    detail::append_number(bytes, value);
    return bytes;
  }

  static result<Number> decode(std::string_view bytes) {
    if (bytes.size() != sizeof(Number)) {
      return fault{fault_code::corrupt, "a number of the wrong size"};
    }
    return detail::number_of<Number>(bytes);
  }
};

/// An enum with a fixed underlying type (`enum class`, or `enum name : type`) is stored as that
/// number. Numbers without an enumerator are not rejected.
template <class Enum>
requires(std::is_enum_v<Enum>&& requires { Enum{0}; }) struct codec<Enum>
    : detail::layout_codec<Enum, detail::number_layout<Enum>> {
};

}  // namespace drover

#include <drover/detail/standard_layouts.hpp>
#include <drover/members.hpp>
