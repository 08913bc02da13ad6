// SPDX-License-Identifier: MIT
// C706: the application sends the server far more during an outage than before.
#include <algorithm>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/outage_failures.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c706_text{
    .id = "C706",
    .name = "retry-storm",
    .usual_severity = severity::warning,
    .summary = "The application sends far more commands and connections during an outage.",
    .why =
        "A server that comes back is met by all clients at once, each with its retries and new "
        "connections. It fails again, and the outage does not end.",
    .left_alone =
        "up to five times as many commands and connections as before, and fewer than 20 a second.",
    .exercised_by = "--outages, with at least 20 commands before the first outage",
    .advice =
        "Retry with exponential back-off and jitter, retry at most once for each request, and skip "
        "the server for some time after a few failures (a breaker).",
    .fix =
        "Find the retry loop around the Redis client, and the retry and reconnect settings of the "
        "client. Use exponential back-off with full jitter and an upper limit of some seconds for "
        "connecting, at most one retry for a command, and a circuit breaker that tries one request "
        "from time to time. Add a test that counts the connections and commands of a second "
        "without a server.",
    .caching_rules = "12",
};

/// So many times the usual number are a storm.
constexpr double storm_factor = 5;
constexpr double storm_per_second_min = 20;
/// So many commands and connections show what is usual.
constexpr std::uint64_t calm_attempts_min = 20;

class retry_storm final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c706_text.id; }
  [[nodiscard]] interest::bits wants() const override { return 0; }

  void on_end(const rule_context& context, verdicts& out) override {
    const traffic_counts& calm = context.outages().calm();
    const double usual = calm.per_second(calm.attempts());
    cases storms;
    double most = 0;
    const auto outages = context.outages().results(context.now());
    const bool is_judged = calm.attempts() >= calm_attempts_min;
    for (const outage_result& outage : outages) {
      if (!is_judged) continue;
      ++storms.opportunities;
      const traffic_counts& traffic = outage.traffic;
      const double rate = traffic.per_second(traffic.attempts());
      most = std::max(most, rate);
      if (rate < storm_per_second_min || rate <= storm_factor * usual) continue;
      storms.add(rate, [&] {
        return proof_of(
            outage, "The application sent " + counted(traffic.commands, "command", "commands") +
                        " and " + counted(traffic.connections, "connection", "connections") + ' ' +
                        std::string{in_words(outage.kind)} + ": " + rate_in_words(rate, "of them") +
                        ", before " + rate_in_words(usual, "of them") + '.');
      });
    }
    if (!is_judged && !outages.empty()) {
      out.add_not_judged(id(), counted(outages.size(), "outage", "outages"),
                         "fewer than 20 commands came before the first one");
    }
    report_cases(id(), severity::warning, storms, out);
    out.add_coverage(id(), status_of(storms.count, storms.opportunities),
                     storms.opportunities == 0
                         ? "no outage was caused; --outages causes them"
                         : "at most " + rate_in_words(most, "commands and connections") + " in " +
                               counted(storms.opportunities, "outage", "outages") + ", before " +
                               rate_in_words(usual, "of them"));
  }
};

}  // namespace

rule_definition c706() { return {c706_text, {}, make_rule<retry_storm>}; }

}  // namespace drover::audit
