// SPDX-License-Identifier: MIT
// C702: the application lets its callers down while the server does not answer.
#include "audit/rules/outage_failures.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c702_text{
    .id = "C702",
    .name = "fails-on-silence",
    .usual_severity = severity::error,
    .severity_note = "warning if fewer than a fifth of the checks fail",
    .summary = "Callers are not served while the server does not answer.",
    .why =
        "A frozen server, a lost route or a full network queue gives no error: the client "
        "waits. Without a short timeout each caller holds a thread or a request slot until "
        "all of them are used up, and the whole application stops, also the parts that "
        "need no cache.",
    .left_alone =
        "a single failed check, such as the request that was under way when the outage "
        "began; applications that did not serve their callers before",
    .exercised_by = "--outages silent, and --check",
    .advice =
        "Set a connect and a read timeout well below the patience of the callers, and a "
        "breaker that skips the cache after a few timeouts.",
    .fix =
        "Set the connect timeout and the read (socket) timeout of the client to a few "
        "hundred milliseconds at most, and its number of retries to one or none. Put a "
        "circuit breaker in front of it, so that not every request waits for the timeout. "
        "After a timeout load from the origin with a bounded number of loads at once. Add "
        "a test with a server that accepts connections and never answers.",
    .caching_rules = "12",
};

class fails_on_silence final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c702_text.id; }
  [[nodiscard]] interest::bits wants() const override { return 0; }
  void on_end(const rule_context& context, verdicts& out) override {
    report_failed_checks(id(), {outage_kind::silent}, context, out);
  }
};

}  // namespace

rule_definition c702() { return {c702_text, {}, make_rule<fails_on_silence>}; }

}  // namespace drover::audit
