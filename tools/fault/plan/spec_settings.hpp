// SPDX-License-Identifier: MIT
// The settings of fault specs: which kinds have them, and how their values are read. Pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "fault/plan/fault_spec.hpp"

namespace drover::faults {

/// A set of kinds.
class kind_set {
 public:
  constexpr kind_set(std::initializer_list<fault_kind> kinds) noexcept {
    for (const fault_kind kind : kinds) bits_ |= bit(kind);
  }
  [[nodiscard]] constexpr bool contains(fault_kind kind) const noexcept {
    return (bits_ & bit(kind)) != 0;
  }

 private:
  static constexpr std::uint32_t bit(fault_kind kind) noexcept {
    return std::uint32_t{1} << static_cast<unsigned>(kind);
  }

  std::uint32_t bits_ = 0;
};

struct setting {
  std::string_view name;
  /// Of the value, for lists.
  std::string_view placeholder;
  /// The valid values, for messages: "must be ...".
  std::string_view form;
  std::string_view meaning;
  kind_set kinds;
  /// It belongs to the fault. Otherwise it belongs to the selection.
  bool is_own;
  /// Reads the value. False: it is not valid.
  bool (*apply)(fault_spec& spec, const std::string& value);

  [[nodiscard]] bool is_for(fault_kind kind) const noexcept { return kinds.contains(kind); }
};

[[nodiscard]] std::span<const setting> all_settings();

}  // namespace drover::faults
