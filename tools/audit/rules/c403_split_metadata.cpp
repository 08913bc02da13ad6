// SPDX-License-Identifier: MIT
// C403: a value and its metadata are stored in two keys, one after the other.
#include <algorithm>
#include <array>
#include <deque>
#include <optional>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"
#include "audit/rules/sibling_stores.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c403_text{
    .id = "C403",
    .name = "split-metadata",
    .usual_severity = severity::warning,
    .summary = "A value and its metadata are stored in two keys, one after the other.",
    .why =
        "A reader between the two stores sees the new value with the old time or version, or the "
        "reverse. One of the keys can also expire or be evicted without the other.",
    .left_alone =
        "MULTI, MSET and scripts; sets of tags; a pair that was stored once; two cached values "
        "under "
        "one name.",
    .exercised_by =
        "a value and a second key of the same name with a suffix such as :ts or :meta, or two keys "
        "under one name of which one is small and both are replaced together",
    .advice = "Use one value that holds both, or one transaction with one TTL.",
    .fix =
        "Put the metadata into the value (an envelope: version, store time, load time, payload), "
        "and read and write one key. If they must be two keys, write both in one MULTI/EXEC or "
        "script with the same TTL, and read both with one MGET.",
    .caching_rules = "10",
};

constexpr library_setting c403_settings[] = {
    {"Laravel",
     "`Cache::flexible` keeps the time of creation in a second key. Outside a cluster both are "
     "written in one MULTI. In a cluster give the key a hash tag"},
};

/// The longest time between the two stores of one request.
constexpr moment pair_within = std::chrono::seconds{1};
/// A single pair may be a coincidence of names.
constexpr std::uint64_t c403_pairs_min = 2;
/// TTLs that differ by more than this share are different on purpose.
constexpr double ttl_apart = 0.02;
/// The number of stores of keys with a metadata suffix that are kept until the value is stored.
constexpr std::size_t waiting_max = 256;
constexpr std::array<std::string_view, 18> suffixes{
    "meta",       "metadata", "exp",        "expiry", "expires", "expires_at",
    "ts",         "time",     "timestamp",  "ver",    "version", "created",
    "created_at", "updated",  "updated_at", "etag",   "stale",   "fresh"};

/// The key that `name` describes: `name` without a suffix such as ":ts", "_meta" or ".exp"; "" if
/// it has no such suffix.
std::string_view described_by(std::string_view name) {
  const std::size_t at = name.find_last_of(":./|#_-");
  if (at == std::string_view::npos || at == 0) return {};
  const auto is_suffix = [&](std::size_t from) {
    return std::find(suffixes.begin(), suffixes.end(), name.substr(from + 1)) != suffixes.end();
  };
  // "user:1:expires_at": the longest suffix counts.
  const std::size_t before = name.find_last_of(":./|#-");
  if (before != std::string_view::npos && before > 0 && is_suffix(before)) {
    return name.substr(0, before);
  }
  return is_suffix(at) ? name.substr(0, at) : std::string_view{};
}

