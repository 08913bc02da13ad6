// SPDX-License-Identifier: MIT
// C601: cached keys have no prefix.
#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c601_text{
    .id = "C601",
    .name = "no-namespace",
    .usual_severity = severity::warning,
    .summary = "Cached keys have no prefix.",
    .why =
        "Two applications, or two versions of one, that share a server read each other's values. "
        "Related keys cannot be invalidated together, and nobody can see which application uses "
        "the memory.",
    .left_alone =
        "keys with any of : . / | # _ - in them; a few unprefixed keys among many others.",
    .exercised_by = "values that are stored after misses",
    .advice = "Use app:version:entity:id.",
    .fix =
        "Give every key of the cache a prefix from one place in the code: "
        "`<app>:v<version>:<entity>:<id>`. Raise the version whenever the stored format changes, "
        "so that old and new processes do not read each other's values.",
    .caching_rules = "12",
};

constexpr library_setting c601_settings[] = {
    {"Django", "set KEY_PREFIX in CACHES"},
    {"Rails", "set `namespace:` in `config.cache_store`"},
};

/// This many keys without a prefix are reported. Fewer are reported only if they are at least half
/// of all cached keys.
constexpr std::uint64_t c601_keys_min = 5;
constexpr std::string_view separators = ":./|#_-";

class no_namespace final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c601_text.id; }
  [[nodiscard]] interest::bits wants() const override { return 0; }

  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t values = 0;
    std::uint64_t bare = 0;
    for (const pattern_state& pattern : context.patterns()) {
      if (!is_judged(pattern, context)) continue;
      values += pattern.keys;
      if (is_bare(pattern)) bare += pattern.keys;
    }
    const bool failed = bare >= c601_keys_min || (bare > 0 && 2 * bare >= values);
    if (failed && !context.capture().keys_hidden) {
      for (const pattern_state& pattern : context.patterns()) {
        if (is_judged(pattern, context) && is_bare(pattern))
          out.add_finding(finding_for(pattern, values));
      }
    }
    if (context.capture().keys_hidden) {
      if (values > 0) {
        out.add_not_judged(id(), counted(values, "cached key", "cached keys"),
                           "the names of keys are hidden");
      }
      out.add_coverage(id(), coverage_line::status::not_exercised, "the names of keys are hidden");
      return;
    }
    out.add_coverage(
        id(), status_of(failed, values),
        counted(values, "cached key", "cached keys") + ", " + in_words(bare) + " without a prefix");
  }

 private:
  static bool is_judged(const pattern_state& pattern, const rule_context& context) {
    return context.role_of(pattern) == key_role::value && context.is_cache_aside(pattern);
  }
  /// Judged by an example, since a pattern such as "(others)" covers many names.
  static bool is_bare(const pattern_state& pattern) {
    return pattern.first_key.find_first_of(separators) == std::string::npos;
  }

  finding finding_for(const pattern_state& pattern, std::uint64_t values) const {
    cases none;
    finding result = finding_of(id(), pattern, none);
    result.keys = {pattern.first_key};
    result.count = pattern.keys;
    result.opportunities = values;
    result.severity = severity::warning;
    result.confidence = confidence::proof;
    result.message = counted(pattern.keys, "cached key has", "cached keys have") +
                     " no prefix, out of " + in_words(values) + " cached keys.";
    return result;
  }
};

}  // namespace

rule_definition c601() { return {c601_text, c601_settings, make_rule<no_namespace>}; }

}  // namespace drover::audit
