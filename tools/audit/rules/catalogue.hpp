// SPDX-License-Identifier: MIT
// The texts of all rules: for findings, reports, `drover audit --list-rules` and
// docs/reference/audit-rules.md. Each rule defines its texts in its own file.
//
// Invariant: ids ascend and are unique.
// Threads: any, because all data is constant.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "audit/engine/audit_result.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {

/// All rules and notices, by id.
[[nodiscard]] std::span<const rule_text> catalogue();

/// Finds a rule by its id ("C101") or its name ("stampede-cold-key"). nullptr: there is no such
/// rule.
[[nodiscard]] const rule_text* find_rule(std::string_view id_or_name);

/// The rule with this id.
/// Precondition: the rule exists.
[[nodiscard]] const rule_text& rule_of(std::string_view id);

/// One line for each rule, under headings: for `drover audit --list-rules`.
[[nodiscard]] std::string list_of_rules();
/// All texts of one rule, for a terminal of 100 columns.
[[nodiscard]] std::string page_of(const rule_text& rule);

/// "error", "warning", "info".
[[nodiscard]] std::string_view word_of(severity level);

/// A complete instruction for an engineer or an AI assistant that has the repository and this text.
/// Names of keys are bounded, quoted and declared as data, because strangers choose them. `library`
/// and `advice` are trusted texts, set by `complete`.
[[nodiscard]] std::string fix_prompt_of(const finding& finding);

/// The page docs/reference/audit-rules.md.
[[nodiscard]] std::string catalogue_page();

/// The width of generated reference pages.
inline constexpr std::size_t page_columns = 110;

}  // namespace drover::audit
