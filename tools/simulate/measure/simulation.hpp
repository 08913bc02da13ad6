// SPDX-License-Identifier: MIT
// A whole simulation as the reports see it: what was played, with which parameters, and what each
// strategy made of it. Pure values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "simulate/measure/key_figure.hpp"
#include "simulate/measure/measurement.hpp"

namespace drover::simulate {

/// One condition of --expect, and how it came out.
struct check {
  std::string text;  ///< as it was asked for: "queries-per-event<=1"
  bool is_met = false;
  std::string found;  ///< the number that it was held against, in words
};

struct strategy_result {
  std::string name;      ///< on the command line and in JSON
  std::string title;     ///< in tables
  std::string weakness;  ///< why it sends more than one query, when it does: half a sentence
  /// Whether one query for each cold event would do: not where queries fail or find no row, or
  /// where there is no cache for a while, nor where changes overtake loads.
  bool is_one_enough = true;
  measurement found;
  /// What the scenario is about; reports colour the strategy by it.
  key_figure headline;
  std::vector<check> checks;  ///< empty: nothing was expected of it
};

/// The strategies under one load time.
struct round_result {
  std::string load;           ///< as it was asked for: "50", "uniform:20-80"
  std::string load_in_words;  ///< "50 ms", "20 to 80 ms"
  std::vector<strategy_result> strategies;
};

using parameter_value = std::variant<std::string, std::uint64_t, double>;

struct simulation {
  std::string scenario;  ///< its name on the command line
  std::string title;     ///< "A hot key expires"
  std::string story;     ///< what happens, in a sentence or two
  std::string look_for;  ///< one line: what to look for
  std::string origin;    ///< "SQLite 3.40.1", "PostgreSQL 15.20"
  std::string server;    ///< "Redis 7.0.15, private"
  std::vector<std::pair<std::string, parameter_value>> parameters;  ///< names as in JSON
  std::string command;                                              ///< that repeats it
  std::vector<round_result> rounds;

  /// Every check of every strategy is met.
  [[nodiscard]] bool is_met() const;
};

}  // namespace drover::simulate
