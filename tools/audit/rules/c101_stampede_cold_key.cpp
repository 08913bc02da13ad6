// SPDX-License-Identifier: MIT
// C101: when a key is cold, several callers load it at the same time.
#include <algorithm>
#include <memory>

#include "audit/rules/herds.hpp"

namespace drover::audit {
namespace {

/// Two loads once may be a coincidence of two writers; twice, or three at once, are none.
constexpr std::uint64_t events_min = 2;

class stampede_cold_key final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C101"; }
  [[nodiscard]] interest::bits wants() const override { return interest::cold_events; }

  void on_cold_event(const cold_event& what, const key_state& key,
                     const rule_context& all) override {
    book_.add(what, key, all);
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t events = 0;
    std::uint64_t contended = 0;
    std::uint64_t widest = 0;
    std::uint64_t bad = 0;
    for (const pattern_state& pattern : all.patterns()) {
      if (all.role_of(pattern) != key_role::value) continue;
      const herd_book::sum seen = book_.of(pattern, all);
      events += seen.events;
      contended += seen.contended;
      widest = std::max(widest, seen.widest);
      bad += judge(pattern, seen, out);
    }
    const auto status = bad > 0         ? coverage_line::status::fail
                        : contended > 0 ? coverage_line::status::pass
                                        : coverage_line::status::not_exercised;
    std::string detail = counted(events, "cold event", "cold events") + ", " + in_words(contended) +
                         " wanted by two or more at once";
    if (contended > 0) detail += ", the widest by " + in_words(widest);
    if (bad > 0) detail += "; " + in_words(bad) + " with several loads";
    out.covered(id(), status, std::move(detail));
  }

 private:
  /// How many cold events were stampedes.
  std::uint64_t judge(const pattern_state& pattern, const herd_book::sum& seen,
                      verdicts& out) const {
    const herd_book::tally& loads = seen.unguarded;
    cases stampedes = loads.herds;
    std::uint64_t wide = loads.wide - loads.wide_each;
    if (!seen.shares) {
      stampedes.merge(loads.each_once);
      wide = loads.wide;
    }
    if (stampedes.count == 0 || (wide == 0 && stampedes.count < events_min)) return 0;
    if (is_written_like_a_session(pattern)) return 0;
    stampedes.opportunities = std::max(seen.contended, stampedes.count);
    finding made = finding_of(id(), pattern, stampedes);
    made.how_bad = severity::error;
    made.how_sure = loads.overlapping > 0 && wide > 0 ? confidence::proof : confidence::strong;
    const std::uint64_t others =
        seen.events - std::min(seen.events, loads.herds.count + loads.each_once.count);
    const double factor = static_cast<double>(loads.loads + others) /
                          static_cast<double>(std::max<std::uint64_t>(seen.events, 1));
    made.message = in_words(stampedes.count) + " of " +
                   counted(seen.events, "cold event", "cold events") + " were loaded by several " +
                   "callers at once: " + one_decimal(factor) + " loads for each cold event, " +
                   in_words(static_cast<std::uint64_t>(stampedes.worst())) + " in the worst";
    if (pattern.origin_loads > 0) {
      made.message += "; the origin counted " + in_words(pattern.origin_loads);
    }
    made.message += '.';
    out.found(std::move(made));
    return stampedes.count;
  }

  static std::string one_decimal(double number) {
    const auto tenths = static_cast<std::uint64_t>(number * 10 + 0.5);
    return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10);
  }

  herd_book book_;
};

}  // namespace

std::unique_ptr<rule> make_c101() { return std::make_unique<stampede_cold_key>(); }

}  // namespace drover::audit
