// SPDX-License-Identifier: MIT
// Checks the options of `drover audit` about outages and converts them.
#include <string>
#include <vector>

#include "audit/run/application_check.hpp"
#include "audit/run/outage_plan.hpp"
#include "cli/audit_command.hpp"
#include "text/typed_numbers.hpp"
#include "text/usage_error.hpp"

namespace drover::cli {
namespace {

using namespace std::chrono_literals;

/// A fault has a window of one hour at most.
constexpr auto outages_end_max = 55min;

std::vector<audit::outage_kind> parse_kinds(const std::vector<std::string>& names) {
  std::vector<audit::outage_kind> kinds;
  for (const std::string& name : names) {
    if (name == "all") {
      for (const audit::outage_kind kind : audit::all_outage_kinds()) kinds.push_back(kind);
      continue;
    }
    const auto kind = audit::outage_kind_named(name);
    if (!kind) {
      throw text::usage_error{"--outages '" + name +
                              "': must be slow, errors, full, silent, away or all"};
    }
    kinds.push_back(*kind);
  }
  if (kinds.size() > audit::outages_in_a_run_max) {
    throw text::usage_error{"--outages: a run has at most 64 outages"};
  }
  return kinds;
}

}  // namespace

void audit_command::check_outages() const {
  if (!has("--outages")) {
    for (const char* option : {"--outage-after", "--outage-length", "--outage-pause", "--check"}) {
      if (has(option)) throw text::usage_error{std::string{option} + " requires --outages"};
    }
  }
  if (has("--check-timeout") && !has("--check")) {
    throw text::usage_error{"--check-timeout requires --check"};
  }
  if (!has("--outages")) return;
  for (const char* option : {"--hash-keys", "--report-every"}) {
    if (has(option)) {
      throw text::usage_error{"--outages cannot be combined with " + std::string{option}};
    }
  }
}

audit::outage_times audit_command::parsed_outage_times() const {
  audit::outage_times times;
  if (has("--outage-after")) {
    times.before = text::typed_time("--outage-after", outage_after_, 100ms, 30min);
  }
  if (has("--outage-length")) {
    times.length = text::typed_time("--outage-length", outage_length_, 500ms, 10min);
  }
  if (has("--outage-pause")) {
    times.pause = text::typed_time("--outage-pause", outage_pause_, 1s, 10min);
  }
  return times;
}

void audit_command::parse_outages(audit::audit_options& options) const {
  if (!has("--outages")) return;
  options.outages = parse_kinds(outages_);
  options.outage_pace = parsed_outage_times();
  const auto end = audit::end_of_outages(options.outages, options.outage_pace);
  if (end > outages_end_max) {
    throw text::usage_error{
        "--outages: they would end after more than 55 minutes; make fewer or shorter ones"};
  }
  if (options.length && *options.length < end) {
    throw text::usage_error{"--for '" + length_ + "' ends before the outages, which take " +
                            std::to_string((end.count() + 999) / 1000) + " s"};
  }
  if (!has("--check")) return;
  const auto target = audit::parse_check(check_);
  if (!target) throw text::usage_error{target.error().text};
  options.check = *target;
  if (has("--check-timeout")) {
    options.check_timeout = text::typed_time("--check-timeout", check_timeout_, 50ms, 1min);
  }
}

}  // namespace drover::cli
