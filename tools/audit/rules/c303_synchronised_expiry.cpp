// SPDX-License-Identifier: MIT
// C303: many keys of one pattern end at the same moment. Judged by the ends that the stores
// announce (store + TTL); it is worse when the wave of misses at that moment was seen.
#include <algorithm>
#include <map>
#include <memory>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {
namespace {

/// Fewer keys at once are no wave.
constexpr std::uint64_t keys_min = 20;
/// So much of the pattern in one window: with 10 % jitter a window holds about a tenth.
constexpr double share_min = 0.3;
/// What counts as one moment: the origin cannot spread what comes within it.
constexpr moment window_min = std::chrono::milliseconds{100};
constexpr double window_of_ttl = 0.02;
/// One TTL for more than half: else there is jitter, and the window is chance.
constexpr double same_ttl_min = 0.5;
/// Of the keys of a window so many missed in it: the wave came.
constexpr double wave_min = 0.5;
/// The newest ends that are kept, for a pattern and for all: 40 bytes each.
constexpr std::size_t ends_max = 20'000;
constexpr std::size_t all_ends_max = 400'000;

struct key_end {
  moment at{};  ///< predicted
  moment ttl{};
  moment stored{};
  key_ref key;
  bool missed = false;  ///< the key was wanted and gone within a window of it
};

struct window {
  std::uint64_t keys = 0;
  std::uint64_t missed = 0;
  std::size_t first = 0;  ///< indexes into the sorted ends
  std::size_t last = 0;
};

moment window_for(moment ttl) {
  const auto part = static_cast<std::int64_t>(static_cast<double>(ttl.count()) * window_of_ttl);
  return std::max(window_min, moment{part});
}

bool is_near(const key_end& end, const op_summary& miss) {
  const moment width = window_for(end.ttl);
  return miss.done >= end.at - width && miss.sent <= end.at + 2 * width;
}

/// The TTL that most stores have, to the 10 ms, and its share.
std::pair<moment, double> usual_ttl(const std::vector<key_end>& ends) {
  std::map<std::int64_t, std::uint64_t> counts;
  std::pair<std::int64_t, std::uint64_t> best{0, 0};
  for (const key_end& each : ends) {
    const std::int64_t rounded = (each.ttl.count() + 5'000) / 10'000;
    const std::uint64_t count = ++counts[rounded];
    if (count > best.second) best = {rounded, count};
  }
  return {moment{best.first * 10'000},
          static_cast<double>(best.second) / static_cast<double>(ends.size())};
}

/// The window with most different keys. `ends` is sorted by `at`.
window fullest(const std::vector<key_end>& ends, moment width) {
  window best;
  std::map<std::uint32_t, std::uint64_t> inside;  // by slot
  std::size_t first = 0;
  for (std::size_t last = 0; last < ends.size(); ++last) {
    ++inside[ends[last].key.slot];
    for (; ends[last].at - ends[first].at > width; ++first) {
      const auto found = inside.find(ends[first].key.slot);
      if (--found->second == 0) inside.erase(found);
    }
    if (inside.size() > best.keys) best = {inside.size(), 0, first, last};
  }
  for (std::size_t i = best.first; best.keys > 0 && i <= best.last; ++i) {
    best.missed += ends[i].missed ? 1U : 0U;
  }
  return best;
}

class synchronised_expiry final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C303"; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::settled_stores | interest::of(op_kind::read);
  }

  void on_settled_store(const settled_store& what, const key_state& key,
                        const rule_context& /*all*/) override {
    if (what.store.outcome != op_outcome::yes || what.ttl.duration <= moment{0}) return;
    std::vector<key_end>& ends = of_[*key.pattern];
    if (ends.size() >= ends_max || kept_ >= all_ends_max) return;
    const moment stored = what.ttl.expire ? what.ttl.expire->done : what.store.done;
    newest_[key.ref] = ends.size() + 1;
    key_end end{stored + what.ttl.duration, what.ttl.duration, what.store.done, key.ref, false};
    // A store is told of a second late: a short TTL may have ended meanwhile.
    if (key.last_miss) end.missed = is_near(end, *key.last_miss);
    ends.push_back(end);
    ++kept_;
  }

  void on_op(const op& what, const key_state& key, const rule_context& /*all*/) override {
    const std::size_t* const newest = newest_.find(key.ref);
    if (newest == nullptr || *newest == 0 || !what.is_miss()) return;
    key_end& end = of_[*key.pattern][*newest - 1];
    end.missed = end.missed || is_near(end, op_summary{what});
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t patterns = 0;
    std::uint64_t widest = 0;
    std::uint64_t widest_of = 0;
    bool failed = false;
    for (auto& [index, ends] : of_) {
      const pattern_state& pattern = all.patterns()[index];
      if (all.role_of(pattern) != key_role::value || !all.is_cache_aside(pattern)) continue;
      if (pattern.keys < keys_min || ends.empty()) continue;
      ++patterns;
      std::sort(ends.begin(), ends.end(),
                [](const key_end& a, const key_end& b) { return a.at < b.at; });
      const auto [ttl, share] = usual_ttl(ends);
      const window most = fullest(ends, window_for(ttl));
      if (most.keys > widest) {
        widest = most.keys;
        widest_of = pattern.keys;
      }
      const double part = static_cast<double>(most.keys) / static_cast<double>(pattern.keys);
      if (most.keys < keys_min || part < share_min || share <= same_ttl_min) continue;
      failed = true;
      out.found(judged(pattern, ends, most, ttl, all));
    }
    const auto status = failed         ? coverage_line::status::fail
                        : patterns > 0 ? coverage_line::status::pass
                                       : coverage_line::status::not_exercised;
    out.covered(id(), status,
                patterns == 0 ? "no pattern of cached values has 20 keys with a TTL"
                              : counted(patterns, "pattern", "patterns") +
                                    " of 20 or more keys with a TTL; at most " + in_words(widest) +
                                    " of " + in_words(widest_of) + " keys end in one moment");
  }

 private:
  finding judged(const pattern_state& pattern, const std::vector<key_end>& ends, const window& most,
                 moment ttl, const rule_context& all) const {
    const bool wave =
        static_cast<double>(most.missed) >=
        std::max<double>(static_cast<double>(keys_min), wave_min * static_cast<double>(most.keys));
    const key_end& first = ends[most.first];
    const key_end& last = ends[most.last];
    const std::string what = in_words(most.keys) + " of " + counted(pattern.keys, "key", "keys") +
                             " end within " + in_words(last.at - first.at) +
                             ", all stored with a TTL of " + in_words(ttl);
    cases bad;
    bad.opportunities = pattern.keys;
    for (std::size_t i = most.first; i <= most.last && bad.count < cases::first_max; ++i) {
      const key_state* const key = all.find(ends[i].key);
      if (key == nullptr) continue;
      bad.add(0, [&] {
        return proof_of(all, *key, ends[i].stored - window_min, ends[i].at + window_min,
                        "Ends " + in_words(ends[i].at - first.at) + " after the first of them.");
      });
    }
    finding made = finding_of(id(), pattern, bad);
    made.count = most.keys;
    made.opportunities = pattern.keys;
    made.how_bad = wave ? severity::error : severity::warning;
    made.how_sure = wave ? confidence::proof : confidence::strong;
    made.message = what + (wave ? "; " + in_words(most.missed) + " of them were missed right then."
                                : std::string{"."});
    return made;
  }

  per_pattern<std::vector<key_end>> of_;
  per_key<std::size_t> newest_;  ///< index into the pattern's ends, plus one
  std::size_t kept_ = 0;
};

}  // namespace

std::unique_ptr<rule> make_c303() { return std::make_unique<synchronised_expiry>(); }

}  // namespace drover::audit
