// SPDX-License-Identifier: MIT
// C703: the application lets its callers down while the server is away.
#include "audit/rules/outage_failures.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c703_text{
    .id = "C703",
    .name = "fails-when-away",
    .usual_severity = severity::error,
    .severity_note = "warning if fewer than a fifth of the checks fail",
    .summary = "Callers are not served while connections to the server are reset or refused.",
    .why =
        "Each restart and each failover of the server resets all connections and refuses "
        "new ones for seconds. If the application needs the cache to answer, it is down as "
        "well, although its origin works.",
    .left_alone =
        "a single failed check, such as the request that was under way when the outage "
        "began; applications that did not serve their callers before",
    .exercised_by = "--outages away, and --check",
    .advice =
        "Catch connection errors where the cache is read and written, and load from the "
        "origin behind a limit.",
    .fix =
        "Find where the application reads and writes the cache, and how it connects when "
        "it starts. Catch connection errors there, and load from the origin with a bounded "
        "number of loads at once. Let the client connect again by itself, with back-off, "
        "and let commands fail at once while there is no connection, instead of queueing "
        "them. Add a test that stops the server while requests are running.",
    .caching_rules = "12",
};

class fails_when_away final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c703_text.id; }
  [[nodiscard]] interest::bits wants() const override { return 0; }
  void on_end(const rule_context& context, verdicts& out) override {
    report_failed_checks(id(), {outage_kind::away}, context, out);
  }
};

}  // namespace

rule_definition c703() { return {c703_text, {}, make_rule<fails_when_away>}; }

}  // namespace drover::audit
