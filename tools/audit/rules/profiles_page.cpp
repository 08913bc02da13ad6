// SPDX-License-Identifier: MIT
#include <string>

#include "audit/rules/catalogue.hpp"
#include "audit/rules/profiles.hpp"
#include "text/text_layout.hpp"

namespace drover::audit {

std::string profiles_page() {
  std::string out = "# Libraries that `drover audit` knows\n\n";
  out += text::wrapped(
      "A finding whose traffic looks like that of one of these libraries names the setting to "
      "change "
      "instead of the commands that the library sends. A library is known by its own scripts, by "
      "names of keys that only it makes, or by other names together with the client library that a "
      "connection named (`CLIENT SETINFO`). *Verified* means that the library was run behind the "
      "auditor; the others are built from their published sources, and findings say so. The rules "
      "are explained in [audit-rules.md](audit-rules.md); a test holds this page to the tool.",
      page_columns, 0);
  out +=
      "\n\n| library | checked with | verified | what it does about stampedes "
      "|\n|---|---|---|---|\n";
  for (const library_profile& each : profiles()) {
    out += "| " + std::string{each.name} + " | " + std::string{each.checked} + " | " +
           (each.verified ? "yes" : "no") + " | " + std::string{each.does} + " |\n";
  }
  for (const library_profile& each : profiles()) {
    out += "\n## " + std::string{each.name} + "\n\n";
    for (const library_setting& setting : each.settings) {
      out +=
          text::wrapped("* " + std::string{setting.rule} + ": " + std::string{setting.change} + '.',
                        page_columns, 2) +
          '\n';
    }
  }
  return out;
}

}  // namespace drover::audit
