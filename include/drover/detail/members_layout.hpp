// SPDX-License-Identifier: MIT
// The layout of a class: its listed members one after another. Not for users.
#pragma once

#include <drover/detail/layout.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace drover::detail {

/// The name of a member. Both compilers write it behind the last colon: "Member = &user::id]". The
/// result type is no alias, because g++ would also write what an alias stands for.
template <auto Member>
[[nodiscard]] constexpr std::basic_string_view<char> member_name() {
  const std::string_view text = __PRETTY_FUNCTION__;
  const std::string_view name = text.substr(text.rfind(':') + 1);
  return name.substr(0, name.find_first_of(" )];"));
}

/// Stands for the initialiser of any member.
struct any_initialiser {
  template <class T>
  operator T() const noexcept;
};

template <class T, std::size_t... Index>
[[nodiscard]] constexpr bool has_so_many_members(std::index_sequence<Index...>) {
  return requires { T{(static_cast<void>(Index), any_initialiser{})...}; };
}

template <class T, class Member>
using member_type = std::remove_cvref_t<decltype(std::declval<const T&>().*std::declval<Member>())>;

template <class T, bool IsComplete, auto... Members>
struct members_layout {
  static_assert(sizeof...(Members) > 0, "drover: the list of the members of a class is empty");

  static constexpr std::size_t size_min =
      (layout<member_type<T, decltype(Members)>>::size_min + ...);

  static void write(std::string& out, const T& value, int depth) {
    check();
    if (depth >= byte_reader::depth_max) {
      throw std::length_error{"drover: a value that contains itself too deeply"};
    }
    (layout<member_type<T, decltype(Members)>>::write(out, value.*Members, depth + 1), ...);
  }

  static std::optional<T> read(byte_reader& in) {
    check();
    if (in.depth >= byte_reader::depth_max) return std::nullopt;
    ++in.depth;
    std::optional<T> value{std::in_place};
    const bool is_complete = (read_into(in, (*value).*Members) && ...);
    --in.depth;
    if (!is_complete) value.reset();
    return value;
  }

  template <class... Outer>
  static constexpr std::uint64_t shape(std::uint64_t hash) {
    if constexpr ((std::is_same_v<T, Outer> || ...)) {
      std::uint64_t index = 0;
      static_cast<void>(((++index, std::is_same_v<T, Outer>) || ...));
      return add_to_hash(add_to_hash(hash, std::string_view{"again"}), index);
    } else {
      hash = add_to_hash(hash, std::string_view{"members"});
      hash = add_to_hash(hash, std::uint64_t{sizeof...(Members)});
      ((hash = layout<member_type<T, decltype(Members)>>::template shape<T, Outer...>(
            add_to_hash(add_to_hash(hash, member_name<Members>()), std::string_view{" "}))),
       ...);
      return hash;
    }
  }

 private:
  template <class Member>
  static bool read_into(byte_reader& in, Member& member) {
    std::optional<Member> part = layout<Member>::read(in);
    if (!part) return false;
    member = *std::move(part);
    return true;
  }

  static constexpr void check() {
    static_assert((has_codec<member_type<T, decltype(Members)>> && ...),
                  "drover: a listed member has a type without a drover::codec. Specialise "
                  "drover::codec for that type, as docs/how-to/own-types.md describes");
    static_assert(std::is_default_constructible_v<T>,
                  "drover: a class with a drover::member_codec must be default-constructible");
    if constexpr (IsComplete && std::is_aggregate_v<T>) {
      static_assert(!has_so_many_members<T>(std::make_index_sequence<sizeof...(Members) + 1>{}),
                    "drover: this struct has more members than its drover::member_codec lists. "
                    "They would be lost in Redis. List them, or use drover::some_members_codec");
    }
  }
};

}  // namespace drover::detail
