// SPDX-License-Identifier: MIT
// The conditions of `--expect`: "queries-per-event<=1,errors=0". Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/measure/measurement.hpp"
#include "simulate/measure/simulation.hpp"

namespace drover::simulate {

enum class comparison : std::uint8_t { equal, at_most, less, at_least, more };

/// A number of a measurement that a condition can test.
struct expectable {
  std::string_view name;     ///< "wait-p99-ms"
  std::string_view meaning;  ///< "the wait that 99 % of the calls stay below, in milliseconds"
  bool is_time = false;      ///< true: milliseconds, with fractions; false: a count
  double (*value_of)(const measurement&) = nullptr;
};

struct expectation {
  std::string text;  ///< without blanks: "queries-per-event<=1"
  const expectable* quantity = nullptr;
  comparison op = comparison::equal;
  double bound = 0;
};

struct expectations {
  std::vector<expectation> conditions;
  std::string error;  ///< the fault in the text and the valid forms; empty if the text is valid
};

/// All numbers that a condition can test.
[[nodiscard]] const std::vector<expectable>& all_expectable();

/// Parses conditions `NAME OP NUMBER`, separated by commas. OP is one of = == <= < >= >.
[[nodiscard]] expectations parse_expectations(std::string_view text);

[[nodiscard]] std::vector<check> evaluate(const std::vector<expectation>& conditions,
                                          const measurement& measured);

}  // namespace drover::simulate
