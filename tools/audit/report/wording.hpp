// SPDX-License-Identifier: MIT
// The wording that reports share, with one word for each enumerator. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

[[nodiscard]] std::string_view word_of(confidence level);             ///< "proof"
[[nodiscard]] std::string_view word_of(verdict outcome);              ///< "inconclusive"
[[nodiscard]] std::string_view word_of(coverage_line::status state);  ///< "not_exercised"
[[nodiscard]] std::string_view word_of(key_role role);                ///< "value"

/// "a, b, c"
[[nodiscard]] std::string joined(const std::vector<std::string>& parts);

/// "not exercised"; "seen, but cannot be judged"; otherwise the word.
[[nodiscard]] std::string in_words(coverage_line::status state);
/// What a rule saw, and what it cannot judge.
[[nodiscard]] std::string detail_in_words(const coverage_line& line);

/// Rules with the same status for the same reason.
struct rule_group {
  std::string reason;
  std::vector<std::string> rules;
};
[[nodiscard]] std::vector<rule_group> rules_by_reason(const audit_result& result,
                                                      coverage_line::status state);
/// Whether a notice repeats the coverage, for reports that show the coverage beside it.
[[nodiscard]] bool says_coverage_again(const finding& notice);

/// "no cache"; otherwise the word.
[[nodiscard]] std::string in_words(verdict outcome);

/// "2 errors, 1 warning, 1 accepted"; "no findings".
[[nodiscard]] std::string findings_in_words(const audit_result& result);

/// "10 %".
[[nodiscard]] std::string share_in_words(double share);

/// "12.4 s, 8,412 commands of 4 processes on 855 keys, 14 cold events, 91 loads".
[[nodiscard]] std::string run_in_words(const audit_result::figures& figures);

/// "91 loads and 12 refreshes (the origin counted 104)".
[[nodiscard]] std::string loads_in_words(const audit_result::figures& figures);

/// "A fault may explain 3 cold events and 2 lock holds. No rule has judged them."
[[nodiscard]] std::string excused_in_words(const fault_report::not_judged& excused);

/// "slow", "away".
[[nodiscard]] std::string_view word_of(outage_kind kind);
/// How the application bore an outage: "2 of 25 checks failed".
[[nodiscard]] std::string checks_in_words(const outage_result& outage);
/// Whether it recovered: "served its callers again after 0.31 s"; "" if that is not known.
[[nodiscard]] std::string recovery_in_words(const outage_result& outage);

/// "14 of 57"; "14" if the opportunities were not counted.
[[nodiscard]] std::string times_in_words(const finding& finding);

/// How a user says that a finding is wrong, with options of `drover audit` for a shell.
[[nodiscard]] std::string if_wrong(const finding& finding);

/// Where the text is read.
enum class reader : std::uint8_t { terminal, page };
/// The next step for the user, in one or two sentences.
[[nodiscard]] std::string next_step(const audit_result& result, reader where);

/// A name, or a text that contains names, escaped and bounded for output: see text::visible.
[[nodiscard]] std::string shown(std::string_view text);
[[nodiscard]] std::string shown_name(std::string_view name);

/// "+51.2 ms"
[[nodiscard]] std::string since(moment begin, moment time);

/// Milliseconds with three decimals.
[[nodiscard]] double ms(moment time);

}  // namespace drover::audit
