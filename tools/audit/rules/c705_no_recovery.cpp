// SPDX-License-Identifier: MIT
// C705: the application does not recover after the server has come back.
#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/outage_failures.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c705_text{
    .id = "C705",
    .name = "no-recovery",
    .usual_severity = severity::error,
    .summary = "Callers are still not served after the server works again.",
    .why =
        "An outage of seconds becomes one that lasts until somebody restarts the application: "
        "its connections are dead, its pool or its threads are used up, or it has ended.",
    .left_alone =
        "applications that serve their callers again within 10 s, or within the time before the "
        "next outage if that is shorter; runs that end before.",
    .exercised_by = "--outages and --check",
    .advice =
        "Let the client connect again by itself and without end, with back-off and jitter. Use "
        "timeouts, so that no caller holds a dead connection, and test connections of the pool "
        "before use.",
    .fix =
        "Find what keeps the application from serving its callers after the outage: a client that "
        "gives up connecting, a connection that is reused after an error, a pool whose connections "
        "are never given back, a breaker that stays open, or an exception that ends the process or "
        "a worker. Mend that, and add a test that stops the server for some seconds, starts it "
        "again, and expects answers within 10 s.",
    .caching_rules = "12",
};

class no_recovery final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c705_text.id; }
  [[nodiscard]] interest::bits wants() const override { return 0; }

  void on_end(const rule_context& context, verdicts& out) override {
    cases dead;
    std::uint64_t judged = 0;
    moment longest{};
    for (const outage_result& outage : context.outages().results(context.now())) {
      if (!outage.is_judged()) continue;  // the rule of its kind says why
      if (!outage.is_recovery_known) {
        out.add_not_judged(id(), "an outage", "the run ended before the application recovered");
        continue;
      }
      ++judged;
      const bool is_in_time =
          outage.recovered_after && *outage.recovered_after <= outage.recovery_max;
      if (outage.recovered_after) longest = std::max(longest, *outage.recovered_after);
      if (is_in_time) continue;
      dead.add(static_cast<double>((outage.recovered_after.value_or(moment::max())).count()),
               [&] { return proof_of(outage, in_words_of(outage)); });
    }
    dead.opportunities = judged;
    report_cases(id(), severity::error, dead, out);
    out.add_coverage(id(), status_of(dead.count, judged),
                     judged == 0
                         ? "no outage was caused; --outages causes them"
                         : "recovered after " + counted(judged - dead.count, "outage", "outages") +
                               " of " + in_words(judged) + ", in " +
                               in_words(std::chrono::nanoseconds{longest}) + " at most");
  }

 private:
  static std::string in_words_of(const outage_result& outage) {
    const std::string begin = "The application was checked " + std::string{in_words(outage.kind)};
    if (outage.is_application_gone) {
      return begin + " and ended: " +
             (outage.failures.empty() ? "it has no more answered" : outage.failures.back().why) +
             '.';
    }
    if (outage.recovered_after) {
      return begin + ", and served its callers again only " +
             in_words(std::chrono::nanoseconds{*outage.recovered_after}) +
             " after the server worked again.";
    }
    return begin + ", and did not serve its callers again within " +
           in_words(std::chrono::nanoseconds{outage.recovery_max}) +
           " after the server worked again.";
  }
};

}  // namespace

rule_definition c705() { return {c705_text, {}, make_rule<no_recovery>}; }

}  // namespace drover::audit
