// SPDX-License-Identifier: MIT
// The codecs of the standard library's types that are built of parts. Not for users: codec.hpp
// includes it, so that a type has the same codec wherever it is used.
#pragma once

#include <drover/codec.hpp>
#include <drover/detail/layout.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace drover {

namespace detail {

template <class Duration>
struct duration_layout {
  using rep = typename Duration::rep;
  using period = typename Duration::period;
  static constexpr std::size_t size_min = layout<rep>::size_min;

  static void write(std::string& out, Duration value, int depth) {
    layout<rep>::write(out, value.count(), depth);
  }
  static std::optional<Duration> read(byte_reader& in) {
    const std::optional<rep> count = layout<rep>::read(in);
    if (!count) return std::nullopt;
    return Duration{*count};
  }
  template <class... Outer>
  static constexpr std::uint64_t shape(std::uint64_t hash) {
    hash = add_to_hash(hash, std::string_view{"duration"});
    hash = add_to_hash(hash, static_cast<std::uint64_t>(period::num));
    hash = add_to_hash(hash, static_cast<std::uint64_t>(period::den));
    return layout<rep>::template shape<Outer...>(hash);
  }
};

template <class Point>
struct time_point_layout {
  using since_epoch = duration_layout<typename Point::duration>;
  static constexpr std::size_t size_min = since_epoch::size_min;

  static void write(std::string& out, Point value, int depth) {
    since_epoch::write(out, value.time_since_epoch(), depth);
  }
  static std::optional<Point> read(byte_reader& in) {
    const auto since = since_epoch::read(in);
    if (!since) return std::nullopt;
    return Point{*since};
  }
  template <class... Outer>
  static constexpr std::uint64_t shape(std::uint64_t hash) {
    return since_epoch::template shape<Outer...>(add_to_hash(hash, std::string_view{"time"}));
  }
};

template <class T>
struct optional_layout {
  static constexpr std::size_t size_min = 1;

  static void write(std::string& out, const std::optional<T>& value, int depth) {
    append_number(out, value.has_value());
    if (value) layout<T>::write(out, *value, depth);
  }
  static std::optional<std::optional<T>> read(byte_reader& in) {
    const std::optional<std::uint8_t> flag = in.take<std::uint8_t>();
    if (!flag || *flag > 1) return std::nullopt;
    std::optional<std::optional<T>> value{std::in_place};
    if (*flag == 0) return value;
    *value = layout<T>::read(in);
    if (!*value) value.reset();
    return value;
  }
  template <class... Outer>
  static constexpr std::uint64_t shape(std::uint64_t hash) {
    return layout<T>::template shape<Outer...>(add_to_hash(hash, std::string_view{"optional"}));
  }
};

/// Pairs and tuples.
template <class Tuple, class... T>
struct tuple_layout {
  static constexpr std::size_t size_min = (layout<T>::size_min + ...);

  static void write(std::string& out, const Tuple& value, int depth) {
    std::apply([&](const T&... part) { (layout<T>::write(out, part, depth), ...); }, value);
  }
  static std::optional<Tuple> read(byte_reader& in) {
    // The elements of a list in braces are read in their order.
    std::tuple<std::optional<T>...> parts{layout<T>::read(in)...};
    return std::apply(
        [](std::optional<T>&... part) -> std::optional<Tuple> {
          if (!(part.has_value() && ...)) return std::nullopt;
          return std::optional<Tuple>{std::in_place, *std::move(part)...};
        },
        parts);
  }
  template <class... Outer>
  static constexpr std::uint64_t shape(std::uint64_t hash) {
    hash = add_to_hash(hash, std::string_view{"tuple"});
    hash = add_to_hash(hash, std::uint64_t{sizeof...(T)});
    ((hash = layout<T>::template shape<Outer...>(hash)), ...);
    return hash;
  }
};

/// One byte for the alternative, and its value.
template <class... T>
struct variant_layout {
  using value_type = std::variant<T...>;
  static constexpr std::size_t size_min = 1;

