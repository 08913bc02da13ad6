// SPDX-License-Identifier: MIT
// C105: callers share a load in their process, and every process loads for itself.
#include <memory>

#include "audit/rules/herds.hpp"

namespace drover::audit {
namespace {

class per_process_coalescing final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C105"; }
  [[nodiscard]] interest::bits wants() const override { return interest::cold_events; }

  void on_cold_event(const cold_event& what, const key_state& key,
                     const rule_context& all) override {
    book_.add(what, key, all);
    if (what.demand.processes >= 2 && what.demand.contended) ++shared_[*key.pattern];
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t shared = 0;
    std::uint64_t bad = 0;
    for (const pattern_state& pattern : all.patterns()) {
      if (all.role_of(pattern) != key_role::value) continue;
      const herd_book::sum seen = book_.of(pattern, all);
      shared += shared_[pattern];
      if (!seen.shares || is_written_like_a_session(pattern)) continue;
      bad += seen.unguarded.each_once.count;
      report(pattern, seen, out);
    }
    const auto status = bad > 0      ? coverage_line::status::fail
                        : shared > 0 ? coverage_line::status::pass
                                     : coverage_line::status::not_exercised;
    out.covered(id(), status,
                shared == 0
                    ? "no cold key was wanted by two processes at once"
                    : counted(shared, "cold event", "cold events") + " in two or more processes, " +
                          in_words(bad) + " with a load for each of them");
  }

 private:
  void report(const pattern_state& pattern, const herd_book::sum& seen, verdicts& out) const {
    const herd_book::tally& loads = seen.unguarded;
    cases each = loads.each_once;
    each.opportunities = std::max(
        shared_.find(pattern.index) == nullptr ? std::uint64_t{0} : *shared_.find(pattern.index),
        each.count);
    finding made = finding_of(id(), pattern, each);
    made.how_bad = severity::warning;
    made.how_sure = confidence::strong;
    made.message =
        "Each process loads for itself: up to " +
        in_words(static_cast<std::uint64_t>(each.worst())) + " loads " +
        (loads.unclear > 0
             ? "in one cold event, some of them by connections whose process is not known."
             : "by " + counted(loads.processes_most, "process", "processes") +
                   " in one cold event.") +
        " With N processes expect N.";
    out.found(std::move(made));
  }

  herd_book book_;
  per_pattern<std::uint64_t> shared_;
};

}  // namespace

std::unique_ptr<rule> make_c105() { return std::make_unique<per_process_coalescing>(); }

}  // namespace drover::audit
