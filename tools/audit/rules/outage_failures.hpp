// SPDX-License-Identifier: MIT
// What the rules about outages (C701 to C707) have in common.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "audit/engine/rule.hpp"

namespace drover::audit {

/// The outages of these kinds, in the order of time.
[[nodiscard]] std::vector<outage_result> outages_of(const rule_context& context,
                                                    std::initializer_list<outage_kind> kinds);

/// "while the server was away".
[[nodiscard]] std::string_view in_words(outage_kind kind);
/// "4.5 loads a second".
[[nodiscard]] std::string rate_in_words(double per_second, std::string_view items);

/// The evidence of an outage: the summary, and the checks that failed.
[[nodiscard]] evidence proof_of(const outage_result& outage, std::string summary);

/// Adds the finding of the rule if there is a case: as a proof, with the summary of the worst case
/// as its message.
void report_cases(std::string_view rule, severity level, const cases& found, verdicts& out);

/// Reports the checks that failed during the outages of these kinds: the finding and the coverage
/// of the rule. An error if a fifth of the checks failed, or if the application ended; a warning if
/// two or more did.
void report_failed_checks(std::string_view rule, std::initializer_list<outage_kind> kinds,
                          const rule_context& context, verdicts& out);

}  // namespace drover::audit
