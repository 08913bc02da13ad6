// SPDX-License-Identifier: MIT
// C503: a caller waited for more than twice the lease.
#include <algorithm>
#include <memory>
#include <vector>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {
namespace {

/// Within twice the lease a waiter has seen one holder fail and the next one load.
constexpr int leases_max = 2;
/// Shorter waits are not looked at: no lease is meant to be shorter.
constexpr moment wait_min = std::chrono::milliseconds{200};
/// A waiter that asks so rarely is not seen to wait: it may have loaded, gone and come back.
constexpr moment gap_max = std::chrono::milliseconds{300};
/// Of the longest waits so many are counted.
constexpr std::size_t long_waits_max = 1024;

class wait_unbounded final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C503"; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::waits | interest::lock_holds;
  }

  void on_lock_hold(const lock_hold& what, const key_state& /*lock*/,
                    const rule_context& /*all*/) override {
    if (what.lease.ends) {
      moment& lease = leases_[what.pattern];
      lease = std::max(lease, what.ttl.duration);
    }
  }

  void on_wait(const wait& what, const key_state& key, const rule_context& all) override {
    if (all.is_perturbed(what.first, what.last)) return;
    if (all.connections().is_multiplexed(what.connection)) return;  // many callers, one wait
    ++waits_;
    const moment length = what.last - what.first;
    seen& of = of_[*key.pattern];
    ++of.waits;
    if (length < wait_min || what.longest_gap > gap_max) return;
    if (of.lengths.size() < long_waits_max) of.lengths.push_back(length);
    of.longest.add(static_cast<double>(length.count()), [&] {
      return proof_of(all, key, what.first, what.last,
                      "Asked " + in_words(what.polls) + " times in " + in_words(length) +
                          (what.result == wait::outcome::silent ? ", and then no more." : "."));
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t long_waits = 0;
    bool judged = false;
    for (auto& [index, of] : of_) {
      const pattern_state& pattern = all.patterns()[index];
      const moment lease = lease_of(pattern, all);
      if (lease <= moment{0}) continue;
      judged = true;
      const auto over = static_cast<std::uint64_t>(
          std::count_if(of.lengths.begin(), of.lengths.end(),
                        [&](moment each) { return each > leases_max * lease; }));
      if (over == 0) continue;
      long_waits += over;
      out.found(judge(pattern, of, lease, over));
    }
    out.covered(id(),
                long_waits > 0         ? coverage_line::status::fail
                : waits_ > 0 && judged ? coverage_line::status::pass
                                       : coverage_line::status::not_exercised,
                waits_ == 0 ? "nobody was seen to wait for another's load"
                : !judged && long_waits == 0
                    ? counted(waits_, "wait", "waits") + ", none of them long beside a known lease"
                    : counted(waits_, "wait", "waits") + ", " + in_words(long_waits) +
                          " longer than two leases");
  }

 private:
  struct seen {
    cases longest;
    std::vector<moment> lengths;
    std::uint64_t waits = 0;
  };

  moment lease_of(const pattern_state& pattern, const rule_context& all) const {
    if (!pattern.paired) return moment{0};
    const bool is_lock = all.role_of(pattern) == key_role::lock;
    // Who asks for the value as well is judged by that: the value ends the wait.
    const seen* const values = is_lock ? of_.find(*pattern.paired) : nullptr;
    if (values != nullptr && values->waits > 0) return moment{0};
    const moment* const found = leases_.find(is_lock ? pattern.index : *pattern.paired);
    return found == nullptr ? moment{0} : *found;
  }

  finding judge(const pattern_state& pattern, seen& of, moment lease, std::uint64_t over) const {
    of.longest.count = over;
    of.longest.opportunities = of.lengths.size();
    finding made = finding_of(id(), pattern, of.longest);
    const auto is_short = [&](const evidence& each) {
      return each.to - each.from <= leases_max * lease;
    };
    made.seen.erase(std::remove_if(made.seen.begin(), made.seen.end(), is_short), made.seen.end());
    made.how_bad = severity::info;
    made.how_sure = confidence::strong;
    made.message = counted(over, "wait", "waits") + " took more than twice the lease of " +
                   in_words(lease) + "; the longest " +
                   in_words(moment{static_cast<std::int64_t>(of.longest.worst())}) + '.';
    return made;
  }

  per_pattern<moment> leases_;
  per_pattern<seen> of_;
  std::uint64_t waits_ = 0;
};

}  // namespace

std::unique_ptr<rule> make_c503() { return std::make_unique<wait_unbounded>(); }

}  // namespace drover::audit
