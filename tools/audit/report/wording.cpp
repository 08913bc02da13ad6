// SPDX-License-Identifier: MIT
#include "audit/report/wording.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "audit/capture/record_names.hpp"
#include "text/words.hpp"

namespace drover::audit {
namespace {

constexpr std::size_t name_max = 200;
constexpr std::size_t text_max = 1000;

std::uint64_t open_findings(const audit_result& result, severity level) {
  return static_cast<std::uint64_t>(
      std::count_if(result.findings.begin(), result.findings.end(), [&](const finding& finding) {
        return finding.accepted.empty() && finding.severity == level;
      }));
}

}  // namespace

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string_view word_of(confidence level) {
  switch (level) {
    case confidence::proof: return "proof";
    case confidence::strong: return "strong";
    case confidence::suspected: break;
  }
  return "suspected";
}

std::string_view word_of(verdict outcome) {
  switch (outcome) {
    case verdict::pass: return "pass";
    case verdict::fail: return "fail";
    case verdict::no_cache: return "no_cache";
    case verdict::inconclusive: break;
  }
  return "inconclusive";
}

std::string_view word_of(coverage_line::status state) {
  switch (state) {
    case coverage_line::status::pass: return "pass";
    case coverage_line::status::fail: return "fail";
    case coverage_line::status::not_judged: return "not_judged";
    case coverage_line::status::not_exercised: break;
  }
  return "not_exercised";
}

std::string_view word_of(key_role role) {
  switch (role) {
    case key_role::value: return "value";
    case key_role::lock: return "lock";
    case key_role::meta: return "meta";
    case key_role::mark: return "mark";
    case key_role::ignored: return "ignored";
    case key_role::other: break;
  }
  return "other";
}

std::string in_words(coverage_line::status state) {
  switch (state) {
    case coverage_line::status::not_judged: return "seen, but cannot be judged";
    case coverage_line::status::not_exercised: return "not exercised";
    case coverage_line::status::pass:
    case coverage_line::status::fail: break;
  }
  return std::string{word_of(state)};
}

std::string detail_in_words(const coverage_line& line) {
  if (line.not_judged.empty()) return line.detail;
  if (line.state == coverage_line::status::not_judged) return line.not_judged;
  return line.detail + "; cannot be judged: " + line.not_judged;
}

std::vector<rule_group> rules_by_reason(const audit_result& result, coverage_line::status state) {
  std::vector<rule_group> groups;
  for (const coverage_line& line : result.coverage) {
    if (line.state != state) continue;
    const std::string reason = detail_in_words(line);
    const auto known = std::find_if(groups.begin(), groups.end(), [&](const rule_group& group) {
      return group.reason == reason;
    });
    if (known == groups.end()) {
      groups.push_back({reason, {line.rule}});
    } else {
      known->rules.push_back(line.rule);
    }
  }
  return groups;
}

bool says_coverage_again(const finding& notice) { return notice.rule == "C901"; }

std::string in_words(verdict outcome) {
  return outcome == verdict::no_cache ? "no cache" : std::string{word_of(outcome)};
}

std::string findings_in_words(const audit_result& result) {
  std::vector<std::string> parts;
  const auto add = [&](std::uint64_t number, std::string_view singular, std::string_view many) {
    if (number > 0) parts.push_back(text::counted(number, singular, many));
  };
  add(open_findings(result, severity::error), "error", "errors");
  add(open_findings(result, severity::warning), "warning", "warnings");
  add(open_findings(result, severity::info), "remark", "remarks");
  const auto accepted =
      std::count_if(result.findings.begin(), result.findings.end(),
                    [](const finding& finding) { return !finding.accepted.empty(); });
  if (parts.empty()) parts.emplace_back("no findings");
  add(static_cast<std::uint64_t>(accepted), "accepted", "accepted");
  return joined(parts);
}

std::string share_in_words(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g %%", share * 100);
  return text;
}

std::string run_in_words(const audit_result::figures& figures) {
  std::vector<std::string> parts{text::in_words(std::chrono::nanoseconds{figures.length})};
  std::string of_passed;
  if (figures.commands_passed > figures.commands) {
    of_passed = " of " + text::in_words(figures.commands_passed) + " that passed";
  }
  if (figures.sampled_share < 1) {
    of_passed += " (" + share_in_words(figures.sampled_share) + " of the keys were examined)";
  }
  parts.push_back(text::counted(figures.commands, "command", "commands") + of_passed + " by " +
                  text::counted(figures.processes, "process", "processes") + " on " +
                  text::counted(figures.keys, "key", "keys"));
  std::string cold = text::counted(figures.cold_events, "cold event", "cold events");
  if (figures.cold_events > 0)
    cold += ", " + text::in_words(figures.contended_cold_events) + " contended";
  parts.push_back(std::move(cold));
  parts.push_back(loads_in_words(figures));
  return joined(parts);
}

std::string loads_in_words(const audit_result::figures& figures) {
  std::string loads = text::counted(figures.loads, "load", "loads");
  if (figures.refreshes > 0)
    loads += " and " + text::counted(figures.refreshes, "refresh", "refreshes");
  if (figures.origin_loads > 0)
    loads += " (the origin counted " + text::in_words(figures.origin_loads) + ")";
  return loads;
}

std::string excused_in_words(const fault_report::not_judged& excused) {
  std::vector<std::string> parts;
  const auto add = [&](std::uint64_t count, std::string_view one, std::string_view many) {
    if (count > 0) parts.push_back(text::counted(count, one, many));
  };
  add(excused.cold_events, "cold event", "cold events");
  add(excused.lock_holds, "lock hold", "lock holds");
  add(excused.others, "load, store or wait", "loads, stores and waits");
  add(excused.commands, "command with the reply to another one",
      "commands with the reply to another one");
  if (parts.empty()) return "No fault explains anything that the rules judge.";
  return "The faults may explain " + joined(parts) +
         ". No rule has judged these. Everything else is judged, also what the application did "
         "after a fault.";
}

std::string_view word_of(outage_kind kind) { return name_in(outage_names, kind); }

std::string checks_in_words(const outage_result& outage) {
  if (!outage.is_judged()) return "not judged: " + outage.not_judged;
  return text::in_words(outage.failed) + " of " + text::counted(outage.checks, "check", "checks") +
         " failed";
}

std::string recovery_in_words(const outage_result& outage) {
  if (!outage.is_judged() || !outage.is_recovery_known) return {};
  if (outage.is_application_gone) return "the application ended";
  if (!outage.recovered_after) return "did not recover";
  return "served its callers again after " +
         text::in_words(std::chrono::nanoseconds{*outage.recovered_after});
}

std::string times_in_words(const finding& finding) {
  if (finding.opportunities == 0) return text::in_words(finding.count);
  return text::in_words(finding.count) + " of " + text::in_words(finding.opportunities);
}

std::string if_wrong(const finding& finding) {
  const std::string accept = "accept it with `--write-baseline FILE` and `--baseline FILE`.";
  if (finding.pattern.empty()) return "If this is wrong, " + accept;
  std::string quoted;
  for (const char byte : shown_name(finding.pattern)) {
    quoted += byte == '\'' ? std::string{"'\\''"} : std::string{byte};
  }
  return "If these keys are no cached values or locks, add `--role '" + quoted +
         "=mark'` or `--role '" + quoted + "=ignore'`. Otherwise " + accept;
}

std::string next_step(const audit_result& result, reader where) {
  const bool has_open =
      std::any_of(result.findings.begin(), result.findings.end(),
                  [](const finding& finding) { return finding.accepted.empty(); });
  const auto idle = static_cast<std::uint64_t>(
      std::count_if(result.coverage.begin(), result.coverage.end(), [](const coverage_line& line) {
        return line.state == coverage_line::status::not_exercised;
      }));
  if (has_open && where == reader::page) {
    return "each finding below has its evidence, advice, and an instruction for an AI assistant "
           "that fixes it. Then run the audit again.";
  }
  if (has_open) {
    return "add `--format html --out audit.html` to see the timeline. Or add `--format json --out "
           "audit.json` and run `drover prompts fix audit.json` for an instruction that fixes the "
           "findings.";
  }
  if (result.run.commands == 0) {
    return "connect the application to the proxy. Its address is in REDIS_URL, REDIS_HOST, "
           "REDIS_PORT and similar variables. Pass it as an argument with {}, or in another "
           "variable with `--set-env 'NAME={}'`.";
  }
  if (result.outcome == verdict::no_cache) {
    return "nothing. If the application has a cache, run the part of it that uses the cache, or "
           "name "
           "the keys: `--role 'GLOB=value'`. `--require C101` makes such a run inconclusive.";
  }
  if (result.outcome == verdict::inconclusive) {
    return "send more requests at once (two or more callers that request one cold key), or let the "
           "tool make keys cold: `drover audit --active`.";
  }
  const auto unclear = static_cast<std::uint64_t>(std::count_if(
      result.coverage.begin(), result.coverage.end(),
      [](const coverage_line& line) { return line.state == coverage_line::status::not_judged; }));
  std::string next;
  if (unclear > 0) {
    next = "read why " + text::counted(unclear, "rule", "rules") + " could not judge what " +
           (unclear == 1 ? "it" : "they") + " saw: a longer run does not change that.";
  }
  if (idle > 0) {
    next += (next.empty() ? "" : " ") + text::counted(idle, "rule was", "rules were") +
            " not exercised, which is not a pass. `drover audit --list-rules` shows what each rule "
            "needs.";
  }
  if (!next.empty()) return next;
  return "run this audit with every change.";
}

std::string shown(std::string_view text) { return text::visible(text, text_max); }

std::string shown_name(std::string_view name) { return text::visible(name, name_max); }

std::string since(moment begin, moment time) {
  char text[40];
  const double passed = ms(time - begin);
  std::snprintf(text, sizeof text, "%+.1f ms", passed > -0.05 && passed < 0 ? 0.0 : passed);
  return text;
}

double ms(moment time) { return static_cast<double>(time.count()) / 1000.0; }

}  // namespace drover::audit
