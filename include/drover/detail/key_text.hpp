// SPDX-License-Identifier: MIT
// The text of keys that have several parts. Not for users.
//
// Parts are separated by colons. Within a part, colons, percent signs and control characters are
// written as %XX with capital digits, so that a colon always separates, and "%" alone is not the
// text of any string. Only this form is read back: two texts never stand for the same parts.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace drover {

class load;
template <class T>
struct key_codec;

namespace detail {

template <class T>
concept has_key_codec = requires(const T& value) {
  { key_codec<T>::encode(value) } -> std::convertible_to<std::string>;
};

/// Literals and views are strings.
template <class T>
using key_type =
    std::conditional_t<!has_key_codec<T> && std::is_convertible_v<const T&, std::string_view>,
                       std::string, T>;

[[nodiscard]] inline bool is_escaped_in_key(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  return byte == ':' || byte == '%' || code < 0x20 || code == 0x7F;
}

[[nodiscard]] inline std::string escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char byte : text) {
    if (!is_escaped_in_key(byte)) {
      out += byte;
      continue;
    }
    const auto code = static_cast<unsigned char>(byte);
    out += '%';
    out += digits[code >> 4U];
    out += digits[code & 0xFU];
  }
  return out;
}

[[nodiscard]] inline std::optional<std::string> unescaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  while (!text.empty()) {
    if (text[0] != '%') {
      if (is_escaped_in_key(text[0])) return std::nullopt;
      out += text[0];
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 3) return std::nullopt;
    const std::size_t high = digits.find(text[1]);
    const std::size_t low = digits.find(text[2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    const char byte = static_cast<char>(high * 16 + low);
    if (!is_escaped_in_key(byte)) return std::nullopt;
    out += byte;
    text.remove_prefix(3);
  }
  return out;
}

/// Only the digits that `std::to_string` writes.
template <std::integral Integer>
[[nodiscard]] std::optional<Integer> integer_of(std::string_view text) {
  const bool is_negative = !text.empty() && text[0] == '-';
  const std::string_view digits = text.substr(is_negative ? 1 : 0);
  if (digits.empty() || digits.size() > 20) return std::nullopt;
  if (digits[0] == '0' && (digits.size() > 1 || is_negative)) return std::nullopt;
  if (is_negative && !std::is_signed_v<Integer>) return std::nullopt;
  const auto most = static_cast<unsigned long long>(std::numeric_limits<Integer>::max()) +
                    (is_negative ? 1U : 0U);
  unsigned long long value = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    const auto more = static_cast<unsigned long long>(digit - '0');
    if (value > (most - more) / 10) return std::nullopt;
    value = value * 10 + more;
  }
  return static_cast<Integer>(is_negative ? 0 - value : value);
}

/// Reads the parts of a text one after another.
class part_reader {
 public:
  explicit part_reader(std::string_view text) : rest_{text} {}

  /// The text up to the next colon; nullopt at the end.
  [[nodiscard]] std::optional<std::string_view> next() {
    if (is_at_end_) return std::nullopt;
    const std::size_t colon = rest_.find(':');
    const std::string_view part = rest_.substr(0, colon);
    is_at_end_ = colon == std::string_view::npos;
    rest_.remove_prefix(is_at_end_ ? rest_.size() : colon + 1);
    return part;
  }
  [[nodiscard]] bool is_at_end() const { return is_at_end_; }

 private:
  std::string_view rest_;
  bool is_at_end_ = false;
};

inline void append_part(std::string& out, std::string_view escaped_part, bool& is_first) {
  if (!is_first) out += ':';
  is_first = false;
  out += escaped_part;
}

/// How the values of a type are written. The text of a `key_codec` is one part.
template <class T>
struct parts_of_key {
  static constexpr bool is_known = has_key_codec<T>;

  static void append(std::string& out, const auto& value, bool& is_first) {
    append_part(out, escaped(key_codec<T>::encode(value)), is_first);
  }
  [[nodiscard]] static std::optional<T> read(part_reader& in) {
    const std::optional<std::string_view> part = in.next();
    return part ? from_part(*part) : std::nullopt;
  }
  [[nodiscard]] static std::optional<T> from_part(std::string_view part) {
    const std::optional<std::string> text = unescaped(part);
    return text ? key_codec<T>::decode(*text) : std::nullopt;
  }
};

/// An empty one is "%", which is no escaped text. An optional tuple or optional has no text,
/// because its parts may be "%" as well.
template <class T>
struct parts_of_key<std::optional<T>> {
  static constexpr bool is_known = has_key_codec<T>;

  static void append(std::string& out, const std::optional<T>& value, bool& is_first) {
    append_part(out, value ? escaped(key_codec<T>::encode(*value)) : "%", is_first);
  }
  [[nodiscard]] static std::optional<std::optional<T>> read(part_reader& in) {
    const std::optional<std::string_view> part = in.next();
    if (!part) return std::nullopt;
    std::optional<std::optional<T>> value{std::in_place};
    if (*part == "%") return value;
    *value = parts_of_key<T>::from_part(*part);
    if (!*value) value.reset();
    return value;
  }
};

/// Pairs and tuples: as many parts as their elements have.
template <class Tuple, class... T>
struct parts_of_tuple {
  static constexpr bool is_known = sizeof...(T) > 0 && (parts_of_key<key_type<T>>::is_known && ...);

  static void append(std::string& out, const Tuple& value, bool& is_first) {
    std::apply(
        [&](const T&... part) { (parts_of_key<key_type<T>>::append(out, part, is_first), ...); },
        value);
  }
  [[nodiscard]] static std::optional<Tuple> read(part_reader& in) {
    // The elements of a list in braces are read in their order.
    std::tuple<std::optional<T>...> parts{parts_of_key<T>::read(in)...};
    return std::apply(
        [](std::optional<T>&... part) -> std::optional<Tuple> {
          if (!(part.has_value() && ...)) return std::nullopt;
          return std::optional<Tuple>{std::in_place, *std::move(part)...};
        },
        parts);
  }
};
template <class... T>
struct parts_of_key<std::tuple<T...>> : parts_of_tuple<std::tuple<T...>, T...> {};
template <class First, class Second>
struct parts_of_key<std::pair<First, Second>>
    : parts_of_tuple<std::pair<First, Second>, First, Second> {};

/// nullopt: the text is not the key of such parts.
template <class... Parts>
[[nodiscard]] std::optional<std::tuple<Parts...>> parts_of_text(std::string_view text) {
  part_reader in{text};
  std::optional<std::tuple<Parts...>> parts = parts_of_key<std::tuple<Parts...>>::read(in);
  if (!in.is_at_end()) parts.reset();
  return parts;
}

template <class Function, class... Parts>
class key_loader {
 public:
  explicit key_loader(Function function) : function_{std::move(function)} {}

  decltype(auto) operator()(std::string_view key, load& run) {
    std::optional<std::tuple<Parts...>> parts = parts_of_text<Parts...>(key);
    if (!parts) throw std::invalid_argument{"drover: the key does not have the loader's parts"};
    return std::apply(
        [&](Parts&... part) -> decltype(auto) {
          if constexpr (std::is_invocable_v<Function&, Parts&..., load&>) {
            return std::invoke(function_, part..., run);
          } else {
            return std::invoke(function_, part...);
          }
        },
        *parts);
  }

 private:
  Function function_;
};

}  // namespace detail
}  // namespace drover
