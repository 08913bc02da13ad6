// SPDX-License-Identifier: MIT
// C707: without the cache, about each request reaches the origin.
#include <algorithm>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/outage_failures.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c707_text{
    .id = "C707",
    .name = "unprotected-origin",
    .usual_severity = severity::warning,
    .summary = "During an outage of the cache, about each request loads from the origin.",
    .why =
        "The cache is there because the origin cannot bear the requests. When it is away, the "
        "origin gets all of them at once and fails as well: the outage of a cache becomes an "
        "outage of everything.",
    .left_alone =
        "fewer loads than half of the reads before the outage, or than five times the loads "
        "before; slow servers.",
    .exercised_by =
        "--outages errors, silent or away, an origin counter, and at least 20 reads before the "
        "first outage",
    .advice =
        "Share one load of a key among the callers of a process, limit how many loads run at once, "
        "and serve values of a small cache in the process or stale ones, also without Redis.",
    .fix =
        "Find the code that loads when the cache fails. Share a load of the same key among its "
        "callers (single-flight), and put a bound on all loads that run at once (a semaphore): "
        "beyond it, serve a stale value or fail fast. Keep recently used values in the process for "
        "some seconds. Add a test that makes 50 requests at once without a server and counts the "
        "loads.",
    .caching_rules = "12",
};

constexpr std::uint64_t calm_reads_min = 20;
constexpr std::uint64_t flood_loads_min = 20;
/// The share of the usual reads that reaches the origin.
constexpr double unprotected_share = 0.5;
/// More loads than before.
constexpr double unprotected_factor = 5;

class unprotected_origin final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c707_text.id; }
  [[nodiscard]] interest::bits wants() const override { return 0; }

  void on_end(const rule_context& context, verdicts& out) override {
    const auto outages =
        outages_of(context, {outage_kind::errors, outage_kind::silent, outage_kind::away});
    const traffic_counts& calm = context.outages().calm();
    const std::string reason = reason_not_to_judge(context, calm);
    cases floods;
    double most = 0;
    for (const outage_result& outage : outages) {
      if (!reason.empty()) continue;
      ++floods.opportunities;
      const double rate = outage.traffic.per_second(outage.traffic.loads);
      most = std::max(most, rate);
      if (!is_flood(outage.traffic, calm)) continue;
      floods.add(rate, [&] {
        return proof_of(
            outage, "The origin was asked for " + counted(outage.traffic.loads, "load", "loads") +
                        ' ' + std::string{in_words(outage.kind)} + ": " +
                        rate_in_words(rate, "loads") + ". Before, the cache got " +
                        rate_in_words(calm.per_second(calm.reads), "reads") + " and the origin " +
                        rate_in_words(calm.per_second(calm.loads), "loads") + '.');
      });
    }
    if (!reason.empty() && !outages.empty()) {
      out.add_not_judged(id(), counted(outages.size(), "outage", "outages"), reason);
    }
    report_cases(id(), severity::warning, floods, out);
    out.add_coverage(id(), status_of(floods.count, floods.opportunities),
                     floods.opportunities == 0
                         ? "no such outage was caused; --outages causes them"
                         : "at most " + rate_in_words(most, "loads") + " in " +
                               counted(floods.opportunities, "outage", "outages") + ", before " +
                               rate_in_words(calm.per_second(calm.loads), "loads") + " and " +
                               rate_in_words(calm.per_second(calm.reads), "reads"));
  }

 private:
  static std::string reason_not_to_judge(const rule_context& context, const traffic_counts& calm) {
    if (!context.outages().has_loads()) return "no origin counter says how many loads there were";
    if (calm.reads < calm_reads_min) return "fewer than 20 reads came before the first one";
    return {};
  }

  static bool is_flood(const traffic_counts& outage, const traffic_counts& calm) {
    const double rate = outage.per_second(outage.loads);
    return outage.loads >= flood_loads_min &&
           rate >= unprotected_share * calm.per_second(calm.reads) &&
           rate >= unprotected_factor * calm.per_second(calm.loads);
  }
};

}  // namespace

rule_definition c707() { return {c707_text, {}, make_rule<unprotected_origin>}; }

}  // namespace drover::audit
