// SPDX-License-Identifier: MIT
#pragma once

#include <drover/fault.hpp>

#include <optional>
#include <utility>
#include <variant>

namespace drover {

/// A value, or the fault that prevented it. The names are those of `std::expected`, and there
/// are no others, so that a later version can become it.
///
/// Throws:  `value()` on a fault throws `std::bad_variant_access`; nothing else throws by itself.
/// Threads: as safe as `T`.
template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : held_{std::in_place_index<0>, std::move(value)} {}
  result(fault why) : held_{std::in_place_index<1>, std::move(why)} {}

  [[nodiscard]] bool has_value() const noexcept { return held_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& value() & { return std::get<0>(held_); }
  [[nodiscard]] const T& value() const& { return std::get<0>(held_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(held_)); }

  /// Precondition of the four below: `has_value()`, or `!has_value()` for `error`.
  [[nodiscard]] T& operator*() & noexcept { return *std::get_if<0>(&held_); }
  [[nodiscard]] const T& operator*() const& noexcept { return *std::get_if<0>(&held_); }
  [[nodiscard]] T&& operator*() && noexcept { return std::move(*std::get_if<0>(&held_)); }
  [[nodiscard]] T* operator->() noexcept { return std::get_if<0>(&held_); }
  [[nodiscard]] const T* operator->() const noexcept { return std::get_if<0>(&held_); }
  [[nodiscard]] const fault& error() const noexcept { return *std::get_if<1>(&held_); }

  [[nodiscard]] T value_or(T other) const& { return has_value() ? **this : std::move(other); }

 private:
  std::variant<T, fault> held_;
};

/// Nothing, or the fault that prevented an action.
template <>
class [[nodiscard]] result<void> {
 public:
  result() = default;
  result(fault why) : fault_{std::move(why)} {}

  [[nodiscard]] bool has_value() const noexcept { return !fault_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  /// Precondition: `!has_value()`.
  [[nodiscard]] const fault& error() const noexcept { return *fault_; }

 private:
  std::optional<fault> fault_;
};

}  // namespace drover
