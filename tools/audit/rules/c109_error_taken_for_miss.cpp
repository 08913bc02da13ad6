// SPDX-License-Identifier: MIT
// C109: a client takes an error of the cache for a miss: it loads, and stores the value.
#include <algorithm>
#include <array>
#include <chrono>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c109_text{
    .id = "C109",
    .name = "error-taken-for-miss",
    .usual_severity = severity::warning,
    .summary = "A client takes an error of the cache for a miss, loads, and stores the value.",
    .why =
        "When the server is loading, out of memory or overloaded, every request gets an error. If "
        "each of them loads and stores, the origin gets all the traffic at once, and the server "
        "gets even more. An error of the wrong type is never noticed.",
    .left_alone =
        "clients that missed the key before or afterwards; a single case; runs with injected "
        "faults.",
    .exercised_by = "error replies to reads",
    .advice = "Tell an error from a miss. After an error load behind a limit, and do not store.",
    .fix =
        "Do not catch every exception of the cache where a missing key is expected. After an error "
        "reply serve a stale value, or load behind a breaker or a semaphore that bounds the number "
        "of loads, and do not store the result. Log the error. Add a test in which GET answers "
        "with an error: the origin gets a bounded number of loads.",
    .caching_rules = "12",
};

/// A store later than this belongs to something else.
constexpr moment load_after_error_max = std::chrono::seconds{30};
constexpr std::uint64_t c109_cases_min = 2;

class error_taken_for_miss final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c109_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::ops(op_kind::read) | interest::ops(op_kind::store) | interest::records;
  }

  void on_record(const record& item, const rule_context& /*context*/) override {
    is_disturbed_ = is_disturbed_ || std::holds_alternative<fault_injected>(item);
  }

  void on_op(const op& operation, const key_state& key, const rule_context& context) override {
    if (operation.in_script || operation.transaction != 0) return;
    if (operation.kind == op_kind::read) {
      std::optional<op_summary>& failed = failed_[key.ref];
      if (operation.outcome == op_outcome::failed) {
        ++errors_;
        // A load that is under way has begun with a miss.
        const bool is_loading =
            key.last_miss && (!key.last_store || key.last_miss->done > key.last_store->sent);
        failed = is_loading ? std::nullopt : std::optional{op_summary(operation)};
      } else if (failed && failed->process == operation.process) {
        failed.reset();
      }
      return;
    }
    if (operation.outcome != op_outcome::yes || operation.part) return;
    std::optional<op_summary>* const failed = failed_.find(key.ref);
    if (failed == nullptr || !*failed) return;
    const op_summary read = **failed;
    const bool is_same_client = read.connection == operation.connection ||
                                (read.process != 0 && read.process == operation.process);
    if (!is_same_client || operation.sent < read.done) return;
    failed->reset();
    if (operation.sent - read.done > load_after_error_max) return;
    tallies_[*key.pattern].stored.add(0, [&] {
      return proof_of(context, key, read.sent, operation.done,
                      "The read was answered with an error, and " +
                          in_words(operation.sent - read.done) +
                          " later the same client stored a value.");
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t bad = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      const key_role role = context.role_of(pattern);
      if (is_disturbed_ || role == key_role::ignored || role == key_role::lock) continue;
      if (tally.stored.count < c109_cases_min) continue;
      bad += tally.stored.count;
      tally.stored.opportunities = std::max(errors_, tally.stored.count);
      finding result = finding_of(id(), pattern, tally.stored);
      result.severity = severity::warning;
      result.confidence = confidence::strong;
      result.message = "After " + in_words(tally.stored.count) + " of " +
                       counted(errors_, "error reply", "error replies") +
                       " to reads the client stored a value that it had not missed.";
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(bad, is_disturbed_ ? 0 : errors_),
                     counted(errors_, "read was", "reads were") + " answered with an error");
  }

 private:
  struct pattern_tally {
    cases stored;

    void merge(const pattern_tally& other) { stored.merge(other.stored); }
  };

  per_key<std::optional<op_summary>> failed_;  ///< the last failed read, until the client reads
  per_pattern<pattern_tally> tallies_;
  std::uint64_t errors_ = 0;
  bool is_disturbed_ = false;  ///< the tool injected faults
};

}  // namespace

rule_definition c109() { return {c109_text, {}, make_rule<error_taken_for_miss>}; }

}  // namespace drover::audit
