// SPDX-License-Identifier: MIT
// C901: the run did not exercise some rules.
#include <algorithm>
#include <string>
#include <utility>

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
        "(--active). What was seen and cannot be judged stays so however long the run is: read the "
        "reason in the coverage.",
    .fix =
        "Extend the audited test so that it exercises what the report lists: several processes "
        "that request one cold key at once, loads that take longer than the lease, invalidations "
        "while loads run. Then run the audit again with --active.",
};

}  // namespace

void add_not_exercised(audit_result& result) {
  std::erase_if(result.notices, [](const finding& notice) { return notice.rule == c901_text.id; });
  const auto listed = [&](coverage_line::status state) {
    std::pair<std::string, std::uint64_t> rules;
    for (const coverage_line& line : result.coverage) {
      if (line.state != state) continue;
      rules.first += (rules.first.empty() ? "" : ", ") + line.rule;
      ++rules.second;
    }
    return rules;
  };
  const auto [idle, idle_count] = listed(coverage_line::status::not_exercised);
  const auto [unclear, unclear_count] = listed(coverage_line::status::not_judged);
  const std::uint64_t count = idle_count + unclear_count;
  if (count == 0) return;
  const std::string of_all = " of " + std::to_string(result.coverage.size()) + " rules ";
  std::string message;
  if (idle_count > 0) {
    message = std::to_string(idle_count) + of_all + "were not exercised in this run: " + idle + '.';
  }
  if (unclear_count > 0) {
    message += (message.empty() ? "" : " ") + std::to_string(unclear_count) + of_all +
               "saw what they are about and cannot judge it: " + unclear + '.';
  }
  finding notice;
  notice.rule = c901_text.id;
  notice.severity = severity::info;
  notice.confidence = confidence::proof;
  notice.count = count;
  notice.opportunities = result.coverage.size();
  notice.message = std::move(message);
  result.notices.push_back(std::move(notice));
}

rule_definition c901() { return {c901_text, {}, nullptr}; }

}  // namespace drover::audit
