// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace drover::simulate {

/// What `drover demo` was asked for. Its limits are checked where it is parsed.
struct demo_options {
  unsigned processes = 4;
  unsigned callers = 50;  ///< in each process
  std::vector<std::chrono::milliseconds> loads{std::chrono::milliseconds{50},
                                               std::chrono::milliseconds{2000}};
  std::optional<std::string> redis_server{};  ///< path; else $PATH is searched
  bool is_json = false;
};

/// Limits: what a small machine still starts within seconds, and loads well below policy::load_max.
inline constexpr unsigned processes_max = 32;
inline constexpr unsigned callers_max = 500;
inline constexpr unsigned callers_in_all_max = 2'000;
inline constexpr unsigned load_ms_max = 20'000;
inline constexpr unsigned loads_max = 8;

}  // namespace drover::simulate
