// SPDX-License-Identifier: MIT
// C704: the application lets its callers down while each reply of the server is late.
#include "audit/rules/outage_failures.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c704_text{
    .id = "C704",
    .name = "fails-when-slow",
    .usual_severity = severity::error,
    .severity_note = "warning if fewer than a fifth of the checks fail",
    .summary = "Callers are not served while each reply of the server takes a third of a second.",
    .why =
        "A slow server is worse than none: each round trip of a request adds to its time, "
        "and requests pile up. A request with many commands one after the other exceeds "
        "the patience of its caller.",
    .left_alone =
        "a single failed check, such as the request that was under way when the outage "
        "began; applications that did not serve their callers before",
    .exercised_by = "--outages slow, and --check",
    .advice =
        "Give the cache a time budget for the whole request, send commands that belong "
        "together at once, and go on without the cache when the budget is used up.",
    .fix =
        "Count the round trips to Redis of one request, and combine them (MGET, a "
        "pipeline, a script). Set a read timeout, and a budget for the whole request after "
        "which the cache is skipped. Add a test with 300 ms of latency on each reply.",
    .caching_rules = "12",
};

class fails_when_slow final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c704_text.id; }
  [[nodiscard]] interest::bits wants() const override { return 0; }
  void on_end(const rule_context& context, verdicts& out) override {
    report_failed_checks(id(), {outage_kind::slow}, context, out);
  }
};

}  // namespace

rule_definition c704() { return {c704_text, {}, make_rule<fails_when_slow>}; }

}  // namespace drover::audit
