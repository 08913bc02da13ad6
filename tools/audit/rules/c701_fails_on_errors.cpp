// SPDX-License-Identifier: MIT
// C701: the application lets its callers down while the cache answers with errors.
#include "audit/rules/outage_failures.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c701_text{
    .id = "C701",
    .name = "fails-on-errors",
    .usual_severity = severity::error,
    .severity_note = "warning if fewer than a fifth of the checks fail",
    .summary = "Callers are not served while the server answers with errors.",
    .why =
        "A server that restarts, has no memory left or has become a replica answers each "
        "command with an error. The data is still in the origin, but the application "
        "passes the error of the cache on to its callers.",
    .left_alone =
        "a single failed check, such as the request that was under way when the outage "
        "began; applications that did not serve their callers before",
    .exercised_by = "--outages errors or full, and --check",
    .advice =
        "Treat an error of the cache as a miss that must not be stored: load from the "
        "origin behind a limit, and answer the caller.",
    .fix =
        "Find where the application reads and writes the cache. Catch the errors of the "
        "client there, count them in a metric, and load from the origin with a bounded "
        "number of loads at once. An error while a value is stored must not fail the "
        "caller who has the value already. Add a test that answers each command with "
        "-LOADING and with -OOM.",
    .caching_rules = "12",
};

class fails_on_errors final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c701_text.id; }
  [[nodiscard]] interest::bits wants() const override { return 0; }
  void on_end(const rule_context& context, verdicts& out) override {
    report_failed_checks(id(), {outage_kind::errors, outage_kind::full}, context, out);
  }
};

}  // namespace

rule_definition c701() { return {c701_text, {}, make_rule<fails_on_errors>}; }

}  // namespace drover::audit
