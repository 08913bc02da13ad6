// SPDX-License-Identifier: MIT
// What somebody wants of a strategy, as `--expect` takes it: "queries-per-event<=1,errors=0". Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/measure/measurement.hpp"
#include "simulate/measure/simulation.hpp"

namespace drover::simulate {

enum class comparison : std::uint8_t { equal, at_most, less, at_least, more };

/// One number of a measurement that can be expected to be something.
struct expectable {
  std::string_view name;     ///< "wait-p99-ms"
  std::string_view meaning;  ///< "the wait that 99 % of the calls stay below, in milliseconds"
  bool is_time = false;      ///< in milliseconds, with fractions; otherwise a count
  double (*of)(const measurement&) = nullptr;
};

struct expectation {
  std::string text;  ///< without blanks: "queries-per-event<=1"
  const expectable* what = nullptr;
  comparison how = comparison::equal;
  double bound = 0;
};

struct expectations {
  std::vector<expectation> conditions;
  std::string error;  ///< why the text was not understood, and what would be; empty if it was
};

/// All that can be expected.
[[nodiscard]] const std::vector<expectable>& all_expectable();

/// Conditions `NAME OP NUMBER` with commas between; OP is = == <= < >= or >.
[[nodiscard]] expectations parse_expectations(std::string_view text);

[[nodiscard]] std::vector<check> evaluate(const std::vector<expectation>& conditions,
                                          const measurement& found);

}  // namespace drover::simulate
