// SPDX-License-Identifier: MIT
#pragma once

#include <drover/codec.hpp>
#include <drover/detail/members_layout.hpp>

namespace drover {

/// The codec of a class by its members, in any order:
///
///     template <>
///     struct drover::codec<user> : drover::member_codec<user, &user::id, &user::name> {};
///
/// The class must be default-constructible, and each member needs a codec. A class may contain
/// itself, for example in a vector. For private members, declare
/// `friend struct drover::codec<user>;` in the class.
///
/// A member of an aggregate that is not in the list is an error when it is compiled, because it
/// would be lost in Redis. For other classes, and for aggregates with base classes, nothing checks
/// this; `some_members_codec` leaves members out on purpose.
///
/// Throws:  `encode` throws `std::length_error` for a value that contains itself more than 100
///          levels deep.
template <class T, auto... Members>
struct member_codec : detail::layout_codec<T, detail::members_layout<T, true, Members...>> {};

/// The same for a part of the members. The others have their default value when a value comes from
/// Redis.
template <class T, auto... Members>
struct some_members_codec : detail::layout_codec<T, detail::members_layout<T, false, Members...>> {
};

}  // namespace drover
