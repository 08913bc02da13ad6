// SPDX-License-Identifier: MIT
// C502: waiters retry at a fixed interval. The rule examines each connection alone and, because
// pooled clients change their connection at each request, all waiters of a key together.
#include <algorithm>
#include <iterator>
#include <list>
#include <map>
#include <unordered_map>
#include <vector>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/retry_rhythm.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c502_text{
    .id = "C502",
    .name = "fixed-retry",
    .usual_severity = severity::info,
    .summary = "Waiters retry at a fixed interval.",
    .why =
        "Waiters that start together stay together. Their requests come in bursts, and after a "
        "release all of them try to take the lock in the same millisecond.",
    .left_alone =
        "random gaps; fewer than 30 requests; keys whose requests are equally regular when they "
        "are not cold.",
    .exercised_by = "30 or more requests of waiters while keys are cold",
    .advice = "Add jitter: choose each pause at random, and let pauses grow with the wait.",
    .fix =
        "Choose the pause between two attempts at random, for example uniformly between the "
        "smallest pause and three times the last one, with an upper limit (decorrelated jitter).",
    .caching_rules = "7",
};

constexpr library_setting c502_settings[] = {
    {"dogpile.cache", "set `lock_sleep` (default 0.1 s)"},
    {"Laravel",
     "pass your own pause to `Cache::lock(...)->betweenBlockedAttemptsSleepFor(...)` (default 250 "
     "ms)"},
    {"Spring Data Redis",
     "use the non-locking writer: the locking writer polls EXISTS every `sleepTime`"},
    {"redsync", "pass `redsync.WithRetryDelayFunc` with jitter"},
    {"redlock (Node)", "set `retryJitter` (default 100 ms)"},
    {"redis-py Lock", "pass `sleep=` (default 0.1 s). `blocking_timeout=` also limits the wait"},
};

/// Requests that are further apart belong to two waits.
constexpr moment burst_gap = std::chrono::milliseconds{1200};
/// Shorter bursts are callers that arrived at the same time, not waiters.
constexpr std::size_t c502_burst_min = 5;
/// The least average number of requests per connection in a burst. A waiter repeats its request.
constexpr std::size_t requests_each_min = 3;
/// The least number of requests of one connection in a burst that can have a rhythm.
constexpr std::size_t connection_requests_min = 3;
/// The number of keys with an open burst.
constexpr std::size_t bursts_max = 20'000;
/// The number of patterns that are examined. The rhythms of each cost 16 KiB.
constexpr std::size_t patterns_max = 64;

