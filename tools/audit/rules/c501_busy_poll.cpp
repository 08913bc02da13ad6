// SPDX-License-Identifier: MIT
// C501: waiters poll Redis without a pause.
#include <algorithm>
#include <array>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c501_text{
    .id = "C501",
    .name = "busy-poll",
    .usual_severity = severity::warning,
    .summary = "Waiters poll Redis without a pause.",
    .why =
        "Redis runs one command at a time. A few waiters that poll without a pause can keep the "
        "server busy for everybody, at the moment when a key is cold.",
    .left_alone = "a dozen waiters that poll every 25 ms, which is normal.",
    .exercised_by = "callers that wait for another caller's load",
    .advice = "Use a growing pause with jitter, or wait for a push (client tracking, pub/sub).",
    .fix =
        "Sleep between two attempts in the loop that waits for another caller's value or lock. "
        "Start at about 10 ms, grow by half each time up to 200 ms, and choose each pause at "
        "random between half and the whole of it. Or let the holder publish a message when it is "
        "done, and wait for that with a timeout.",
    .caching_rules = "7",
};

/// The number of polls in a row by one connection. Fewer do no harm.
constexpr std::uint64_t polls_min = 150;
/// Polls per second for one key by all waiters. A dozen waiters at 25 ms make 480.
constexpr double rate_min = 1000;
/// The number of waits that are kept for each key, to add up the polls of concurrent waits.
constexpr std::size_t waits_max = 64;

class busy_poll final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c501_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::waits; }

  void on_wait(const wait& wait, const key_state& key, const rule_context& context) override {
    if (context.is_perturbed(wait.first, wait.last)) return;
    recent_waits& others = recent_waits_[key.ref];
    const double rate = rate_of(wait) + rate_beside(wait, others);
    others.waits[others.count++ % waits_max] = {wait.connection, wait.first, wait.last, wait.polls};

    cases& bad = cases_[*key.pattern];
    ++bad.opportunities;
    ++waits_;
    if (wait.polls <= polls_min || rate <= rate_min) return;
    bad.add(rate, [&] {
      // The first polls are enough: hundreds more look the same.
      return proof_of(context, key, wait.first, wait.first + 20 * wait.shortest_gap + slack,
                      counted(wait.polls, "poll", "polls") + " in a row within " +
                          in_words(wait.last - wait.first) + ", and " +
                          in_words(static_cast<std::uint64_t>(rate)) +
                          " per second by all waiters for this key.");
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { cases_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t busy = 0;
    for (auto& [index, bad] : cases_) {
      const pattern_state& pattern = context.patterns()[index];
      if (bad.count == 0 || !is_judged(context.role_of(pattern))) continue;
      busy += bad.count;
      finding result = finding_of(id(), pattern, bad);
      result.severity = severity::warning;
      result.confidence = confidence::strong;
      result.message = counted(bad.count, "wait", "waits") + " of more than " +
                       in_words(polls_min) + " polls in a row; up to " +
                       in_words(static_cast<std::uint64_t>(bad.worst())) +
                       " polls per second for one key.";
      out.add_finding(std::move(result));
    }
    const std::string text = counted(waits_, "wait", "waits") + ", " + in_words(busy) + " too fast";
    out.add_coverage(id(), status_of(busy, waits_),
                     waits_ == 0 ? "no caller waited for another caller's load" : text);
  }

 private:
  static constexpr moment slack = std::chrono::milliseconds{1};

  struct past_wait {
    std::uint64_t connection = 0;
    moment first{};
    moment last{};
    std::uint64_t polls = 0;
  };
  struct recent_waits {
    std::size_t count = 0;
    std::array<past_wait, waits_max> waits{};
  };

  static bool is_judged(key_role role) { return role == key_role::value || role == key_role::lock; }
  static double seconds(moment length) {
    return std::max(0.001, static_cast<double>(length.count()) / 1e6);
  }
  static double rate_of(const wait& wait) {
    return static_cast<double>(wait.polls) / seconds(wait.last - wait.first);
  }
  /// The rate of the other callers' polls during this wait.
  static double rate_beside(const wait& wait, const recent_waits& others) {
    double polls = 0;
    for (std::size_t i = 0; i < std::min(others.count, waits_max); ++i) {
      const past_wait& other = others.waits[i];
      const moment from = std::max(other.first, wait.first);
      const moment to = std::min(other.last, wait.last);
      if (other.connection == wait.connection || to <= from) continue;
      polls +=
          static_cast<double>(other.polls) * seconds(to - from) / seconds(other.last - other.first);
    }
    return polls / seconds(wait.last - wait.first);
  }

  per_key<recent_waits> recent_waits_;
  per_pattern<cases> cases_;
  std::uint64_t waits_ = 0;
};

}  // namespace

rule_definition c501() { return {c501_text, {}, make_rule<busy_poll>}; }

}  // namespace drover::audit
