// SPDX-License-Identifier: MIT
// What a fault proxy has done, as text and as JSON. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fault/plan/fault_spec.hpp"
#include "fault/proxy/fault_proxy.hpp"
#include "text/terminal.hpp"

namespace drover::faults {

struct summary {
  std::uint64_t seed = 1;
  std::vector<fault_spec> specs;
  fault_counts counts;
  std::uint64_t log_lines_lost = 0;
  /// nullopt: no command ran to its end.
  std::optional<int> command_code;
};

[[nodiscard]] std::string text_summary(const summary& of, const text::terminal& on);
[[nodiscard]] std::string json_summary(const summary& of);

}  // namespace drover::faults