class fixed_retry final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c502_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::ops(op_kind::read) | interest::ops(op_kind::exists) |
           interest::ops(op_kind::acquire) | interest::ops(op_kind::store) |
           interest::ops(op_kind::remove) | interest::ops(op_kind::compare_remove);
  }

  void on_op(const op& operation, const key_state& key, const rule_context& context) override {
    // A miss waits for a value. An EXISTS that returns 1 and a lost acquisition wait for a lock.
    const bool failed = operation.is_miss() || operation.was_lost() ||
                        (operation.kind == op_kind::exists && operation.outcome == op_outcome::yes);
    if (!failed) {
      // The value was stored, or the lock was released: the wait is over.
      const bool ends = operation.outcome == op_outcome::yes && operation.kind != op_kind::read &&
                        operation.kind != op_kind::exists;
      const auto open = ends ? by_slot_.find(key.ref.slot) : by_slot_.end();
      if (open != by_slot_.end() && open->second->key == key.ref) close(open->second, context);
      return;
    }
    open_burst& burst = burst_of(key.ref, operation.sent, context);
    if (burst.sent.size() >= retry_rhythm::burst_max) return;
    // Operations arrive in the order of their replies.
    const auto place = std::upper_bound(burst.sent.begin(), burst.sent.end(), operation.sent);
    burst.connections.insert(burst.connections.begin() + (place - burst.sent.begin()),
                             operation.connection);
    burst.sent.insert(place, operation.sent);
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { rhythms_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    while (!bursts_.empty()) close(bursts_.begin(), context);
    std::uint64_t requests = 0;
    bool failed = false;
    for (auto& [index, rhythms] : rhythms_) {
      const pattern_state& pattern = context.patterns()[index];
      const key_role role = context.role_of(pattern);
      if (role != key_role::value && role != key_role::lock) continue;
      requests += std::max(rhythms.all_waiters.requests(), rhythms.single_connections.requests());
      auto rhythm = rhythms.single_connections.detect();
      if (!rhythm) rhythm = rhythms.all_waiters.detect();
      if (!rhythm) continue;
      failed = true;
      rhythms.bursts.count = rhythm->followed;
      rhythms.bursts.opportunities = rhythm->eligible;
      finding result = finding_of(id(), pattern, rhythms.bursts);
      result.severity = severity::info;
      result.confidence = confidence::strong;
      result.message = in_words(rhythm->followed) + " of " + in_words(rhythm->eligible) +
                       " requests of waiters were followed by another one " +
                       in_words(rhythm->pause_ms) + " ms (+-1 ms) later; by chance it would be " +
                       in_words(static_cast<std::uint64_t>(rhythm->by_chance)) + '.';
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(failed, requests >= 30),
                     counted(requests, "request", "requests") + " of waiters while keys were cold");
  }

 private:
  struct pattern_rhythms {
    retry_rhythm all_waiters;         ///< the requests of all waiters together
    retry_rhythm single_connections;  ///< the requests of each connection alone
    cases bursts;

    void merge(const pattern_rhythms& other) {
      all_waiters.merge(other.all_waiters);
      single_connections.merge(other.single_connections);
      bursts.merge(other.bursts);
    }
  };

  struct open_burst {
    key_ref key;
    std::vector<moment> sent;
    std::vector<std::uint64_t> connections;  ///< the connections of `sent`
  };

  using burst_list = std::list<open_burst>;

  /// The open burst of a key, which is now the last one. With `bursts_max` open bursts, the first
  /// one is closed, because it has been quiet for the longest time.
  open_burst& burst_of(key_ref key, moment sent, const rule_context& context) {
    const auto known = by_slot_.find(key.slot);
    if (known != by_slot_.end()) {
      open_burst& burst = *known->second;
      if (burst.key == key && sent - burst.sent.back() <= burst_gap) {
        bursts_.splice(bursts_.end(), bursts_, known->second);
        return burst;
      }
      close(known->second, context);
    }
    if (bursts_.size() >= bursts_max) close(bursts_.begin(), context);
    bursts_.push_back({key, {}, {}});
    by_slot_[key.slot] = std::prev(bursts_.end());
    return bursts_.back();
  }

  void close(burst_list::iterator burst, const rule_context& context) {
    const key_state* const key = context.find(burst->key);
    if (key != nullptr && burst->sent.size() >= c502_burst_min &&
        !context.is_perturbed(burst->sent.front(), burst->sent.back())) {
      add(*key, *burst, context);
    }
    by_slot_.erase(burst->key.slot);
    bursts_.erase(burst);
  }

  void add(const key_state& key, const open_burst& burst, const rule_context& context) {
    const bool is_known = rhythms_.find(key.pattern->index) != nullptr;
    if (!is_known && patterns_ >= patterns_max) return;
    patterns_ += is_known ? 0 : 1;
    pattern_rhythms& rhythms = rhythms_[*key.pattern];
    std::map<std::uint64_t, std::vector<moment>> by_connection;
    for (std::size_t i = 0; i < burst.sent.size(); ++i)
      by_connection[burst.connections[i]].push_back(burst.sent[i]);
    // Callers that arrive one after the other and send one request each are no waiters.
    if (burst.sent.size() >= requests_each_min * by_connection.size())
      rhythms.all_waiters.add(burst.sent);
    for (const auto& [connection, sent] : by_connection) {
      if (sent.size() >= connection_requests_min) rhythms.single_connections.add(sent);
    }
    rhythms.bursts.add(static_cast<double>(burst.sent.size()), [&] {
      return proof_of(context, key, burst.sent.front(), burst.sent.back(),
                      counted(burst.sent.size(), "request", "requests") + " within " +
                          in_words(burst.sent.back() - burst.sent.front()) + '.');
    });
  }

  burst_list bursts_;  ///< in the order of their last requests
  std::unordered_map<std::uint32_t, burst_list::iterator> by_slot_;
  per_pattern<pattern_rhythms> rhythms_;
  std::size_t patterns_ = 0;
};

}  // namespace

rule_definition c502() { return {c502_text, c502_settings, make_rule<fixed_retry>}; }

}  // namespace drover::audit
