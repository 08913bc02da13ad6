// SPDX-License-Identifier: MIT
// A whole simulation as the reports see it: the scenario, the parameters, and the result of each
// strategy. Pure values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "simulate/measure/key_figure.hpp"
#include "simulate/measure/measurement.hpp"

namespace drover::simulate {

/// One condition of --expect, and its result.
struct check {
  std::string text;  ///< as typed: "queries-per-event<=1"
  bool is_met = false;
  std::string actual;  ///< the measured number, in words
};

struct strategy_result {
  std::string name;      ///< on the command line and in JSON
  std::string title;     ///< in tables
  std::string weakness;  ///< why it sends more than one query, when it does: half a sentence
  /// Whether one query for each cold event is enough. It is not where queries fail or find no row,
  /// where there is no cache for a while, or where changes overtake loads.
  bool is_one_enough = true;
  measurement measured;
  /// The number that the scenario is about. Reports colour the strategy by it.
  key_figure headline;
  std::vector<check> checks;  ///< empty: no conditions
};

/// The strategies under one load time.
struct round_result {
  std::string load;           ///< as typed: "50", "uniform:20-80"
  std::string load_in_words;  ///< "50 ms", "20 to 80 ms"
  std::vector<strategy_result> strategies;
};

using parameter_value = std::variant<std::string, std::uint64_t, double>;

struct simulation {
  std::string scenario;  ///< its name on the command line
  std::string title;     ///< "A hot key expires"
  std::string story;     ///< what happens, in a sentence or two
  std::string look_for;  ///< one line: the number to look at
  std::string origin;    ///< "SQLite 3.40.1", "PostgreSQL 15.20"
  std::string server;    ///< "Redis 7.0.15, private"
  std::vector<std::pair<std::string, parameter_value>> parameters;  ///< names as in JSON
  std::string command;                                              ///< that repeats the simulation
  std::vector<round_result> rounds;

  /// Every check of every strategy is met.
  [[nodiscard]] bool is_met() const;
};

}  // namespace drover::simulate
