// SPDX-License-Identifier: MIT
// How the reports say things: one sentence about each strategy, and what stands in columns. Pure.
#pragma once

#include <string>
#include <string_view>

#include "simulate/measure/simulation.hpp"
#include "text/words.hpp"

namespace drover::simulate {

using text::counted;
using text::in_words;
using text::one_line;

/// What one cold event cost, or from the cheapest to the dearest: "1", "1-37".
[[nodiscard]] std::string per_event(const measurement& found);

/// The database's count; the tool's as well where it is another: "12 (tool: 10)".
[[nodiscard]] std::string queries_in_words(const measurement& found);

/// No cold event cost more than one query, and another for each that was lost or held up with its
/// process.
[[nodiscard]] bool is_one_load(const measurement& found);

/// Whether the number is one of queries, and no other need stand beside it.
[[nodiscard]] bool is_about_queries(figure kind);

/// What the number that the scenario is about counts: "queries", "queries for one cold event".
[[nodiscard]] std::string headline_unit(const strategy_result& result);

/// Whether the strategy is this library.
[[nodiscard]] bool is_drover(const strategy_result& result);

/// One sentence: what happened, and why.
[[nodiscard]] std::string verdict(const strategy_result& of);

/// "met: errors=0", "not met: errors=0 (found 3)".
[[nodiscard]] std::string in_words(const check& of);

/// "cold", "fault", "mended", "change"
[[nodiscard]] std::string_view name_of(marker_kind kind);

/// "uniform:20-80" or 2.5, as it was given.
[[nodiscard]] std::string in_words(const parameter_value& value);

}  // namespace drover::simulate