  static void write(std::string& out, const value_type& value, int depth) {
    append_number(out, static_cast<std::uint8_t>(value.index()));
    std::visit([&]<class Part>(const Part& part) { layout<Part>::write(out, part, depth); }, value);
  }
  static std::optional<value_type> read(byte_reader& in) {
    const std::optional<std::uint8_t> index = in.take<std::uint8_t>();
    if (!index) return std::nullopt;
    return read_one(in, *index, std::index_sequence_for<T...>{});
  }
  template <class... Outer>
  static constexpr std::uint64_t shape(std::uint64_t hash) {
    hash = add_to_hash(hash, std::string_view{"variant"});
    hash = add_to_hash(hash, std::uint64_t{sizeof...(T)});
    ((hash = layout<T>::template shape<Outer...>(hash)), ...);
    return hash;
  }

 private:
  template <std::size_t... Index>
  static std::optional<value_type> read_one(byte_reader& in, std::size_t chosen,
                                            std::index_sequence<Index...>) {
    std::optional<value_type> value;
    const auto read_if = [&]<std::size_t I, class Part>() {
      if (chosen != I) return;
      if (auto part = layout<Part>::read(in))
        value.emplace(std::in_place_index<I>, *std::move(part));
    };
    (read_if.template operator()<Index, T>(), ...);
    return value;
  }
};

/// Written as a byte, because each part has at least one.
struct monostate_layout {
  static constexpr std::size_t size_min = 1;
  static void write(std::string& out, std::monostate, int) { out += '\0'; }
  static std::optional<std::monostate> read(byte_reader& in) {
    if (in.take<std::uint8_t>() != std::uint8_t{0}) return std::nullopt;
    return std::monostate{};
  }
  template <class... Outer>
  static constexpr std::uint64_t shape(std::uint64_t hash) {
    return add_to_hash(hash, std::string_view{"nothing"});
  }
};

template <class T, std::size_t Size>
struct array_layout {
  static constexpr std::size_t size_min = layout<T>::size_min * Size;

  static void write(std::string& out, const std::array<T, Size>& value, int depth) {
    for (const T& part : value) layout<T>::write(out, part, depth);
  }
  static std::optional<std::array<T, Size>> read(byte_reader& in) {
    std::optional<std::array<T, Size>> value{std::in_place};
    for (T& place : *value) {
      std::optional<T> part = layout<T>::read(in);
      if (!part) return std::nullopt;
      place = *std::move(part);
    }
    return value;
  }
  template <class... Outer>
  static constexpr std::uint64_t shape(std::uint64_t hash) {
    hash = add_to_hash(add_to_hash(hash, std::string_view{"array"}), std::uint64_t{Size});
    return layout<T>::template shape<Outer...>(hash);
  }
};

/// The number of elements, and the elements.
template <class Container, class T>
struct sequence_layout {
  static constexpr std::size_t size_min = sizeof(std::uint32_t);

  static void write(std::string& out, const Container& value, int depth) {
    append_count(out, value.size());
    for (const auto& part : value) layout<T>::write(out, part, depth);
  }
  static std::optional<Container> read(byte_reader& in) {
    const std::optional<std::size_t> count = in.count(layout<T>::size_min);
    if (!count) return std::nullopt;
    std::optional<Container> value{std::in_place};
    // Elements may be larger in memory than in bytes: reserve no more memory than there are bytes.
    value->reserve(std::min(*count, in.left() / sizeof(T)));
    for (std::size_t i = 0; i < *count; ++i) {
      std::optional<T> part = layout<T>::read(in);
      if (!part) return std::nullopt;
      value->push_back(*std::move(part));
    }
    return value;
  }
  template <class... Outer>
  static constexpr std::uint64_t shape(std::uint64_t hash) {
    return layout<T>::template shape<Outer...>(add_to_hash(hash, std::string_view{"sequence"}));
  }
};

/// Sets: the same, and no element twice.
template <class Container, class T>
struct set_layout : sequence_layout<Container, T> {
  static std::optional<Container> read(byte_reader& in) {
    const std::optional<std::size_t> count = in.count(layout<T>::size_min);
    if (!count) return std::nullopt;
    std::optional<Container> value{std::in_place};
    for (std::size_t i = 0; i < *count; ++i) {
      std::optional<T> part = layout<T>::read(in);
      if (!part || !value->insert(*std::move(part)).second) return std::nullopt;
    }
    return value;
  }
};

/// Maps: the number of elements, and keys and values in turn; no key twice.
template <class Container, class Key, class T>
struct map_layout {
  static constexpr std::size_t size_min = sizeof(std::uint32_t);

