// SPDX-License-Identifier: MIT
// The decisions without scripts against the model of an entry, with which the scripts are compared,
// too (scripts_model_test.cpp): the same reply and the same bytes, over many random sequences.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "integration/scripts_dice.hpp"
#include "integration/scripts_model.hpp"
#include "lease/plain_changes.hpp"

namespace drover::test::plain_model_test {
namespace {

using namespace scripts_model;
using lease::key_change;

std::string answer_of(const lease::lease_reply& reply) {
  constexpr std::array names{"lead", "wait", "failed", "hit", "uncacheable", "newer"};
  return answer_text(names[static_cast<std::size_t>(reply.outcome)], reply.now,
                     reply.attempts + reply.left.count(), reply.entry_bytes);
}

std::string answer_of(const lease::fill_reply& reply) {
  constexpr std::array names{"stored", "duplicate", "refused"};
  return answer_text(names[static_cast<std::size_t>(reply.outcome)], reply.now, 0, "");
}

std::string answer_of(const lease::step_reply& reply) {
  return reply.applied ? "applied" : "not applied";
}

/// The reply and the change, as text and as the model's world.
struct plain_outcome {
  std::string reply;
  std::optional<key_change> change;
};

template <class Reply>
plain_outcome outcome_of(lease::plain_decision<Reply> decided) {
  return {answer_of(decided.reply), std::move(decided.change)};
}

plain_outcome decide(const request& r, lease::stored_bytes stored, server_time t) {
  switch (r.kind) {
    case verb::lease: {
      lease::lease_request fields = lease_fields(r);
      fields.notify = false;  // its waiters leave no flag
      return outcome_of(lease::decide_lease(fields, stored, t));
    }
    case verb::renew:
      return outcome_of(lease::decide_renew(r.first, r.lease_ttl, r.number, stored, t));
    case verb::promote:
      return outcome_of(
          lease::decide_promote(r.first, r.second, r.lease_ttl, 1h, r.number, stored, t));
    case verb::fill: return outcome_of(lease::decide_fill(fill_fields(r), stored, t));
    case verb::failure: return outcome_of(lease::decide_failure(failure_fields(r), stored, t));
    case verb::release: return outcome_of(lease::decide_release(r.first, stored));
    case verb::uncacheable:
      return outcome_of(lease::decide_uncacheable(r.first, marker_ttl(r), stored, t));
    case verb::expire: return outcome_of(lease::decide_expire(r.first, stored, t));
    case verb::invalidate: return {"acknowledged", key_change{.does = key_change::kind::remove}};
    case verb::count: break;
  }
  return {};
}

class plain_model : public testing::Test {
 protected:
  void run(std::uint64_t seed, int sequences, int steps) {
    dice random{seed};
    for (int sequence = 0; sequence < sequences && !HasFailure(); ++sequence) {
      world now;
      server_time t{milliseconds{1'700'000'000'000}};
      for (int step = 0; step < steps && !HasFailure(); ++step) {
        SCOPED_TRACE("seed " + std::to_string(seed) + ", sequence " + std::to_string(sequence) +
                     ", step " + std::to_string(step));
        t += random.some_time();
        if (random.below(8) == 0) now.bytes = random.some_entry(t);
        request r = random.some_request(t);
        r.flag = r.flag && r.kind != verb::lease;  // no waiter asks for a message
        compare(r, now, t);
      }
    }
  }

  std::map<std::string, int> reply_counts_;

 private:
  void compare(const request& r, world& now, server_time t) {
    outcome expected = modelled(now, r, t);
    const auto stored = now.bytes ? lease::stored_bytes{*now.bytes} : std::nullopt;
    const plain_outcome decided = decide(r, stored, t);
    ++reply_counts_[decided.reply.substr(0, decided.reply.find(" at "))];
    ASSERT_EQ(decided.reply, expected.reply) << "verb " << static_cast<int>(r.kind);
    std::optional<std::string> after = now.bytes;
    if (decided.change) {
      after.reset();
      if (decided.change->does != key_change::kind::remove) after = decided.change->bytes;
    }
    ASSERT_EQ(after, expected.after.bytes) << "verb " << static_cast<int>(r.kind);
    const bool stores = decided.change && decided.change->does == key_change::kind::store;
    if (stores) {
      ASSERT_EQ(decided.change->key_ttl, expected.after.ttl_set);
    } else if (after) {
      ASSERT_FALSE(expected.after.ttl_set) << "a change in place keeps the key's ttl";
    }
    now = std::move(expected.after);
    now.ttl_set.reset();
  }
};

TEST_F(plain_model, AgreesWithTheDecisionsOverAFixedSetOfSequences) {
  run(20'261'130, 2'000, 40);
  for (const char* const outcome : {"lead", "wait", "failed", "hit", "uncacheable", "newer",
                                    "stored", "duplicate", "refused", "applied", "not applied"}) {
    EXPECT_GT(reply_counts_[outcome], 20) << outcome;
  }
}

TEST_F(plain_model, AgreesWithTheDecisionsOverFreshSequences) {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  run(seed, 1'000, 40);
}

}  // namespace
}  // namespace drover::test::plain_model_test
