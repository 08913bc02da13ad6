// SPDX-License-Identifier: MIT
// The texts of all rules: for findings, reports, `drover audit --list-rules` and
// docs/reference/audit-rules.md. Each rule defines its texts in its own file.
//
// Invariant: ids ascend and are unique.
// Threads: all of it is constant.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "audit/engine/audit_result.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {

/// All rules and notices, by id.
[[nodiscard]] std::span<const rule_text> catalogue();

/// nullptr: there is no such rule. Takes ids ("C101") and names ("stampede-cold-key").
[[nodiscard]] const rule_text* find_rule(std::string_view id_or_name);

/// The rule of an id that is written in the program.
/// Precondition: there is one.
[[nodiscard]] const rule_text& rule_of(std::string_view id);

/// One line for each rule, under headings: for `drover audit --list-rules`.
[[nodiscard]] std::string list_of_rules();
/// All texts of one rule, for a terminal of 100 columns.
[[nodiscard]] std::string page_of(const rule_text& rule);

/// "error", "warning", "info".
[[nodiscard]] std::string_view word_of(severity how_bad);

/// A whole instruction for an engineer or an AI assistant, that needs nothing but the repository
/// and this text. Names of keys are bounded, quoted and called data: strangers choose them.
/// `library` and `advice` are taken for our own text, as `complete` sets them.
[[nodiscard]] std::string fix_prompt_of(const finding& finding);

/// The page docs/reference/audit-rules.md.
[[nodiscard]] std::string catalogue_page();

/// The width of reference pages that are made from tables.
inline constexpr std::size_t page_columns = 110;

}  // namespace drover::audit
