// SPDX-License-Identifier: MIT
// C901: the run did not exercise some rules.
#include <algorithm>
#include <string>

#include "audit/rules/notices.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c901_text{
    .id = "C901",
    .name = "not-exercised",
    .usual_severity = severity::info,
    .summary = "The run did not exercise these rules.",
    .why = "A quiet run proves nothing. Code that was not exercised may be right or wrong.",
    .advice =
        "Send more requests at once, run longer than the TTLs, or let the tool make keys cold "
        "(--active).",
    .fix =
        "Extend the audited test so that it exercises what the report lists: several processes "
        "that request one cold key at once, loads that take longer than the lease, invalidations "
        "while loads run. Then run the audit again with --active.",
};

}  // namespace

void add_not_exercised(audit_result& result) {
  std::erase_if(result.notices, [](const finding& notice) { return notice.rule == c901_text.id; });
  std::string ids;
  std::uint64_t count = 0;
  for (const coverage_line& line : result.coverage) {
    if (line.state != coverage_line::status::not_exercised) continue;
    ids += (ids.empty() ? "" : ", ") + line.rule;
    ++count;
  }
  if (count == 0) return;
  finding notice;
  notice.rule = c901_text.id;
  notice.severity = severity::info;
  notice.confidence = confidence::proof;
  notice.count = count;
  notice.opportunities = result.coverage.size();
  notice.message = std::to_string(count) + " of " + std::to_string(result.coverage.size()) +
                   " rules were not exercised in this run: " + ids + '.';
  result.notices.push_back(std::move(notice));
}

rule_definition c901() { return {c901_text, {}, nullptr}; }

}  // namespace drover::audit
