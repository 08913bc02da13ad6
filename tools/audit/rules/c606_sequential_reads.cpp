// SPDX-License-Identifier: MIT
// C606: many keys of one pattern are read one after the other.
#include <chrono>
#include <unordered_map>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c606_text{
    .id = "C606",
    .name = "sequential-reads",
    .usual_severity = severity::info,
    .summary = "Many keys of one pattern are read one after the other.",
    .why =
        "Each read waits for a round trip. Ten reads take ten times as long as one MGET of ten "
        "keys, and most of the time goes into the network.",
    .left_alone =
        "reads in a pipeline or transaction; pauses of a millisecond or more between reads; runs "
        "of fewer than five different keys; connections that several callers share.",
    .exercised_by = "reads of several keys of one pattern by one connection",
    .advice = "Read them with one MGET, or in a pipeline.",
    .fix =
        "Collect the keys first, and read them with one MGET (in a cluster: with one pipeline), "
        "then load and store what was missing. A data loader that gathers the keys of one turn of "
        "the event loop does it without a change to the callers.",
    .caching_rules = "12",
};

constexpr moment pause_max = std::chrono::milliseconds{1};
constexpr std::uint64_t run_min = 5;
constexpr std::uint64_t runs_min = 5;
constexpr std::size_t c606_connections_max = 16'384;

class sequential_reads final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c606_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::hits | interest::ops(op_kind::read);
  }

  void on_op(const op& operation, const key_state& key, const rule_context& context) override {
    if (operation.command != "GET" || operation.in_script) return;
    const auto at = runs_.find(operation.connection);
    if (at == runs_.end() && runs_.size() >= c606_connections_max) return;
    run& current = at == runs_.end() ? runs_[operation.connection] : at->second;
    const bool goes_on = current.reads > 0 && current.pattern == key.pattern->index &&
                         operation.transaction == 0 && operation.batch != current.batch &&
                         operation.sent >= current.done &&
                         operation.sent - current.done < pause_max && !(current.key == key.ref);
    if (!goes_on) {
      end(current, context);
      current = {};
      current.pattern = key.pattern->index;
      current.from = operation.sent;
      current.connection = operation.connection;
    }
    ++current.reads;
    current.key = key.ref;
    current.batch = operation.batch;
    current.done = operation.done;
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    for (auto& [connection, current] : runs_) end(current, context);
    std::uint64_t runs = 0;
    bool failed = false;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      if (context.role_of(pattern) != key_role::value) continue;
      runs += tally.runs.count;
      if (tally.runs.count < runs_min) continue;
      failed = true;
      finding result = finding_of(id(), pattern, tally.runs);
      result.severity = severity::info;
      result.confidence = confidence::strong;
      result.message = counted(tally.runs.count, "time", "times") +
                       " five or more keys were read one after the other, up to " +
                       in_words(static_cast<std::uint64_t>(tally.runs.worst())) +
                       " of them: one MGET would do.";
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(failed, runs),
                     counted(runs, "run", "runs") + " of five or more reads in a row");
  }

 private:
  struct run {
    std::uint64_t connection = 0;
    std::uint32_t pattern = 0;
    std::uint64_t reads = 0;
    std::uint64_t batch = 0;
    moment from{};
    moment done{};
    key_ref key;
  };
  struct pattern_tally {
    cases runs;

    void merge(const pattern_tally& other) { runs.merge(other.runs); }
  };

  void end(const run& ended, const rule_context& context) {
    if (ended.reads < run_min || context.connections().is_multiplexed(ended.connection)) return;
    tallies_[ended.pattern].runs.add(static_cast<double>(ended.reads), [&] {
      const key_state* const key = context.find(ended.key);
      evidence proof;
      const std::string summary = counted(ended.reads, "read", "reads") + " in a row took " +
                                  in_words(ended.done - ended.from) + '.';
      if (key != nullptr) return proof_of(context, *key, ended.from, ended.done, summary);
      proof.summary = summary;
      proof.from = ended.from;
      proof.to = ended.done;
      return proof;
    });
  }

  std::unordered_map<std::uint64_t, run> runs_;
  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c606() { return {c606_text, {}, make_rule<sequential_reads>}; }

}  // namespace drover::audit
