// SPDX-License-Identifier: MIT
// How a value is written as a part of another value, and the codecs that are built of such parts.
// Not for users. docs/internals/values.md describes the bytes.
//
// A layout has
//   size_min                 the least number of bytes; at least 1, so that a count of elements is
//                            limited by the bytes that follow it
//   write(out, value, depth) appends the value
//   read(in)                 reads a value; nullopt: the bytes are not a value
//   shape<Outer...>(hash)    adds what decides about the bytes to a hash. `Outer` are the types
//                            around it that may contain themselves
#pragma once

#include <drover/detail/byte_stream.hpp>
#include <drover/fault.hpp>
#include <drover/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace drover {

template <class T>
struct codec;

namespace detail {

/// FNV-1a.
constexpr std::uint64_t add_to_hash(std::uint64_t hash, std::string_view text) {
  for (const char byte : text) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3U;
  }
  return hash;
}

constexpr std::uint64_t add_to_hash(std::uint64_t hash, std::uint64_t value) {
  for (int i = 0; i < 8; ++i, value >>= 8U) hash = (hash ^ (value & 0xFFU)) * 0x100000001B3U;
  return hash;
}

/// Schemas that are computed have the highest bit, so that none equals one that a person chose.
constexpr std::uint32_t schema_of_hash(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash ^ (hash >> 32U)) | 0x80000000U;
}

inline constexpr std::uint64_t hash_of_nothing = 0xCBF29CE484222325U;

template <class Codec>
concept has_schema = requires {
  { Codec::schema } -> std::convertible_to<std::uint32_t>;
};

/// As `encodable`, for headers that codec.hpp includes.
template <class T>
concept has_codec = requires(const T& value, std::string_view bytes) {
  codec<T>::encode(value);
  codec<T>::decode(bytes);
};

/// Numbers and enums.
template <class T>
struct number_layout {
  using stored = typename std::conditional_t<std::is_enum_v<T>, std::underlying_type<T>,
                                             std::type_identity<T>>::type;
  static constexpr std::size_t size_min = sizeof(stored);

  static void write(std::string& out, T value, int) {
    append_number(out, static_cast<stored>(value));
  }
  static std::optional<T> read(byte_reader& in) {
    const std::optional<stored> value = in.take<stored>();
    if (!value) return std::nullopt;
    return static_cast<T>(*value);
  }
  template <class... Outer>
  static constexpr std::uint64_t shape(std::uint64_t hash) {
    std::string_view kind = std::is_signed_v<T> ? "int" : "unsigned";
    if constexpr (std::is_enum_v<T>) {
      kind = "enum";
    } else if constexpr (std::is_floating_point_v<T>) {
      kind = "float";
    } else if constexpr (std::is_same_v<T, bool>) {
      kind = "bool";
    } else if constexpr (std::is_same_v<T, char>) {
      kind = "char";  // whether it has a sign depends on the machine
    }
    return add_to_hash(add_to_hash(hash, kind), std::uint64_t{sizeof(stored)});
  }
};

/// What a codec returns, after its length: strings, bytes and the types of users' codecs.
template <class T>
struct text_layout {
  static constexpr std::size_t size_min = sizeof(std::uint32_t);

  static void write(std::string& out, const T& value, int) {
    append_text(out, codec<T>::encode(value));
  }
  static std::optional<T> read(byte_reader& in) {
    const std::optional<std::string_view> text = in.text();
    if (!text) return std::nullopt;
    result<T> value = codec<T>::decode(*text);
    if (!value) return std::nullopt;
    return std::optional<T>{*std::move(value)};
  }
  template <class... Outer>
  static constexpr std::uint64_t shape(std::uint64_t hash) {
    std::string_view kind = "codec";
    if constexpr (std::is_same_v<T, std::string>) {
      kind = "string";
    } else if constexpr (std::is_same_v<T, std::vector<std::byte>>) {
      kind = "bytes";
    }
    hash = add_to_hash(hash, kind);
    if constexpr (has_schema<codec<T>>) {
      hash = add_to_hash(hash, std::uint64_t{std::uint32_t{codec<T>::schema}});
    }
    return hash;
  }
};

template <class T>
struct layout_choice {
  using type = text_layout<T>;
};
template <number T>
struct layout_choice<T> {
  using type = number_layout<T>;
};
template <class T>
requires requires { typename codec<T>::drover_layout; }
struct layout_choice<T> {
  using type = typename codec<T>::drover_layout;
};

template <class T>
using layout = typename layout_choice<T>::type;

/// The codec of a type with a layout of its own. The bytes begin with the schema.
template <class T, class Layout>
struct layout_codec {
  using drover_layout = Layout;
  static constexpr std::uint32_t schema = schema_of_hash(Layout::template shape<>(hash_of_nothing));

  static std::string encode(const T& value) {
    std::string out;
    append_number(out, schema);
    Layout::write(out, value, 0);
    return out;
  }
  static result<T> decode(std::string_view bytes) {
    byte_reader in{bytes};
    if (in.take<std::uint32_t>() != schema) {
      return fault{fault_code::corrupt, "a value of another type, or of another version of it"};
    }
    std::optional<T> value = Layout::read(in);
    if (!value || in.left() != 0) return fault{fault_code::corrupt, "not a value of this type"};
    return *std::move(value);
  }
};

}  // namespace detail
}  // namespace drover
