// SPDX-License-Identifier: MIT
// The contents of a rule's file: the texts of the rule, the settings of libraries that concern it,
// and its detection. `all_rules.cpp` lists the rules.
//
// Invariants: every text is one paragraph of plain sentences; only `fix` has placeholders.
// Threads: any, because all data is constant.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "audit/engine/rule.hpp"

namespace drover::audit {

struct rule_text {
  std::string_view id;    ///< "C101"
  std::string_view name;  ///< "stampede-cold-key"
  severity usual_severity = severity::warning;
  std::string_view severity_note{};  ///< when the severity differs from the usual; "" if never
  std::string_view summary;          ///< one sentence: what a finding of this rule means
  std::string_view why;              ///< what the fault costs
  std::string_view left_alone{};     ///< similar traffic that is not reported
  std::string_view exercised_by{};   ///< what must happen in a run for a "pass" to mean something
  std::string_view advice;
  std::string_view fix;              ///< the instruction in the middle of a fix prompt
  std::string_view caching_rules{};  ///< numbers of the rules of `drover init ai` that it checks

  [[nodiscard]] constexpr bool is_notice() const { return id.substr(0, 2) == "C9"; }
  /// The topic of the rules of one hundred: "stampede", "lock", ...
  [[nodiscard]] std::string_view family() const;
};

/// How users of a library fix the fault that the rule reports.
struct library_setting {
  std::string_view library;  ///< `library_profile::name`
  std::string_view change;   ///< a sentence without its full stop
};

struct rule_definition {
  rule_text text;
  std::span<const library_setting> settings;
  /// Null for a notice that depends on the result of all rules: see notices.hpp.
  std::unique_ptr<rule> (*make)() = nullptr;
};

template <class Rule>
[[nodiscard]] std::unique_ptr<rule> make_rule() {
  return std::make_unique<Rule>();
}

}  // namespace drover::audit
