// SPDX-License-Identifier: MIT
#pragma once

#include <drover/detail/key_text.hpp>

#include <chrono>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace drover {

/// Converts a part of a key into text and back. The library has codecs for strings, characters,
/// integers, bool, enums, `std::chrono` durations and points of time, and for optional, pair and
/// tuple of such types. Specialise it for your own types:
///
///     template <> struct drover::key_codec<user_id> {
///       static std::string encode(const user_id&);
///       static std::optional<user_id> decode(std::string_view text);
///     };
///
/// Two different values must have different texts. The text may contain any bytes. `decode` is
/// needed for `split_key` and `with_key` only, and returns nullopt for other texts.
///
/// Threads: both are called from any number of threads at once.
template <class T>
struct key_codec;

/// A type that may be a part of a key.
template <class T>
concept key_part = detail::parts_of_key<detail::key_type<std::remove_cvref_t<T>>>::is_known;

/// A string is written as it is, but colons, percent signs and control characters are written as
/// %3A and the like.
template <>
struct key_codec<std::string> {
  static std::string encode(std::string_view value) { return std::string{value}; }
  static std::optional<std::string> decode(std::string_view text) { return std::string{text}; }
};

/// A character is written like a string.
template <>
struct key_codec<char> {
  static std::string encode(char value) { return std::string(1, value); }
  static std::optional<char> decode(std::string_view text) {
    return text.size() == 1 ? std::optional{text[0]} : std::nullopt;
  }
};

/// `true` or `false`.
template <>
struct key_codec<bool> {
  static std::string encode(bool value) { return value ? "true" : "false"; }
  static std::optional<bool> decode(std::string_view text) {
    if (text != "true" && text != "false") return std::nullopt;
    return text == "true";
  }
};

/// An integer is written in decimal digits.
template <std::integral Integer>
struct key_codec<Integer> {
  static std::string encode(Integer value) { return std::to_string(value); }
  static std::optional<Integer> decode(std::string_view text) {
    return detail::integer_of<Integer>(text);
  }
};

/// An enum is written as its number. Specialise `key_codec` for names.
template <class Enum>
requires(std::is_enum_v<Enum>) struct key_codec<Enum> {
  using number = key_codec<std::underlying_type_t<Enum>>;
  static std::string encode(Enum value) {
    return number::encode(static_cast<std::underlying_type_t<Enum>>(value));
  }
  static std::optional<Enum> decode(std::string_view text) {
    const auto value = number::decode(text);
    return value ? std::optional{static_cast<Enum>(*value)} : std::nullopt;
  }
};

/// The number of units of the type: 60 for `60s` and 60000 for `60000ms`.
template <std::integral Rep, class Period>
struct key_codec<std::chrono::duration<Rep, Period>> {
  using value_type = std::chrono::duration<Rep, Period>;
  static std::string encode(value_type value) { return std::to_string(value.count()); }
  static std::optional<value_type> decode(std::string_view text) {
    const std::optional<Rep> count = detail::integer_of<Rep>(text);
    return count ? std::optional{value_type{*count}} : std::nullopt;
  }
};

/// The duration since the epoch of the clock.
template <class Clock, detail::has_key_codec Duration>
struct key_codec<std::chrono::time_point<Clock, Duration>> {
  using value_type = std::chrono::time_point<Clock, Duration>;
  static std::string encode(value_type value) {
    return key_codec<Duration>::encode(value.time_since_epoch());
  }
  static std::optional<value_type> decode(std::string_view text) {
    const auto since = key_codec<Duration>::decode(text);
    return since ? std::optional{value_type{*since}} : std::nullopt;
  }
};

/// Makes a key of its parts: `key("user", 42, "en")` is `user:42:en`, as `redis-cli` shows it.
/// Different parts of the same types have different keys, whatever strings contain: colons and
/// percent signs in a string are escaped. The types are not a part of the key: `key(1)` equals
/// `key("1")`, so use the same types for all keys of a cache.
///
///     users.get(drover::key("user", id, language))
///
/// A tuple or pair is as many parts as it has elements. An optional is its value, or `%` if it is
/// empty.
///
/// Throws:  `std::bad_alloc`, and what a `key_codec` throws.
/// Threads: safe from any thread.
template <class... Parts>
[[nodiscard]] std::string key(const Parts&... parts) {
  static_assert(sizeof...(Parts) > 0, "drover: a key has at least one part");
  static_assert((key_part<Parts> && ...),
                "drover: a part of this key has no drover::key_codec. There are codecs for "
                "strings, characters, integers, bool, enums, std::chrono times, and for optional, "
                "pair and tuple of these. Floating-point numbers have none, because numbers that "
                "look equal would be different keys. Specialise drover::key_codec for your own "
                "type, as docs/how-to/own-types.md describes");
  std::string text;
  if constexpr ((key_part<Parts> && ...)) {
    bool is_first = true;
    (detail::parts_of_key<detail::key_type<Parts>>::append(text, parts, is_first), ...);
  }
  return text;
}

/// The parts of a key that `key` returned for the same types; nullopt for any other text. Strings
/// are `std::string`.
///
///     const auto parts = drover::split_key<std::string, int>("user:42");
///
/// Throws:  `std::bad_alloc`, and what a `key_codec` throws.
/// Threads: safe from any thread.
template <class... Parts>
[[nodiscard]] std::optional<std::tuple<Parts...>> split_key(std::string_view text) {
  return detail::parts_of_text<Parts...>(text);
}

/// A loader that takes the parts of the key, for a cache whose keys are made with
/// `key(parts...)`:
///
///     drover::with_key<std::string, int>([](const std::string& kind, int id) { ... })
///
/// The function may take a `drover::load&` as its last argument. For a key that does not consist of
/// such parts the loader throws `std::invalid_argument`, which reaches the caller as any failure of
/// a loader.
///
/// Throws:  what copying or moving the function throws.
/// Threads: the loader may be called from as many threads at once as the function.
template <class... Parts, class Function>
[[nodiscard]] detail::key_loader<Function, Parts...> with_key(Function function) {
  return detail::key_loader<Function, Parts...>{std::move(function)};
}

}  // namespace drover