class split_metadata final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c403_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::ops(op_kind::store); }

  void on_op(const op& operation, const key_state& key, const rule_context& context) override {
    if (operation.outcome != op_outcome::yes || !operation.is_text || operation.part) return;
    const std::string_view base = described_by(key.name);
    if (base.empty()) {
      if (!unpaired_.empty() && match_waiting(operation, key, context)) return;
      match_sibling(operation, key, context);
      return;
    }
    const key_state* const value = context.find(key.database, base);
    if (value != nullptr && value->last_store &&
        is_pair(*value->last_store, op_summary{operation})) {
      add_pair(*value, *value->last_store, key, op_summary{operation}, context);
      return;
    }
    if (match_sibling(operation, key, context)) return;
    unpaired_.push_back({key.ref, std::string{base}, key.database, op_summary{operation}});
    if (unpaired_.size() > waiting_max) unpaired_.pop_front();
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t pairs = 0;
    std::uint64_t split = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& pattern = context.patterns()[index];
      const pattern_state& metadata = context.pattern_now(tally.meta);
      if (context.role_of(pattern) != key_role::value ||
          context.role_of(metadata) == key_role::ignored ||
          context.role_of(metadata) == key_role::lock) {
        continue;
      }
      pairs += tally.bad.opportunities;
      if (tally.bad.count < c403_pairs_min) continue;
      split += tally.bad.count;
      finding result = finding_of(id(), pattern, tally.bad);
      result.severity = severity::warning;
      result.confidence = tally.read_between > 0 ? confidence::proof : confidence::strong;
      result.message = in_words(tally.bad.count) + " of " +
                       counted(tally.bad.opportunities, "time", "times") + " the value and its \"" +
                       metadata.text + "\" were stored in two steps";
      if (tally.read_between > 0) {
        result.message +=
            "; " + counted(tally.read_between, "read", "reads") + " happened in between";
      }
      if (tally.other_ttl > 0) {
        result.message += "; " + in_words(tally.other_ttl) + " of them with different TTLs";
      }
      result.message += '.';
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(split, pairs),
                     pairs == 0 ? "no value has a second key with metadata"
                                : counted(pairs, "value was", "values were") +
                                      " stored with a second key, " + in_words(split) +
                                      " of them in two steps");
  }

 private:
  struct unpaired_store {
    key_ref key;
    std::string base;
    std::uint32_t database = 0;
    op_summary store;
  };
  struct pattern_tally {
    cases bad;
    std::uint32_t meta = 0;  ///< pattern of the keys with metadata
    std::uint64_t read_between = 0;
    std::uint64_t other_ttl = 0;

    void merge(const pattern_tally& other) {
      bad.merge(other.bad);
      meta = other.meta;
      read_between += other.read_between;
      other_ttl += other.other_ttl;
    }
  };

  static bool is_pair(const op_summary& first, const op_summary& second) {
    const bool same_flow = first.connection == second.connection ||
                           (first.process != 0 && first.process == second.process);
    return same_flow && second.sent - first.done <= pair_within;
  }
  static bool is_one_step(const op_summary& a, const op_summary& b) {
    return a.connection == b.connection &&
           (a.sequence == b.sequence || (a.transaction != 0 && a.transaction == b.transaction));
  }

  /// Whether the store belongs to that of a sibling: "wx:paris:body" to "wx:paris:fetched".
  bool match_sibling(const op& operation, const key_state& key, const rule_context& context) {
    const auto earlier = siblings_.add(operation, key, context);
    const key_state* const other = earlier ? context.find(earlier->key) : nullptr;
    if (other == nullptr) return false;
    if (earlier->is_metadata) {
      add_pair(key, op_summary{operation}, *other, earlier->store, context);
    } else {
      add_pair(*other, earlier->store, key, op_summary{operation}, context);
    }
    return true;
  }

  bool match_waiting(const op& operation, const key_state& key, const rule_context& context) {
    while (!unpaired_.empty() && operation.sent - unpaired_.front().store.done > pair_within) {
      unpaired_.pop_front();
    }
    const auto position =
        std::find_if(unpaired_.begin(), unpaired_.end(), [&](const unpaired_store& first) {
          return first.database == key.database && first.base == key.name;
        });
    if (position == unpaired_.end()) return false;
    const unpaired_store other = *position;
    unpaired_.erase(position);
    const key_state* const meta = context.find(other.key);
    if (meta != nullptr && is_pair(other.store, op_summary{operation})) {
      add_pair(key, op_summary{operation}, *meta, other.store, context);
    }
    return true;
  }

  void add_pair(const key_state& value, const op_summary& value_store, const key_state& meta,
                const op_summary& meta_store, const rule_context& context) {
    pattern_tally& tally = tallies_[*value.pattern];
    tally.meta = meta.pattern->index;
    ++tally.bad.opportunities;
    if (is_one_step(value_store, meta_store)) return;
    const op_summary& first = value_store.done <= meta_store.done ? value_store : meta_store;
    const op_summary& second = value_store.done <= meta_store.done ? meta_store : value_store;
    const auto reads_between = [&](const key_state& key) {
      return key.last_hit && key.last_hit->sent >= first.done &&
             key.last_hit->done <= second.sent && key.last_hit->connection != first.connection;
    };
    const bool was_read = reads_between(value) || reads_between(meta);
    const double longer = static_cast<double>(std::max(value_store.ttl, meta_store.ttl).count());
    const auto ttl_difference = static_cast<double>(
        std::max(value_store.ttl - meta_store.ttl, meta_store.ttl - value_store.ttl).count());
    const bool other_ttl = ttl_difference > ttl_apart * longer;
    tally.read_between += was_read ? 1 : 0;
    tally.other_ttl += other_ttl ? 1 : 0;
    tally.bad.add((was_read ? 2 : 0) + (other_ttl ? 1 : 0), [&] {
      return proof_of(context, value, first.sent, second.done,
                      "The two stores are " + in_words(second.sent - first.done) + " apart" +
                          (was_read ? ", and a read happened in between." : "."),
                      meta.ref);
    });
  }

  std::deque<unpaired_store> unpaired_;
  sibling_stores siblings_;
  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c403() { return {c403_text, c403_settings, make_rule<split_metadata>}; }

}  // namespace drover::audit