  static void write(std::string& out, const Container& value, int depth) {
    append_count(out, value.size());
    for (const auto& [key, part] : value) {
      layout<Key>::write(out, key, depth);
      layout<T>::write(out, part, depth);
    }
  }
  static std::optional<Container> read(byte_reader& in) {
    const std::optional<std::size_t> count = in.count(layout<Key>::size_min + layout<T>::size_min);
    if (!count) return std::nullopt;
    std::optional<Container> value{std::in_place};
    for (std::size_t i = 0; i < *count; ++i) {
      std::optional<Key> key = layout<Key>::read(in);
      if (!key) return std::nullopt;
      std::optional<T> part = layout<T>::read(in);
      if (!part || !value->emplace(*std::move(key), *std::move(part)).second) return std::nullopt;
    }
    return value;
  }
  template <class... Outer>
  static constexpr std::uint64_t shape(std::uint64_t hash) {
    hash = layout<Key>::template shape<Outer...>(add_to_hash(hash, std::string_view{"map"}));
    return layout<T>::template shape<Outer...>(hash);
  }
};

}  // namespace detail

template <class Rep, class Period>
requires(detail::number<Rep>) struct codec<std::chrono::duration<Rep, Period>>
    : detail::layout_codec<std::chrono::duration<Rep, Period>,
                           detail::duration_layout<std::chrono::duration<Rep, Period>>> {
};

/// A steady clock begins anew with the machine: its times mean nothing to other processes.
template <class Clock, encodable Duration>
requires(!Clock::is_steady) struct codec<std::chrono::time_point<Clock, Duration>>
    : detail::layout_codec<std::chrono::time_point<Clock, Duration>,
                           detail::time_point_layout<std::chrono::time_point<Clock, Duration>>> {
};

template <encodable T>
struct codec<std::optional<T>>
    : detail::layout_codec<std::optional<T>, detail::optional_layout<T>> {};

template <encodable First, encodable Second>
struct codec<std::pair<First, Second>>
    : detail::layout_codec<std::pair<First, Second>,
                           detail::tuple_layout<std::pair<First, Second>, First, Second>> {};

template <encodable... T>
requires(sizeof...(T) > 0) struct codec<std::tuple<T...>>
    : detail::layout_codec<std::tuple<T...>, detail::tuple_layout<std::tuple<T...>, T...>> {
};

template <>
struct codec<std::monostate> : detail::layout_codec<std::monostate, detail::monostate_layout> {};

template <encodable... T>
requires(sizeof...(T) <= 255) struct codec<std::variant<T...>>
    : detail::layout_codec<std::variant<T...>, detail::variant_layout<T...>> {
};

template <encodable T, std::size_t Size>
requires(Size > 0) struct codec<std::array<T, Size>>
    : detail::layout_codec<std::array<T, Size>, detail::array_layout<T, Size>> {
};

template <encodable T, class Allocator>
struct codec<std::vector<T, Allocator>>
    : detail::layout_codec<std::vector<T, Allocator>,
                           detail::sequence_layout<std::vector<T, Allocator>, T>> {};

template <encodable T, class... Rest>
struct codec<std::set<T, Rest...>>
    : detail::layout_codec<std::set<T, Rest...>, detail::set_layout<std::set<T, Rest...>, T>> {};

template <encodable T, class... Rest>
struct codec<std::unordered_set<T, Rest...>>
    : detail::layout_codec<std::unordered_set<T, Rest...>,
                           detail::set_layout<std::unordered_set<T, Rest...>, T>> {};

template <encodable Key, encodable T, class... Rest>
struct codec<std::map<Key, T, Rest...>>
    : detail::layout_codec<std::map<Key, T, Rest...>,
                           detail::map_layout<std::map<Key, T, Rest...>, Key, T>> {};

template <encodable Key, encodable T, class... Rest>
struct codec<std::unordered_map<Key, T, Rest...>>
    : detail::layout_codec<std::unordered_map<Key, T, Rest...>,
                           detail::map_layout<std::unordered_map<Key, T, Rest...>, Key, T>> {};

}  // namespace drover
