// SPDX-License-Identifier: MIT
// C502: waiters ask again after a fixed time. Looked at for each connection alone and, as pooled
// clients change their connection at each question, for all waiters of a key together.
#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "audit/rules/evidence_text.hpp"
#include "audit/rules/retry_rhythm.hpp"

namespace drover::audit {
namespace {

/// Questions further apart belong to two waits.
constexpr moment burst_gap = std::chrono::milliseconds{1200};
/// Shorter bursts are callers that came at the same time, not waiters.
constexpr std::size_t burst_min = 5;
/// Questions of a burst, for each connection: who waits asks again.
constexpr std::size_t asks_min = 3;
/// Questions of one connection in a burst that can have a rhythm.
constexpr std::size_t row_min = 3;
/// Keys with an open burst; over it, those that are over are closed.
constexpr std::size_t bursts_max = 20'000;
/// Patterns that are looked at: its rhythms cost 16 KiB.
constexpr std::size_t patterns_max = 64;

class fixed_retry final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C502"; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::of(op_kind::read) | interest::of(op_kind::exists) |
           interest::of(op_kind::acquire) | interest::of(op_kind::store) |
           interest::of(op_kind::remove) | interest::of(op_kind::compare_remove);
  }

  void on_op(const op& what, const key_state& key, const rule_context& all) override {
    // A miss asks for a value; EXISTS that says yes and a lost acquisition ask for a lock.
    const bool failed = what.is_miss() || what.was_lost() ||
                        (what.kind == op_kind::exists && what.outcome == op_outcome::yes);
    if (!failed) {
      // The value came, or the lock went: the cold time is over, and with it the rhythm.
      const bool ends = what.outcome == op_outcome::yes && what.kind != op_kind::read &&
                        what.kind != op_kind::exists;
      const auto open = ends ? bursts_.find(key.ref.slot) : bursts_.end();
      if (open != bursts_.end() && open->second.key == key.ref) close(open->second, all);
      return;
    }
    if (bursts_.size() >= bursts_max && bursts_.count(key.ref.slot) == 0) close_old(what.sent, all);
    burst& of = bursts_[key.ref.slot];
    if (!(of.key == key.ref)) of = {key.ref, {}, {}};
    if (!of.sent.empty() && what.sent - of.sent.back() > burst_gap) close(of, all);
    if (of.sent.size() >= retry_rhythm::burst_max) return;
    // Ops come in the order of their replies.
    const auto place = std::upper_bound(of.sent.begin(), of.sent.end(), what.sent);
    of.by.insert(of.by.begin() + (place - of.sent.begin()), what.connection);
    of.sent.insert(place, what.sent);
  }

  void on_end(const rule_context& all, verdicts& out) override {
    for (auto& [slot, of] : bursts_) close(of, all);
    std::uint64_t questions = 0;
    bool failed = false;
    for (auto& [index, of] : of_) {
      const pattern_state& pattern = all.patterns()[index];
      const key_role role = all.role_of(pattern);
      if (role != key_role::value && role != key_role::lock) continue;
      questions += std::max(of.of_all.questions(), of.of_each.questions());
      auto found = of.of_each.found();
      if (!found) found = of.of_all.found();
      if (!found) continue;
      failed = true;
      of.seen.count = found->followed;
      of.seen.opportunities = found->asked;
      finding made = finding_of(id(), pattern, of.seen);
      made.how_bad = severity::info;
      made.how_sure = confidence::strong;
      made.message = in_words(found->followed) + " of " + in_words(found->asked) +
                     " questions of waiters were followed by another one " +
                     in_words(found->pause_ms) +
                     " ms (+-1 ms) later; by chance it would have been " +
                     in_words(static_cast<std::uint64_t>(found->by_chance)) + '.';
      out.found(std::move(made));
    }
    out.covered(id(),
                failed            ? coverage_line::status::fail
                : questions >= 30 ? coverage_line::status::pass
                                  : coverage_line::status::not_exercised,
                counted(questions, "question", "questions") + " of waiters in cold times");
  }

 private:
  struct seen_rhythm {
    retry_rhythm of_all;   ///< the questions of all together
    retry_rhythm of_each;  ///< of each connection alone
    cases seen;
  };

  struct burst {
    key_ref key;
    std::vector<moment> sent;
    std::vector<std::uint64_t> by;  ///< the connections of `sent`
  };

  void close(burst& of, const rule_context& all) {
    const key_state* const key = all.find(of.key);
    if (key != nullptr && of.sent.size() >= burst_min &&
        !all.is_perturbed(of.sent.front(), of.sent.back())) {
      add(*key, of, all);
    }
    of.sent.clear();
    of.by.clear();
  }

  void close_old(moment now, const rule_context& all) {
    for (auto each = bursts_.begin(); each != bursts_.end();) {
      const bool is_over = each->second.sent.empty() || now - each->second.sent.back() > burst_gap;
      if (is_over) close(each->second, all);
      each = is_over ? bursts_.erase(each) : std::next(each);
    }
  }

  void add(const key_state& key, const burst& of, const rule_context& all) {
    const bool is_known = of_.find(key.pattern->index) != nullptr;
    if (!is_known && patterns_ >= patterns_max) return;
    patterns_ += is_known ? 0 : 1;
    seen_rhythm& into = of_[*key.pattern];
    std::map<std::uint64_t, std::vector<moment>> each_alone;
    for (std::size_t i = 0; i < of.sent.size(); ++i) each_alone[of.by[i]].push_back(of.sent[i]);
    // Callers that come one behind the other and ask once are no waiters.
    if (of.sent.size() >= asks_min * each_alone.size()) into.of_all.add(of.sent);
    for (const auto& [connection, sent] : each_alone) {
      if (sent.size() >= row_min) into.of_each.add(sent);
    }
    into.seen.add(static_cast<double>(of.sent.size()), [&] {
      return proof_of(all, key, of.sent.front(), of.sent.back(),
                      counted(of.sent.size(), "question", "questions") + " within " +
                          in_words(of.sent.back() - of.sent.front()) + '.');
    });
  }

  std::unordered_map<std::uint32_t, burst> bursts_;  ///< by slot
  per_pattern<seen_rhythm> of_;
  std::size_t patterns_ = 0;
};

}  // namespace

std::unique_ptr<rule> make_c502() { return std::make_unique<fixed_retry>(); }

}  // namespace drover::audit
