// SPDX-License-Identifier: MIT
#include "audit/engine/outage_book.hpp"

#include <algorithm>

namespace drover::audit {

void outage_book::add(const outage_planned& planned) {
  if (outages_.size() == outages_max || planned.to < planned.from) return;
  if (!outages_.empty() && planned.from < outages_.back().plan.to) return;
  outages_.push_back({planned, {}});
}

void outage_book::add(const application_checked& check) {
  if (checks_.size() == checks_max || check.to < check.from) return;
  // Almost always near the end: several callers ask at the same time.
  const auto later = std::find_if(checks_.rbegin(), checks_.rend(),
                                  [&](const auto& other) { return other.from <= check.from; });
  checks_.insert(later.base(), check);
}

traffic_counts* outage_book::traffic_at(moment at) {
  if (outages_.empty()) return nullptr;
  if (at < outages_.front().plan.from) {
    if (!first_command_) first_command_ = at;
    calm_.length = outages_.front().plan.from - *first_command_;
    return &calm_;
  }
  for (planned_outage& outage : outages_) {
    if (at >= outage.plan.from && at <= outage.plan.to) return &outage.traffic;
  }
  return nullptr;
}

void outage_book::add_command(moment sent, bool is_read) {
  traffic_counts* const traffic = traffic_at(sent);
  if (traffic == nullptr) return;
  ++traffic->commands;
  traffic->reads += is_read ? 1 : 0;
}

void outage_book::add_connection(std::uint64_t connection, moment at) {
  // A record for a known connection says that its process has been found.
  if (connection <= last_connection_) return;
  last_connection_ = connection;
  if (traffic_counts* const traffic = traffic_at(at)) ++traffic->connections;
}

void outage_book::add_loads(moment at, std::uint64_t count) {
  has_loads_ = true;
  if (traffic_counts* const traffic = traffic_at(at)) traffic->loads += count;
}

std::vector<outage_result> outage_book::results(moment now) const {
  std::vector<outage_result> all;
  for (const auto& [plan, traffic] : outages_) {
    if (plan.from >= now) break;
    outage_result outage;
    outage.kind = plan.kind;
    outage.from = plan.from;
    outage.to = std::min(plan.to, now);
    outage.traffic = traffic;
    outage.traffic.length = outage.to - outage.from;
    count_checks(outage);
    outage.not_judged = reason_not_to_judge(outage, now);
    if (outage.is_judged()) find_recovery(outage, plan.recovery_until, now);
    all.push_back(std::move(outage));
  }
  return all;
}

void outage_book::count_checks(outage_result& outage) const {
  for (const application_checked& check : checks_) {
    // The end of the application may be the end of the run.
    const bool is_during = check.from >= outage.from &&
                           (check.from < outage.to || (check.is_last && check.from == outage.to));
    // A caller that asked before, and was let down meanwhile.
    const bool is_hit = check.from < outage.from && check.to >= outage.from && !check.is_served;
    if (!is_during && !is_hit) continue;
    ++outage.checks;
    outage.is_application_gone = outage.is_application_gone || check.is_last;
    if (check.is_served) continue;
    ++outage.failed;
    if (outage.failures.size() < failures_max) outage.failures.push_back(check);
  }
}

std::string outage_book::reason_not_to_judge(const outage_result& outage, moment now) const {
  if (checks_.empty()) return "no --check says whether callers were served";
  std::size_t steady = 0;
  for (const application_checked& check : checks_) {
    if (check.to >= outage.from) continue;
    steady = check.is_served ? steady + 1 : 0;
  }
  if (steady < steady_min) {
    return "the application did not serve its callers just before the outage";
  }
  if (outage.is_application_gone) return {};
  if (outage.traffic.attempts() == 0) {
    return "the application did not use the server during the outage";
  }
  if (outage.checks < checks_min) {
    return now <= outage.to ? "the run ended during the outage"
                            : "too few checks were made during the outage";
  }
  return {};
}

void outage_book::find_recovery(outage_result& outage, moment until, moment now) const {
  outage.recovery_max = std::min(until - outage.to, recovery_limit);
  const moment limit = std::min(until, now);
  std::size_t steady = 0;
  moment since{};
  for (const application_checked& check : checks_) {
    if (check.from < outage.to || check.from >= limit) continue;
    outage.is_application_gone = outage.is_application_gone || check.is_last;
    if (!check.is_served) steady = 0;
    if (check.is_served && ++steady == 1) since = check.to;
    if (steady < steady_min) continue;
    outage.recovered_after = since - outage.to;
    break;
  }
  outage.is_recovery_known = outage.recovered_after || outage.is_application_gone ||
                             now - outage.to >= outage.recovery_max;
}

}  // namespace drover::audit
