// SPDX-License-Identifier: MIT
// The options of `drover simulate`, checked and complete.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "simulate/measure/expectation.hpp"
#include "simulate/origins/load_time.hpp"
#include "simulate/origins/origin_address.hpp"
#include "simulate/run/scenario.hpp"

namespace drover::simulate {

// Limits that keep a simulation within the resources of one machine.
inline constexpr std::uint32_t processes_max = 32;
inline constexpr std::uint32_t callers_max = 1'000;
inline constexpr std::uint32_t callers_in_all_max = 4'000;
inline constexpr std::uint32_t events_max = 100;
inline constexpr std::size_t loads_max = 8;
inline constexpr std::chrono::milliseconds ttl_max{86'400'000};

enum class report_format : std::uint8_t { text, json, csv, html, svg };

struct report_request {
  report_format format = report_format::text;
  std::optional<std::filesystem::path> out;  ///< nullopt: standard output
};

struct simulate_options {
  const scenario* chosen_scenario = nullptr;
  std::vector<std::string> strategies;
  std::string strategy_command;  ///< the command of a client program; empty: none
  std::uint32_t processes = 4;
  std::uint32_t callers = 50;  ///< in each process
  std::vector<load_time> loads;
  std::chrono::milliseconds ttl{};
  std::uint32_t events = 1;
  std::optional<std::string> redis_url;  ///< nullopt: a private server
  std::optional<std::string> redis_server;
  origin_choice origin;
  std::optional<std::string> postgresql_bin;
  std::vector<report_request> reports;  ///< at most one of them goes to standard output
  std::uint64_t seed = 1;
  std::vector<expectation> expected;  ///< for every strategy; empty: the scenario's promise
  std::string command;                ///< the command line that repeats the simulation
};

}  // namespace drover::simulate
