// SPDX-License-Identifier: MIT
#include "audit/rules/outage_failures.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"

namespace drover::audit {
namespace {

/// One failed check may be the request that was under way when the outage began.
constexpr std::uint64_t failed_min = 2;
/// An error if one check in so many failed.
constexpr std::uint64_t checks_per_failure = 5;
constexpr std::size_t lines_max = 6;

bool is_borne(const outage_result& outage) {
  return outage.failed < failed_min && !outage.is_application_gone;
}

bool is_severe(const outage_result& outage) {
  return outage.is_application_gone || outage.failed * checks_per_failure >= outage.checks;
}

std::string failures_in_words(const outage_result& outage) {
  std::string text = in_words(outage.failed) + " of " + counted(outage.checks, "check", "checks") +
                     " failed " + std::string{in_words(outage.kind)};
  if (outage.failures.empty()) return text + '.';
  const application_checked& told =
      outage.is_application_gone ? outage.failures.back() : outage.failures.front();
  return text + ": " + told.why + '.';
}

}  // namespace

std::vector<outage_result> outages_of(const rule_context& context,
                                      std::initializer_list<outage_kind> kinds) {
  std::vector<outage_result> all = context.outages().results(context.now());
  std::erase_if(all, [&](const outage_result& outage) {
    return std::find(kinds.begin(), kinds.end(), outage.kind) == kinds.end();
  });
  return all;
}

std::string_view in_words(outage_kind kind) {
  switch (kind) {
    case outage_kind::slow: return "while the server was slow";
    case outage_kind::errors: return "while the server answered with errors";
    case outage_kind::full: return "while the memory of the server was full";
    case outage_kind::silent: return "while the server was silent";
    case outage_kind::away: break;
  }
  return "while the server was away";
}

std::string rate_in_words(double per_second, std::string_view items) {
  char text[48];
  std::snprintf(text, sizeof text, "%.*f ", per_second < 10 ? 1 : 0, per_second);
  return text + std::string{items} + " a second";
}

evidence proof_of(const outage_result& outage, std::string summary) {
  evidence proof;
  proof.summary = std::move(summary);
  proof.from = outage.from;
  proof.to = outage.to;
  for (const application_checked& check : outage.failures) {
    if (proof.timeline.size() == lines_max) break;
    moment_line line;
    line.from = check.from;
    line.to = check.to;
    line.process = "the check";
    line.text = "not served: " + check.why;
    line.decisive = proof.timeline.empty();
    proof.timeline.push_back(std::move(line));
  }
  return proof;
}

void report_cases(std::string_view rule, severity level, const cases& found, verdicts& out) {
  if (found.count == 0) return;
  finding result;
  result.rule = rule;
  result.count = found.count;
  result.opportunities = found.opportunities;
  result.evidence_list = found.kept_evidence();
  result.severity = level;
  result.confidence = confidence::proof;
  result.message = result.evidence_list.front().summary;
  out.add_finding(std::move(result));
}

void report_failed_checks(std::string_view rule, std::initializer_list<outage_kind> kinds,
                          const rule_context& context, verdicts& out) {
  cases failing;
  std::uint64_t checks = 0;
  std::uint64_t failed = 0;
  std::size_t outages = 0;
  bool is_error = false;
  std::string worst;
  for (const outage_result& outage : outages_of(context, kinds)) {
    if (!outage.is_judged()) {
      out.add_not_judged(rule, "an outage", outage.not_judged);
      continue;
    }
    ++outages;
    checks += outage.checks;
    if (is_borne(outage)) continue;
    failed += outage.failed;
    is_error = is_error || is_severe(outage);
    const double badness = static_cast<double>(outage.failed) / static_cast<double>(outage.checks);
    if (failing.count == 0 || badness > failing.worst()) worst = failures_in_words(outage);
    failing.add(badness, [&] { return proof_of(outage, failures_in_words(outage)); });
  }
  if (failing.count > 0) {
    finding result;
    result.rule = rule;
    result.count = failed;
    result.opportunities = checks;
    result.evidence_list = failing.kept_evidence();
    result.severity = is_error ? severity::error : severity::warning;
    result.confidence = confidence::proof;
    result.message = worst;
    out.add_finding(std::move(result));
  }
  out.add_coverage(rule, status_of(failing.count, outages),
                   outages == 0 ? "no such outage was caused; --outages causes them"
                                : counted(outages, "outage", "outages") + " with " +
                                      counted(checks, "check", "checks") + ", " + in_words(failed) +
                                      " failed");
}

}  // namespace drover::audit
