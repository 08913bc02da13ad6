// SPDX-License-Identifier: MIT
// C305: reading a cached value lengthens its TTL.
#include <algorithm>
#include <memory>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {
namespace {

/// An EXPIRE belongs to the read before it if no more than this lies between: the same request.
constexpr moment same_request = std::chrono::milliseconds{100};
/// The share of hits that are followed by one: less is a rule of the application, as "hot ones
/// live longer".
constexpr double slides_share_min = 0.5;
/// So many TTLs old and never stored again: that is what the sliding does. One TTL more may be the
/// last extension before the traffic ended.
constexpr int ages_min = 3;
/// Fewer extensions of one key may be chance.
constexpr std::uint64_t slides_min = 3;

class sliding_cache_ttl final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C305"; }
  [[nodiscard]] interest::bits wants() const override { return interest::of(op_kind::expire); }

  void on_op(const op& what, const key_state& key, const rule_context& all) override {
    if (what.outcome != op_outcome::yes || what.on_ttl != ttl_effect::set) return;
    if (!key.last_hit || !key.last_store) return;
    const bool same_flow = key.last_hit->connection == what.connection ||
                           (what.process != 0 && key.last_hit->process == what.process);
    if (!same_flow || what.sent - key.last_hit->sent > same_request) return;
    slides& of = of_[key.ref];
    if (of.store != key.last_store->sequence) {
      of = {};
      of.store = key.last_store->sequence;
      of.hits_before = key.counts.hits > 0 ? key.counts.hits - 1 : 0;
    }
    ++of.count;
    ++seen_[*key.pattern].slides;
    const std::uint64_t hits = key.counts.hits - of.hits_before;
    const moment age = what.sent - key.last_store->done;
    if (of.count < slides_min || age <= ages_min * what.ttl ||
        static_cast<double>(of.count) < slides_share_min * static_cast<double>(hits) || of.told) {
      return;
    }
    of.told = true;
    seen_[*key.pattern].bad.add(static_cast<double>(age.count()), [&] {
      return proof_of(all, key, what.sent - 2 * what.ttl, what.done,
                      "Stored " + in_words(age) + " ago with a TTL of " + in_words(what.ttl) +
                          ", extended " + in_words(of.count) + " times in " + in_words(hits) +
                          " reads, and never loaded again.");
    });
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t failed = 0;
    std::uint64_t extended = 0;
    for (auto& [index, of] : seen_) {
      const pattern_state& pattern = all.patterns()[index];
      if (!is_judged(pattern, all)) continue;
      extended += of.slides;
      if (of.bad.count == 0) continue;
      failed += of.bad.count;
      finding made = finding_of(id(), pattern, of.bad);
      made.opportunities = std::max(pattern.keys, of.bad.count);
      made.how_bad = severity::warning;
      made.how_sure = confidence::strong;
      made.message = counted(of.bad.count, "key", "keys") +
                     " outlived the TTL more than three times because reads extend it; the oldest "
                     "value was " +
                     in_words(moment{static_cast<std::int64_t>(of.bad.worst())}) + " old.";
      out.found(std::move(made));
    }
    std::uint64_t hits = 0;
    for (const pattern_state& each : all.patterns()) {
      if (is_judged(each, all)) hits += each.counts.hits;
    }
    const std::string text = counted(hits, "hit", "hits") + " of cached values, " +
                             in_words(extended) + " extended a TTL";
    if (failed > 0) {
      out.covered(id(), coverage_line::status::fail,
                  text + "; " + counted(failed, "key", "keys") + " kept alive so");
    } else if (hits == 0) {
      out.covered(id(), coverage_line::status::not_exercised, "no cached value was read");
    } else if (extended > 0) {
      out.covered(id(), coverage_line::status::not_exercised,
                  text + ", but none got older than three TTLs");
    } else {
      out.covered(id(), coverage_line::status::pass, text);
    }
  }

 private:
  struct slides {
    std::uint64_t store = 0;  ///< sequence of the store they follow
    std::uint64_t hits_before = 0;
    std::uint64_t count = 0;
    bool told = false;
  };

  struct seen {
    cases bad;
    std::uint64_t slides = 0;
  };

  static bool is_judged(const pattern_state& pattern, const rule_context& all) {
    return all.role_of(pattern) == key_role::value && all.is_cache_aside(pattern) &&
           !looks_like_session(pattern.text);
  }

  per_key<slides> of_;
  per_pattern<seen> seen_;
};

}  // namespace

std::unique_ptr<rule> make_c305() { return std::make_unique<sliding_cache_ttl>(); }

}  // namespace drover::audit
