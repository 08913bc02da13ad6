// SPDX-License-Identifier: MIT
// C303: many keys of one pattern expire at the same moment. The rule computes the moment from the
// store and the TTL. The finding is an error if the wave of misses at that moment was seen.
#include <algorithm>
#include <map>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c303_text{
    .id = "C303",
    .name = "synchronised-expiry",
    .usual_severity = severity::warning,
    .severity_note = "error if the wave of misses was seen",
    .summary = "Many keys of one pattern expire at the same moment.",
    .why =
        "Keys that were stored together with one TTL expire together. All of them are loaded at "
        "the same moment, again and again. Single-flight does not help, because the keys differ.",
    .left_alone =
        "equal TTLs of values stored at different times; fewer than 20 keys; keys that are stored "
        "again before they expire; TTLs of a month or more; idempotency keys and rate limits.",
    .exercised_by = "20 or more keys of one pattern that are stored with a TTL",
    .advice = "Add jitter of 10 to 20 % to every TTL.",
    .fix =
        "Multiply the TTL of these keys by a random factor at each store, for example 1 + a random "
        "number between -0.1 and 0.1 (or between 0.8 and 1 if the TTL is an upper bound). Add a "
        "test: 1000 stores have many different TTLs, all within the bounds.",
    .caching_rules = "8",
};

constexpr library_setting c303_settings[] = {
    {"Drover", "raise `policy.ttl_jitter` (default 0.1)"},
    {"dogpile.cache",
     "give each call its own `expiration_time` with jitter. `redis_expiration_time` is one number "
     "for the region; keep it well above"},
    {"Django", "pass `timeout=` with jitter to `cache.set` and `cache.get_or_set`"},
    {"Laravel", "pass a TTL with jitter: `now()->addSeconds(random_int(...))`"},
    {"Spring Data Redis", "return a TTL with jitter for each entry from `entryTtl(TtlFunction)`"},
    {"bentocache", "pass `ttl` with jitter for each call"},
    {"Keyv", "pass a ttl with jitter: `wrap` of cache-manager accepts a function of the value"},
    {"rueidisaside", "pass a ttl with jitter to `Get`"},
    {"Rails", "pass `expires_in:` with jitter"},
};

/// Fewer keys make no wave.
constexpr std::uint64_t keys_min = 20;
/// The least share of the pattern's keys in one window. With 10 % jitter a window holds about a
/// tenth.
constexpr double share_min = 0.3;
/// The length of a window: this time, or this share of the TTL if it is longer. The origin cannot
/// spread the loads within it.
constexpr moment window_min = std::chrono::milliseconds{100};
constexpr double window_of_ttl = 0.02;
/// More than this share of the stores must have the same TTL. Otherwise there is jitter, and the
/// full window is a coincidence.
constexpr double same_ttl_min = 0.5;
/// The wave was seen if this share of the window's keys was missed in it.
constexpr double wave_min = 0.5;
/// What is kept as long as this is a record and no cached value.
constexpr moment record_ttl = std::chrono::days{30};
/// Expiry times that are kept, for a pattern and in total: 40 bytes each.
constexpr std::size_t ends_max = 20'000;
constexpr std::size_t all_ends_max = 400'000;

