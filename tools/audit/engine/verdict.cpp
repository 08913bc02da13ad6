// SPDX-License-Identifier: MIT
#include "audit/engine/verdict.hpp"

#include <algorithm>
#include <cstdio>
#include <tuple>

namespace drover::audit {

namespace {

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f %%", share < 0.1 ? 1 : 0, share * 100);
  return text;
}

std::string count_text(std::size_t count, const char* singular, const char* plural) {
  return std::to_string(count) + " " + (count == 1 ? singular : plural);
}

const char* severity_name(severity severity_level) {
  switch (severity_level) {
    case severity::error: return "error";
    case severity::warning: return "warning";
    case severity::info: break;
  }
  return "info";
}

/// Why a rule of `require` has judged nothing; "" if it has.
std::string missing_rule(const audit_result& result, const std::string& rule) {
  using status = coverage_line::status;
  for (const coverage_line& line : result.coverage) {
    if (line.rule != rule && line.name != rule) continue;
    if (line.state == status::not_judged) {
      return rule + " is required and cannot be judged: " + line.not_judged;
    }
    if (line.state != status::not_exercised) return {};
  }
  return rule + " is required and was not exercised";
}

/// What the run lacks for a verdict; "" if nothing.
std::string missing_observation(const audit_result& result, const settings& options) {
  if (result.run.commands == 0) return "no command was seen";
  if (result.run.blind_share > options.blind_share_max) {
    return percent(result.run.blind_share) + " of the traffic could not be read";
  }
  for (const std::string& rule : options.require) {
    if (std::string missing = missing_rule(result, rule); !missing.empty()) return missing;
  }
  if (const std::uint64_t excused = result.run.contended_cold_events_excused;
      excused > 0 && excused >= result.run.contended_cold_events) {
    return "an injected fault may explain each contended cold event: try fewer faults, or more "
           "load";
  }
  if (result.run.contended_cold_events == 0) {
    return result.run.cold_events == 0
               ? "no key went cold during the run"
               : "no two clients wanted a cold key at the same time: try more load, or --active";
  }
  return {};
}

/// Whether the run was seen, and its keys are neither cached values nor locks.
bool uses_no_cache(const audit_result& result, const settings& options) {
  const bool is_caching =
      std::any_of(result.roles.begin(), result.roles.end(), [](const role_line& line) {
        return line.role == key_role::value || line.role == key_role::lock ||
               line.role == key_role::meta || line.role == key_role::ignored;
      });
  return !result.roles.empty() && !is_caching && result.run.reads_only == 0 &&
         options.require.empty() && result.run.blind_share <= options.blind_share_max &&
         result.faults.is_empty();
}

}  // namespace

void note_not_judged(std::vector<coverage_line>& coverage,
                     const std::vector<std::pair<std::string, std::string>>& not_judged) {
  using status = coverage_line::status;
  for (const auto& [rule, text] : not_judged) {
    for (coverage_line& line : coverage) {
      if (line.rule != rule) continue;
      line.not_judged += (line.not_judged.empty() ? "" : "; ") + text;
      if (line.state == status::not_exercised) line.state = status::not_judged;
    }
  }
}

void moderate_findings(audit_result& result) {
  for (finding& finding : result.findings) {
    const bool is_weak = finding.confidence == confidence::suspected ||
                         (finding.count <= 1 && finding.confidence != confidence::proof);
    if (is_weak) finding.severity = std::min(finding.severity, severity::warning);
  }
}

void sort_findings(audit_result& result) {
  std::stable_sort(result.findings.begin(), result.findings.end(),
                   [](const finding& a, const finding& b) {
                     return std::tie(b.severity, b.confidence, a.rule) <
                            std::tie(a.severity, a.confidence, b.rule);
                   });
}

void judge(audit_result& result, const settings& options) {
  std::size_t failing_count = 0;
  std::size_t accepted_count = 0;
  for (finding& finding : result.findings) {
    const bool is_severe = options.fail_on && finding.severity >= *options.fail_on;
    finding.fails = is_severe && finding.accepted.empty();
    if (!is_severe) continue;
    ++(finding.accepted.empty() ? failing_count : accepted_count);
  }
  const std::string suffix =
      accepted_count == 0 ? ""
                          : " (" + count_text(accepted_count, "more is", "more are") + " accepted)";
  if (failing_count > 0) {
    result.outcome = verdict::fail;
    result.reason = count_text(failing_count, "finding", "findings") + " at or above \"" +
                    severity_name(*options.fail_on) + "\"" + suffix;
    return;
  }
  if (std::string missing = missing_observation(result, options); !missing.empty()) {
    if (uses_no_cache(result, options)) {
      result.outcome = verdict::no_cache;
      result.reason = "no key was used as a cached value or as a lock" + suffix;
      return;
    }
    result.outcome = verdict::inconclusive;
    result.reason = std::move(missing);
    return;
  }
  result.outcome = verdict::pass;
  const std::string summary =
      options.fail_on
          ? "nothing at or above \"" + std::string(severity_name(*options.fail_on)) + "\""
          : std::string{"findings are not counted (--fail-on never)"};
  result.reason = summary + " in " +
                  count_text(result.run.cold_events, "cold event", "cold events") + ", " +
                  std::to_string(result.run.contended_cold_events) + " of them contended" + suffix;
}

}  // namespace drover::audit
