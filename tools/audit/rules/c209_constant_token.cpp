// SPDX-License-Identifier: MIT
// C209: every acquisition writes the same token into the lock.
#include "audit/rules/coverage.hpp"
#include "audit/rules/lock_holds.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c209_text{
    .id = "C209",
    .name = "constant-token",
    .usual_severity = severity::warning,
    .summary = "Every acquisition writes the same token into the lock.",
    .why =
        "The token identifies the owner of the lock. If all callers use one token, "
        "compare-and-delete always succeeds, and every holder can release any other holder's lock.",
    .left_alone = "nothing: all tokens are equal.",
    .exercised_by = "three or more acquisitions",
    .advice = "Use a new random token (128 bits) for every acquisition.",
    .fix =
        "Generate a new random token of at least 128 bits for every acquisition (uuid4, "
        "crypto.randomUUID, SecureRandom). Write it with `SET <lock> <token> NX PX <ms>`, and "
        "release the lock by compare-and-delete with the same token. Do not use a host name, a "
        "thread id, a timestamp or a literal.",
    .caching_rules = "6",
};

constexpr library_setting c209_settings[] = {
    {"Spring Data Redis",
     "use the non-locking writer and a Redisson lock per key: the locking writer stores an empty "
     "token"},
    {"StackExchange.Redis",
     "pass a new `Guid.NewGuid()` as the token to each `LockTake`, and the same token to "
     "`LockRelease`"},
};

constexpr std::uint64_t acquisitions_min = 3;

class constant_token final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c209_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::lock_holds; }

  void on_lock_hold(const lock_hold& hold, const key_state& lock,
                    const rule_context& context) override {
    // A script may use the token of a thread for a reentrant lock, as Redisson does.
    if (hold.won.in_script || hold.won.value.length == 0) return;
    pattern_tally& tally = tallies_[*lock.pattern];
    ++tally.lock_holds;
    if (tally.lock_holds == 1) {
      tally.token = hold.won.value;
    } else if (!(tally.token == hold.won.value)) {
      tally.varies = true;
    }
    if (tally.varies) return;
    tally.same.add(static_cast<double>(tally.lock_holds), [&] {
      // The timeline must contain the acquisition, which shows the token.
      return proof_of(
          context, lock, hold.won.sent, hold.end.command ? hold.end.command->done : hold.won.done,
          tally.lock_holds == 1
              ? "The first acquisition with this token."
              : "The token equals that of the " +
                    counted(tally.lock_holds - 1, "acquisition", "acquisitions") + " before it.",
          hold.value.key);
    });
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { tallies_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t lock_holds = 0;
    std::uint64_t bad = 0;
    for (auto& [index, tally] : tallies_) {
      const pattern_state& lock = context.patterns()[index];
      if (context.role_of(lock) != key_role::lock || tally.lock_holds < acquisitions_min) continue;
      lock_holds += tally.lock_holds;
      if (tally.varies) continue;
      bad += tally.lock_holds;
      finding result = finding_of(id(), lock, tally.same);
      result.severity = severity::warning;
      result.confidence = confidence::proof;
      result.message = "All " + counted(tally.lock_holds, "acquisition", "acquisitions") + " of " +
                       lock_in_words(context, lock) + " wrote the same token of " +
                       bytes_in_words(tally.token.length) + '.';
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(bad, lock_holds),
                     lock_holds == 0 ? "fewer than three acquisitions of any lock"
                                     : counted(lock_holds, "acquisition", "acquisitions") + ", " +
                                           in_words(bad) + " with a constant token");
  }

 private:
  struct pattern_tally {
    std::uint64_t lock_holds = 0;
    digest token;
    bool varies = false;
    cases same;

    void merge(const pattern_tally& other) {
      varies = varies || other.varies || (lock_holds > 0 && !(token == other.token));
      token = other.token;
      lock_holds += other.lock_holds;
      same.merge(other.same);
    }
  };
  per_pattern<pattern_tally> tallies_;
};

}  // namespace

rule_definition c209() { return {c209_text, c209_settings, make_rule<constant_token>}; }

}  // namespace drover::audit