struct key_end {
  moment at{};  ///< predicted time of expiry
  moment ttl{};
  moment stored{};
  key_ref key;
  bool missed = false;  ///< the key was requested and missing near `at`
  /// The key was stored again before `at`, or is one that is stored again all the time: it does not
  /// expire then.
  bool rewritten = false;
  std::uint32_t pattern = 0;
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

/// The most frequent TTL, rounded to 10 ms, and its share.
std::pair<moment, double> usual_ttl(const std::vector<key_end>& ends) {
  std::map<std::int64_t, std::uint64_t> counts;
  std::pair<std::int64_t, std::uint64_t> best{0, 0};
  for (const key_end& end : ends) {
    const std::int64_t rounded = (end.ttl.count() + 5'000) / 10'000;
    const std::uint64_t count = ++counts[rounded];
    if (count > best.second) best = {rounded, count};
  }
  return {moment{best.first * 10'000},
          static_cast<double>(best.second) / static_cast<double>(ends.size())};
}

/// The window with the largest number of different keys. `ends` is sorted by `at`.
window find_fullest(const std::vector<key_end>& ends, moment width) {
  window best;
  std::map<std::uint32_t, std::uint64_t> inside;  // by slot
  std::size_t first = 0;
  for (std::size_t last = 0; last < ends.size(); ++last) {
    ++inside[ends[last].key.slot];
    for (; ends[last].at - ends[first].at > width; ++first) {
      const auto position = inside.find(ends[first].key.slot);
      if (--position->second == 0) inside.erase(position);
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
  [[nodiscard]] std::string_view id() const override { return c303_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::settled_stores | interest::ops(op_kind::read);
  }

  void on_settled_store(const settled_store& settled, const key_state& key,
                        const rule_context& /*context*/) override {
    if (settled.store.outcome != op_outcome::yes || settled.ttl.duration <= moment{0}) return;
    if (ends_.size() >= all_ends_max || counts_[*key.pattern] >= ends_max) return;
    const moment stored = settled.ttl.expire ? settled.ttl.expire->done : settled.store.done;
    std::size_t& newest = newest_[key.ref];
    key_end end{stored + settled.ttl.duration, settled.ttl.duration, settled.store.done, key.ref};
    if (newest > 0) {
      key_end& before = ends_[newest - 1];
      // Near its end, the store after it may belong to the wave.
      const bool is_near_end = end.stored >= before.at - window_for(before.ttl);
      if (!is_near_end && !before.missed) before.rewritten = end.rewritten = true;
    }
    end.pattern = key.pattern->index;
    newest = ends_.size() + 1;
    // A settled store is reported one second late: a short TTL may have ended meanwhile.
    if (key.last_miss) end.missed = is_near(end, *key.last_miss);
    ends_.push_back(end);
    ++counts_[*key.pattern];
  }

  void on_op(const op& operation, const key_state& key, const rule_context& /*context*/) override {
    const std::size_t* const newest = newest_.find(key.ref);
    if (newest == nullptr || *newest == 0 || !operation.is_miss()) return;
    key_end& end = ends_[*newest - 1];
    end.missed = end.missed || is_near(end, op_summary{operation});
  }

  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t patterns = 0;
    std::uint64_t widest = 0;
    std::uint64_t widest_pattern_keys = 0;
    bool failed = false;
    std::map<std::uint32_t, std::vector<key_end>> by_pattern;
    for (const key_end& end : ends_) {
      by_pattern[context.pattern_now(end.pattern).index].push_back(end);
    }
    for (auto& [index, ends] : by_pattern) {
      const pattern_state& pattern = context.patterns()[index];
      if (context.role_of(pattern) != key_role::value || !context.is_cache_aside(pattern)) continue;
      if (pattern.keys < keys_min || ends.empty()) continue;
      std::erase_if(ends, [](const key_end& end) { return end.rewritten; });
      if (ends.empty()) continue;
      ++patterns;
      std::sort(ends.begin(), ends.end(),
                [](const key_end& a, const key_end& b) { return a.at < b.at; });
      const auto [ttl, ttl_share] = usual_ttl(ends);
      const window fullest_window = find_fullest(ends, window_for(ttl));
      if (fullest_window.keys > widest) {
        widest = fullest_window.keys;
        widest_pattern_keys = pattern.keys;
      }
      const double window_share =
          static_cast<double>(fullest_window.keys) / static_cast<double>(pattern.keys);
      if (fullest_window.keys < keys_min || window_share < share_min || ttl_share <= same_ttl_min)
        continue;
      if (ttl >= record_ttl) continue;
      failed = true;
      out.add_finding(finding_for(pattern, ends, fullest_window, ttl, context));
    }
    out.add_coverage(id(), status_of(failed, patterns),
                     patterns == 0 ? "no pattern of cached values has 20 keys with a TTL"
                                   : counted(patterns, "pattern", "patterns") +
                                         " of 20 or more keys with a TTL; at most " +
                                         in_words(widest) + " of " + in_words(widest_pattern_keys) +
                                         " keys expire at one moment");
  }

 private:
  finding finding_for(const pattern_state& pattern, const std::vector<key_end>& ends,
                      const window& fullest_window, moment ttl, const rule_context& context) const {
    const bool wave = static_cast<double>(fullest_window.missed) >=
                      std::max<double>(static_cast<double>(keys_min),
                                       wave_min * static_cast<double>(fullest_window.keys));
    const key_end& first = ends[fullest_window.first];
    const key_end& last = ends[fullest_window.last];
    const std::string summary = in_words(fullest_window.keys) + " of " +
                                counted(pattern.keys, "key", "keys") + " expire within " +
                                in_words(last.at - first.at) + ", all stored with a TTL of " +
                                in_words(ttl);
    cases bad;
    bad.opportunities = pattern.keys;
    for (std::size_t i = fullest_window.first;
         i <= fullest_window.last && bad.count < cases::first_max; ++i) {
      const key_state* const key = context.find(ends[i].key);
      if (key == nullptr) continue;
      bad.add(0, [&] {
        return proof_of(context, *key, ends[i].stored - window_min, ends[i].at + window_min,
                        "Expires " + in_words(ends[i].at - first.at) + " after the first of them.");
      });
    }
    finding result = finding_of(id(), pattern, bad);
    result.count = fullest_window.keys;
    result.opportunities = pattern.keys;
    result.severity = wave ? severity::error : severity::warning;
    result.confidence = wave ? confidence::proof : confidence::strong;
    result.message = summary + (wave ? "; " + in_words(fullest_window.missed) +
                                           " of them were missed at that moment."
                                     : std::string{"."});
    return result;
  }

  std::vector<key_end> ends_;
  per_pattern<std::size_t> counts_;  ///< of the ends of each pattern
  per_key<std::size_t> newest_;      ///< index into the ends, plus one
};

}  // namespace

rule_definition c303() { return {c303_text, c303_settings, make_rule<synchronised_expiry>}; }

}  // namespace drover::audit
