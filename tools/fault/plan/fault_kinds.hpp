// SPDX-License-Identifier: MIT
// The names of the kinds of faults, with a description and an example of each. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fault/plan/fault_spec.hpp"

namespace drover::faults {

struct kind_description {
  fault_kind kind;
  std::string_view name;
  /// What the client sees.
  std::string_view effect;
  std::string_view example;
};

/// All kinds, in the order of `fault_kind`.
[[nodiscard]] std::span<const kind_description> all_kinds();

[[nodiscard]] std::string_view name_of(fault_kind kind);
[[nodiscard]] std::optional<fault_kind> kind_named(std::string_view name);

/// "delay, slice, ... or down".
[[nodiscard]] std::string names_of_kinds();

/// An error of Redis by its code.
struct server_error {
  std::string_view code;
  /// Without the code.
  std::string_view text;
};

[[nodiscard]] std::span<const server_error> known_errors();

/// The text of --list-faults: each kind with its settings and an example.
[[nodiscard]] std::string list_of_kinds();

}  // namespace drover::faults
