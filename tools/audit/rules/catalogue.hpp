// SPDX-License-Identifier: MIT
// The rules' texts: what each rule means, why it matters, what to do. The one place of truth for
// findings, reports, `drover audit --list-rules` and docs/reference/audit-rules.md.
//
// Invariants: ids ascend and are unique; every text is one paragraph of plain sentences; only `fix`
//             has placeholders, and only those that `fix_prompt_of` knows.
// Threads: all of it is constant.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

struct rule_text {
  std::string_view id;    ///< "C101"
  std::string_view name;  ///< "stampede-cold-key"
  severity usual = severity::warning;
  std::string_view otherwise;     ///< when it is worse or milder than `usual`; "" if never
  std::string_view says;          ///< one sentence: what a finding of this rule means
  std::string_view why;           ///< what it costs
  std::string_view silent_for;    ///< what looks alike and is left alone
  std::string_view exercised_by;  ///< what must happen in a run so that "pass" means something
  std::string_view advice;
  std::string_view fix;        ///< the instruction in the middle of a fix prompt
  std::string_view kit_rules;  ///< the numbers of the caching rules for assistants it checks

  [[nodiscard]] constexpr bool is_notice() const { return id.substr(0, 2) == "C9"; }
  /// "stampede", "lock", ...: what rules of one hundred are about.
  [[nodiscard]] std::string_view family() const;
};

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
[[nodiscard]] std::string fix_prompt_of(const finding& what);

/// The page docs/reference/audit-rules.md.
[[nodiscard]] std::string catalogue_page();

/// The width of reference pages that are made from tables.
inline constexpr std::size_t page_columns = 110;

}  // namespace drover::audit
