// SPDX-License-Identifier: MIT
// Texts for the reports: a sentence about each strategy, and the cells of tables. Pure.
#pragma once

#include <string>
#include <string_view>

#include "simulate/measure/simulation.hpp"
#include "text/words.hpp"

namespace drover::simulate {

using text::counted;
using text::in_words;
using text::one_line;

/// The queries of one cold event, or the range over all of them: "1", "1-37".
[[nodiscard]] std::string per_event(const measurement& measured);

/// The database's count of queries, with the tool's count if it differs: "12 (tool: 10)".
[[nodiscard]] std::string queries_in_words(const measurement& measured);

/// Whether each cold event needed only one query, not counting queries that replaced those of a
/// killed or frozen process.
[[nodiscard]] bool is_one_load(const measurement& measured);

/// Whether the figure counts queries. If so, reports do not show the number of queries again.
[[nodiscard]] bool is_about_queries(figure kind);

/// The noun for the key figure: "queries", "queries for one cold event".
[[nodiscard]] std::string headline_unit(const strategy_result& result);

/// Whether the strategy is this library.
[[nodiscard]] bool is_drover(const strategy_result& result);

/// One sentence about the result and its reason.
[[nodiscard]] std::string verdict(const strategy_result& result);

/// "met: errors=0", "not met: errors=0 (found 3)".
[[nodiscard]] std::string in_words(const check& condition);

/// "cold", "fault", "mended", "change"
[[nodiscard]] std::string_view name_of(marker_kind kind);

/// "uniform:20-80", "2.5".
[[nodiscard]] std::string in_words(const parameter_value& value);

}  // namespace drover::simulate
