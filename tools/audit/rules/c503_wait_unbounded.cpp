// SPDX-License-Identifier: MIT
// C503: a caller waited for more than twice the lease.
#include <algorithm>
#include <vector>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c503_text{
    .id = "C503",
    .name = "wait-unbounded",
    .usual_severity = severity::info,
    .summary = "A caller waited for more than twice the lease.",
    .why =
        "If holders fail one after the other, or the lock never ends, a waiter without a deadline "
        "blocks its thread, its connection and its client forever. Soon all threads wait.",
    .left_alone = "waits that end with the value within two leases.",
    .exercised_by = "callers that wait for another caller's load",
    .advice =
        "Set a deadline of at least the lease's duration. After it, serve a stale value or an "
        "error.",
    .fix =
        "Give the wait a deadline (the request's own, and at least the lock's PX). After the "
        "deadline, serve the last known value or fail with a specific error; do not load without "
        "the lock. Add a test in which the holder never finishes and the caller returns in time.",
    .caching_rules = "7",
};

constexpr library_setting c503_settings[] = {
    {"redlock (Node)", "set `retryCount` (default 10; -1 waits forever)"},
    {"redis-py Lock", "pass `blocking_timeout=`: without it `acquire()` waits forever"},
};

/// Twice the lease is enough for one holder to fail and the next one to load.
constexpr int leases_max = 2;
/// Shorter waits are ignored, because leases are not shorter.
constexpr moment c503_wait_min = std::chrono::milliseconds{200};
/// A waiter that polls more rarely may have loaded, left and returned.
constexpr moment gap_max = std::chrono::milliseconds{300};
/// The number of long waits that are kept for each pattern.
constexpr std::size_t long_waits_max = 1024;

class wait_unbounded final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c503_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::waits | interest::lock_holds;
  }

  void on_lock_hold(const lock_hold& hold, const key_state& /*lock*/,
                    const rule_context& /*context*/) override {
    if (hold.lease.ends) {
      moment& lease = leases_[hold.pattern];
      lease = std::max(lease, hold.ttl.duration);
    }
  }

  void on_wait(const wait& wait, const key_state& key, const rule_context& context) override {
    if (context.is_perturbed(wait.first, wait.last)) return;
    if (context.connections().is_multiplexed(wait.connection)) {
      if (wait.last - wait.first >= c503_wait_min) ++mixed_[*key.pattern];
      return;
    }
    ++waits_;
    const moment length = wait.last - wait.first;
    pattern_tally& tally = tallies_[*key.pattern];
    ++tally.waits;
    if (length < c503_wait_min || wait.longest_gap > gap_max) return;
    if (tally.lengths.size() < long_waits_max) tally.lengths.push_back(length);
    tally.longest.add(static_cast<double>(length.count()), [&] {
      return proof_of(context, key, wait.first, wait.last,
                      "Polled " + in_words(wait.polls) + " times in " + in_words(length) +
                          (wait.result == wait::outcome::silent ? ", and then stopped." : "."));
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override {
    tallies_.unite(from, into);
    mixed_.unite(from, into);
    const moment* const lease = leases_.find(from);
    if (lease != nullptr) leases_[into] = std::max(leases_[into], *lease);
    leases_.erase(from);
  }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t long_waits = 0;
    std::uint64_t leaseless = 0;
    std::uint64_t mixed = 0;
    bool judged = false;
    for (const auto& [index, number] : mixed_) {
      if (is_waited_for(context.patterns()[index], context)) mixed += number;
    }
    for (auto& [index, tally] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      const moment lease = lease_of(pattern, context);
      if (lease <= moment{0}) {
        if (is_waited_for(pattern, context)) leaseless += tally.lengths.size();
        continue;
      }
      judged = true;
      const auto long_count = static_cast<std::uint64_t>(
          std::count_if(tally.lengths.begin(), tally.lengths.end(),
                        [&](moment time) { return time > leases_max * lease; }));
      if (long_count == 0) continue;
      long_waits += long_count;
      out.add_finding(finding_for(pattern, tally, lease, long_count));
    }
    if (leaseless > 0) {
      out.add_not_judged(id(), counted(leaseless, "long wait", "long waits"), "no lease is known");
    }
    if (mixed > 0) {
      out.add_not_judged(id(), counted(mixed, "long wait", "long waits") + " on shared connections",
                         "several callers wait on one connection");
    }
    out.add_coverage(id(), status_of(long_waits, waits_ > 0 && judged),
                     waits_ == 0 ? "no caller waited for another caller's load"
                     : !judged && long_waits == 0
                         ? counted(waits_, "wait", "waits") + ", none of them with a known lease"
                         : counted(waits_, "wait", "waits") + ", " + in_words(long_waits) +
                               " longer than two leases");
  }

 private:
  struct pattern_tally {
    cases longest;
    std::vector<moment> lengths;
    std::uint64_t waits = 0;

    void merge(const pattern_tally& other) {
      longest.merge(other.longest);
      lengths.insert(lengths.end(), other.lengths.begin(), other.lengths.end());
      waits += other.waits;
    }
  };

  static bool is_waited_for(const pattern_state& pattern, const rule_context& context) {
    const key_role role = context.role_of(pattern);
    return role == key_role::value || role == key_role::lock;
  }

  moment lease_of(const pattern_state& pattern, const rule_context& context) const {
    if (!pattern.paired) return moment{0};
    const bool is_lock = context.role_of(pattern) == key_role::lock;
    // If the waiters also poll the value, the waits for the value are judged instead.
    const pattern_tally* const value_waits = is_lock ? tallies_.find(*pattern.paired) : nullptr;
    if (value_waits != nullptr && value_waits->waits > 0) return moment{0};
    const moment* const lease = leases_.find(is_lock ? pattern.index : *pattern.paired);
    return lease == nullptr ? moment{0} : *lease;
  }

  finding finding_for(const pattern_state& pattern, pattern_tally& tally, moment lease,
                      std::uint64_t long_count) const {
    tally.longest.count = long_count;
    tally.longest.opportunities = tally.lengths.size();
    finding result = finding_of(id(), pattern, tally.longest);
    const auto is_short = [&](const evidence& proof) {
      return proof.to - proof.from <= leases_max * lease;
    };
    result.evidence_list.erase(
        std::remove_if(result.evidence_list.begin(), result.evidence_list.end(), is_short),
        result.evidence_list.end());
    result.severity = severity::info;
    result.confidence = confidence::strong;
    result.message = counted(long_count, "wait", "waits") + " took more than twice the lease of " +
                     in_words(lease) + "; the longest wait took " +
                     in_words(moment{static_cast<std::int64_t>(tally.longest.worst())}) + '.';
    return result;
  }

  per_pattern<moment> leases_;
  per_pattern<pattern_tally> tallies_;
  std::uint64_t waits_ = 0;
  per_pattern<std::uint64_t> mixed_;  // long waits on shared connections
};

}  // namespace

rule_definition c503() { return {c503_text, c503_settings, make_rule<wait_unbounded>}; }

}  // namespace drover::audit
