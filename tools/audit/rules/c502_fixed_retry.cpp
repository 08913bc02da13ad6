// SPDX-License-Identifier: MIT
// C502: waiters retry at a fixed interval. The rule examines each connection alone and, because
// pooled clients change their connection at each request, all waiters of a key together.
#include <algorithm>
#include <iterator>
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
constexpr std::size_t burst_min = 5;
/// The least average number of requests per connection in a burst. A waiter repeats its request.
constexpr std::size_t asks_min = 3;
/// The least number of requests of one connection in a burst that can have a rhythm.
constexpr std::size_t row_min = 3;
/// The number of keys with an open burst at which finished bursts are closed.
constexpr std::size_t bursts_max = 20'000;
/// The number of patterns that are examined. The rhythms of each cost 16 KiB.
constexpr std::size_t patterns_max = 64;

class fixed_retry final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c502_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::of(op_kind::read) | interest::of(op_kind::exists) |
           interest::of(op_kind::acquire) | interest::of(op_kind::store) |
           interest::of(op_kind::remove) | interest::of(op_kind::compare_remove);
  }

  void on_op(const op& operation, const key_state& key, const rule_context& context) override {
    // A miss waits for a value. An EXISTS that returns 1 and a lost acquisition wait for a lock.
    const bool failed = operation.is_miss() || operation.was_lost() ||
                        (operation.kind == op_kind::exists && operation.outcome == op_outcome::yes);
    if (!failed) {
      // The value was stored, or the lock was released: the wait is over.
      const bool ends = operation.outcome == op_outcome::yes && operation.kind != op_kind::read &&
                        operation.kind != op_kind::exists;
      const auto open = ends ? bursts_.find(key.ref.slot) : bursts_.end();
      if (open != bursts_.end() && open->second.key == key.ref) close(open->second, context);
      return;
    }
    if (bursts_.size() >= bursts_max && bursts_.count(key.ref.slot) == 0)
      close_old(operation.sent, context);
    burst& of = bursts_[key.ref.slot];
    if (!(of.key == key.ref)) of = {key.ref, {}, {}};
    if (!of.sent.empty() && operation.sent - of.sent.back() > burst_gap) close(of, context);
    if (of.sent.size() >= retry_rhythm::burst_max) return;
    // Operations arrive in the order of their replies.
    const auto place = std::upper_bound(of.sent.begin(), of.sent.end(), operation.sent);
    of.by.insert(of.by.begin() + (place - of.sent.begin()), operation.connection);
    of.sent.insert(place, operation.sent);
  }

  void on_end(const rule_context& context, verdicts& out) override {
    for (auto& [slot, of] : bursts_) close(of, context);
    std::uint64_t requests = 0;
    bool failed = false;
    for (auto& [index, of] : of_) {
      const pattern_state& pattern = context.patterns()[index];
      const key_role role = context.role_of(pattern);
      if (role != key_role::value && role != key_role::lock) continue;
      requests += std::max(of.of_all.requests(), of.of_each.requests());
      auto rhythm = of.of_each.found();
      if (!rhythm) rhythm = of.of_all.found();
      if (!rhythm) continue;
      failed = true;
      of.seen.count = rhythm->followed;
      of.seen.opportunities = rhythm->asked;
      finding result = finding_of(id(), pattern, of.seen);
      result.how_bad = severity::info;
      result.how_sure = confidence::strong;
      result.message = in_words(rhythm->followed) + " of " + in_words(rhythm->asked) +
                       " requests of waiters were followed by another one " +
                       in_words(rhythm->pause_ms) + " ms (+-1 ms) later; by chance it would be " +
                       in_words(static_cast<std::uint64_t>(rhythm->by_chance)) + '.';
      out.found(std::move(result));
    }
    out.covered(id(), status_of(failed, requests >= 30),
                counted(requests, "request", "requests") + " of waiters while keys were cold");
  }

 private:
  struct seen_rhythm {
    retry_rhythm of_all;   ///< of the requests of all waiters together
    retry_rhythm of_each;  ///< of the requests of each connection alone
    cases seen;
  };

  struct burst {
    key_ref key;
    std::vector<moment> sent;
    std::vector<std::uint64_t> by;  ///< the connections of `sent`
  };

  void close(burst& of, const rule_context& context) {
    const key_state* const key = context.find(of.key);
    if (key != nullptr && of.sent.size() >= burst_min &&
        !context.is_perturbed(of.sent.front(), of.sent.back())) {
      add(*key, of, context);
    }
    of.sent.clear();
    of.by.clear();
  }

  void close_old(moment now, const rule_context& context) {
    for (auto position = bursts_.begin(); position != bursts_.end();) {
      const bool is_over =
          position->second.sent.empty() || now - position->second.sent.back() > burst_gap;
      if (is_over) close(position->second, context);
      position = is_over ? bursts_.erase(position) : std::next(position);
    }
  }

  void add(const key_state& key, const burst& of, const rule_context& context) {
    const bool is_known = of_.find(key.pattern->index) != nullptr;
    if (!is_known && patterns_ >= patterns_max) return;
    patterns_ += is_known ? 0 : 1;
    seen_rhythm& into = of_[*key.pattern];
    std::map<std::uint64_t, std::vector<moment>> each_alone;
    for (std::size_t i = 0; i < of.sent.size(); ++i) each_alone[of.by[i]].push_back(of.sent[i]);
    // Callers that arrive one after the other and send one request each are no waiters.
    if (of.sent.size() >= asks_min * each_alone.size()) into.of_all.add(of.sent);
    for (const auto& [connection, sent] : each_alone) {
      if (sent.size() >= row_min) into.of_each.add(sent);
    }
    into.seen.add(static_cast<double>(of.sent.size()), [&] {
      return proof_of(context, key, of.sent.front(), of.sent.back(),
                      counted(of.sent.size(), "request", "requests") + " within " +
                          in_words(of.sent.back() - of.sent.front()) + '.');
    });
  }

  std::unordered_map<std::uint32_t, burst> bursts_;  ///< by slot
  per_pattern<seen_rhythm> of_;
  std::size_t patterns_ = 0;
};

}  // namespace

rule_definition c502() { return {c502_text, c502_settings, make_rule<fixed_retry>}; }

}  // namespace drover::audit
