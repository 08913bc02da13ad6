// SPDX-License-Identifier: MIT
// C907: the traffic shows more loads than the origin counted.
#include <algorithm>

#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c907_text{
    .id = "C907",
    .name = "origin-counts-less",
    .usual_severity = severity::warning,
    .summary = "The traffic shows more loads than the origin counted.",
    .why =
        "Either the counter misses loads (a regular expression that is too narrow, a second "
        "database, a metric that is sampled), or clients store values that they did not load. "
        "Findings that rest on the counter may be missing.",
    .left_alone =
        "small differences; queries through --origin-tcp; runs without a counter, or whose counter "
        "told nothing at all.",
    .advice =
        "Compare the counter with the loads by hand for one key: request it cold, and see whether "
        "the counter goes up by one.",
    .fix =
        "Check that --origin-log, --origin-cmd, --origin-metric or --origin-redis counts every "
        "load "
        "of a cached value, from all processes. If clients store what they did not load, such as "
        "defaults or copies, mark these keys with `--role`.",
};

/// Fewer loads than this, or a smaller share of them, are stores by retries and by chance.
constexpr std::uint64_t missing_min = 5;
constexpr double missing_share = 0.25;

class origin_counts_less final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c907_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::cold_events | interest::records;
  }

  void on_record(const record& item, const rule_context&) override {
    const auto* const loads = std::get_if<origin_loads>(&item);
    if (loads != nullptr && !loads->source.starts_with("tcp")) told_ += loads->count;
  }

  void on_cold_event(const cold_event& cold, const key_state& key, const rule_context&) override {
    loads_[*key.pattern] += cold.loading.count;
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { loads_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t seen = 0;
    for (const auto& [index, count] : loads_) {
      if (context.role_of(context.patterns()[index]) == key_role::value) seen += count;
    }
    const std::uint64_t missing = seen - std::min(seen, told_);
    if (told_ == 0 || missing < missing_min ||
        static_cast<double>(missing) < missing_share * static_cast<double>(seen))
      return;
    finding notice;
    notice.rule = id();
    notice.severity = severity::warning;
    notice.confidence = confidence::strong;
    notice.count = missing;
    notice.opportunities = seen;
    notice.message = "The traffic shows " + counted(seen, "load", "loads") +
                     ", and the origin counted " + in_words(told_) + ": " + in_words(missing) +
                     " are missing in the counter, or were no loads.";
    out.add_notice(std::move(notice));
  }

 private:
  std::uint64_t told_ = 0;
  per_pattern<std::uint64_t> loads_;
};

}  // namespace

rule_definition c907() { return {c907_text, {}, make_rule<origin_counts_less>}; }

}  // namespace drover::audit
