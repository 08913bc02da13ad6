// SPDX-License-Identifier: MIT
#include <string>

#include "audit/rules/all_rules.hpp"
#include "audit/rules/catalogue.hpp"
#include "audit/rules/profiles.hpp"
#include "text/text_layout.hpp"

namespace drover::audit {

std::string profiles_page() {
  std::string out = "# Libraries that `drover audit` knows\n\n";
  out += text::wrapped(
      "If the traffic of a finding looks like traffic of one of these libraries, the finding names "
      "the setting to change instead of the commands that the library sends. A library is "
      "recognised by its own scripts, by key names that only it uses, or by other key names "
      "together with the client library that a connection reports (`CLIENT SETINFO`). *Verified* "
      "means that the library was run behind the auditor. The other profiles are derived from "
      "published sources, and findings say so. The rules are explained in "
      "[audit-rules.md](audit-rules.md). A test compares this page with the tool.",
      page_columns, 0);
  out +=
      "\n\n| library | checked with | verified | what it does about stampedes "
      "|\n|---|---|---|---|\n";
  for (const library_profile& library : profiles()) {
    out += "| " + std::string{library.name} + " | " + std::string{library.checked_with} + " | " +
           (library.verified ? "yes" : "no") + " | " + std::string{library.stampede_handling} +
           " |\n";
  }
  for (const library_profile& library : profiles()) {
    out += "\n## " + std::string{library.name} + "\n\n";
    for (const rule_definition& rule : rule_definitions()) {
      const std::string_view change = setting_for(library.name, rule);
      if (change.empty()) continue;
      out += text::wrapped("* " + std::string{rule.text.id} + ": " + std::string{change} + '.',
                           page_columns, 2) +
             '\n';
    }
  }
  return out;
}

}  // namespace drover::audit
