// SPDX-License-Identifier: MIT
// A complete simulation, which is the input of the reports: the scenario, the parameters, and the
// result of each strategy. Pure values.
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
  std::string weakness;  ///< half a sentence: why the strategy sends more than one query
  /// Whether one query for each cold event is enough. It is not enough if queries fail or find no
  /// row, if the cache is away for a while, or if rows change during loads.
  bool is_one_enough = true;
  measurement measured;
  /// The scenario's key figure. It decides the colour of the strategy in the reports.
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
  std::string story;     ///< one or two sentences about the course of events
  std::string look_for;  ///< one line about the number to look at
  std::string origin;    ///< "SQLite 3.40.1", "PostgreSQL 15.20"
  std::string server;    ///< "Redis 7.0.15, private"
  std::vector<std::pair<std::string, parameter_value>> parameters;  ///< names as in JSON
  std::string command;  ///< the command line that repeats the simulation
  std::vector<round_result> rounds;

  /// Whether every check of every strategy is met.
  [[nodiscard]] bool is_met() const;
};

}  // namespace drover::simulate
