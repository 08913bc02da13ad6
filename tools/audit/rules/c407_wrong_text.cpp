// SPDX-License-Identifier: MIT
// C407: a text that is no value, such as "[object Object]" or an error page, is stored as a value.
#include <array>
#include <cstddef>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c407_text{
    .id = "C407",
    .name = "wrong-text",
    .usual_severity = severity::error,
    .severity_note =
        "info for `null`, and for the texts of a missing value in patterns whose other values are "
        "short texts as well",
    .summary = "A text that is no value, such as `[object Object]`, is stored as a value.",
    .why =
        "An object was turned into a text instead of being serialised, a missing value into "
        "`undefined` or `None`, or an error page was taken for an answer. All callers get it until "
        "the TTL ends, and the origin is not asked again.",
    .left_alone =
        "keys that are no cached values; `null`, `None` and the like with a shorter TTL than the "
        "other values, which are markers for what was not found.",
    .exercised_by = "a value that is stored after a miss",
    .advice =
        "Serialise values explicitly, and store an answer only if it is one: check its status and "
        "its type first.",
    .fix =
        "Find where the value is turned into a text. Serialise objects (JSON.stringify, "
        "json.dumps) "
        "instead of converting them (`${value}`, str(value)). Do not store a missing value as a "
        "text: store a marker with a short TTL, or nothing. Check the status and the type of an "
        "answer before storing it. Delete the wrong entries. Add a test: an answer that is "
        "missing, "
        "and one with status 502, leave no such text in the cache.",
    .caching_rules = "9",
};

/// The names of the known texts in messages.
constexpr std::array<std::string_view, 8> c407_names{"",
                                                     "an object that was not serialised",
                                                     "`undefined`",
                                                     "`null`",
                                                     "the text of a missing value (None, nil)",
                                                     "`NaN`",
                                                     "the text of an error",
                                                     "an error page"};
/// The text of a missing value is a marker if its ttl is at most this share of the others'.
constexpr double c407_marker_share = 0.8;
constexpr std::uint64_t c407_others_min = 3;

class wrong_text final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c407_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::settled_stores; }

  void on_settled_store(const settled_store& settled, const key_state& key,
                        const rule_context& context) override {
    const op_summary& store = settled.store;
    if (store.part || store.outcome != op_outcome::yes) return;
    pattern_tally& tally = tallies_[*key.pattern];
    if (settled.missed_before) ++tally.stores;
    const known_text known = store.value.known;
    if (known == known_text::no) {
      if (settled.ttl.duration > moment{}) tally.other_ttls.add(settled.ttl.duration);
      if (store.value.length > mark_bytes_max || store.value.looks != shape::text) ++tally.others;
      return;
    }
    wrong_stores& wrong = is_missing(known) ? tally.missing : tally.wrong;
    wrong.known = known;
    if (settled.ttl.duration > moment{}) wrong.ttls.add(settled.ttl.duration);
    wrong.found.add(0, [&] {
      return proof_of(context, key, store.sent, store.done,
                      "The value that was stored is " + name_of(known) + '.', {},
                      {{key.ref, store}});
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t stores = 0;
    std::uint64_t bad = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      if (context.role_of(pattern) != key_role::value || !context.is_cache_aside(pattern)) continue;
      stores += tally.stores;
      if (is_marker(tally)) tally.missing = {};
      wrong_stores& worst = tally.wrong.found.count > 0 ? tally.wrong : tally.missing;
      if (worst.found.count == 0) continue;
      bad += worst.found.count;
      report(pattern, tally, worst, out);
    }
    out.add_coverage(id(), status_of(bad, stores),
                     stores == 0 ? "no value was stored after a miss"
                                 : counted(stores, "store", "stores") + " after misses, " +
                                       in_words(bad) + " of a text that is no value");
  }

 private:
  struct wrong_stores {
    cases found;
    median_sample ttls;
    known_text known = known_text::no;

    void merge(const wrong_stores& other) {
      found.merge(other.found);
      ttls.merge(other.ttls);
      if (known == known_text::no) known = other.known;
    }
  };
  struct pattern_tally {
    wrong_stores wrong;
    wrong_stores missing;  ///< texts that may be meant as markers
    median_sample other_ttls;
    std::uint64_t stores = 0;  ///< after a miss
    std::uint64_t others = 0;  ///< stores of what is more than a short text

    void merge(const pattern_tally& other) {
      wrong.merge(other.wrong);
      missing.merge(other.missing);
      other_ttls.merge(other.other_ttls);
      stores += other.stores;
      others += other.others;
    }
  };

  static std::string name_of(known_text known) {
    return std::string{c407_names[static_cast<std::size_t>(known)]};
  }

  static bool is_missing(known_text known) {
    return known == known_text::null || known == known_text::none ||
           known == known_text::not_a_number;
  }

  static bool is_marker(const pattern_tally& tally) {
    if (tally.missing.ttls.count() == 0 || tally.other_ttls.count() == 0) return false;
    return static_cast<double>(tally.missing.ttls.median().count()) <
           c407_marker_share * static_cast<double>(tally.other_ttls.median().count());
  }

  void report(const pattern_state& pattern, const pattern_tally& tally, wrong_stores& worst,
              verdicts& out) {
    worst.found.opportunities = std::max(tally.stores, worst.found.count);
    finding result = finding_of(id(), pattern, worst.found);
    const bool is_doubtful = worst.known == known_text::null ||
                             (is_missing(worst.known) && tally.others < c407_others_min);
    result.severity = is_doubtful ? severity::info : severity::error;
    result.confidence = is_doubtful ? confidence::strong : confidence::proof;
    result.message = in_words(worst.found.count) + " of " +
                     counted(worst.found.opportunities, "store", "stores") + " stored " +
                     name_of(worst.known) + " as the value.";
    out.add_finding(std::move(result));
  }

  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c407() { return {c407_text, {}, make_rule<wrong_text>}; }

}  // namespace drover::audit
