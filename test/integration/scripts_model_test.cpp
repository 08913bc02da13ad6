// SPDX-License-Identifier: MIT
// The scripts against a small model of an entry, over many random sequences. The model gets the
// server's time before and after each request. Some millisecond in between must explain the reply
// and every stored byte. The model follows docs/internals/lease-protocol.md, not the scripts.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "entry/envelope.hpp"
#include "integration/scripts_dice.hpp"
#include "integration/scripts_model.hpp"
#include "lease/commands.hpp"
#include "support/lease_client.hpp"
#include "support/redis_server.hpp"

namespace drover::test::scripts_model_test {
namespace {

using namespace scripts_model;

void write(std::string& out, const request& r) {
  constexpr std::string_view key = lease_client::key;
  switch (r.kind) {
    case verb::lease: return lease::write_lease(out, lease_fields(r), false);
    case verb::renew: return lease::write_renew(out, key, r.first, r.lease_ttl, r.number);
    case verb::promote:
      return lease::write_promote(out, key, r.first, r.second, r.lease_ttl, 1h, r.number);
    case verb::fill: return lease::write_fill(out, fill_fields(r));
    case verb::failure: return lease::write_failure(out, failure_fields(r));
    case verb::release: return lease::write_release(out, key, r.first, "w");
    case verb::uncacheable: return lease::write_uncacheable(out, key, r.first, marker_ttl(r), "w");
    case verb::expire: return lease::write_expire(out, key, r.first);
    case verb::invalidate:
      return lease::write_invalidate(out, std::vector<std::string>{std::string{key}});
    case verb::count: break;
  }
}

std::string described(verb kind, resp::message&& reply) {
  const auto fault = [](const auto& r) {
    return "fault " + std::string{to_string(r.error().code)};
  };
  switch (kind) {
    case verb::lease: {
      const auto r = lease::read_lease(std::move(reply));
      if (!r) return fault(r);
      constexpr std::array names{"lead", "wait", "failed", "hit", "uncacheable", "newer"};
      return answer_text(names[static_cast<std::size_t>(r->outcome)], r->now,
                         r->attempts + r->left.count(), r->entry_bytes);
    }
    case verb::fill: {
      const auto r = lease::read_fill(reply);
      if (!r) return fault(r);
      constexpr std::array names{"stored", "duplicate", "refused"};
      return answer_text(names[static_cast<std::size_t>(r->outcome)], r->now, 0, "");
    }
    case verb::invalidate: {
      const auto r = lease::read_acknowledged(reply);
      return r ? "acknowledged" : fault(r);
    }
    default: {
      const auto r = lease::read_step(reply);
      if (!r) return fault(r);
      return r->applied ? "applied" : "not applied";
    }
  }
}

class script_model : public testing::Test {
 protected:
  void run(std::uint64_t seed, int sequences, int steps) {
    dice random{seed};
    for (int sequence = 0; sequence < sequences && !HasFailure(); ++sequence) {
      server_.command({"DEL", lease_client::key});
      world now;
      for (int step = 0; step < steps && !HasFailure(); ++step) {
        SCOPED_TRACE("seed " + std::to_string(seed) + ", sequence " + std::to_string(sequence) +
                     ", step " + std::to_string(step));
        if (random.below(8) == 0) interfere(random, now);
        compare(random.some_request(client_.now()), now);
      }
    }
  }

  std::map<std::string, int> reply_counts_;  ///< the number of replies by their first word

 private:
  /// Another client writes to the key.
  void interfere(dice& random, world& now) {
    client_.wire().command({"DEL", lease_client::key});
    now.remove();
    const std::uint64_t choice = random.below(6);
    if (choice == 0) return;
    if (choice == 1) {
      client_.wire().command({"HSET", lease_client::key, "field", "theirs"});
      now.is_other_type = true;
      return;
    }
    now.bytes = random.some_entry(client_.now());
    client_.store(*now.bytes);
  }

  void compare(const request& r, world& now) {
    std::string bytes;
    lease::write_time(bytes);
    write(bytes, r);
    lease::write_time(bytes);
    lease::write_get(bytes, lease_client::key);
    client_.wire().send(bytes);
    client_.wire().send_command({"PEXPIRETIME", lease_client::key});
    auto replies = client_.wire().read_replies(5);
    const server_time begin = lease::read_time(replies[0]).value();
    const std::string reply = described(r.kind, std::move(replies[1]));
    const server_time end = lease::read_time(replies[2]).value();
    const auto stored = lease::read_get(std::move(replies[3]));
    const std::int64_t key_end = replies[4].root().integer();
    ++reply_counts_[reply.substr(0, reply.find(" at "))];

    for (server_time t = begin; t <= end; t += 1ms) {
      outcome expected = modelled(now, r, t);
      const bool is_stored =
          expected.after.is_other_type ? !stored : stored && *stored == expected.after.bytes;
      if (expected.reply != reply || !is_stored) continue;
      expect_key_end(expected.after, key_end, begin, end);
      now = std::move(expected.after);
      return;
    }
    const outcome expected = modelled(now, r, begin);
    FAIL() << "no time explains the answer to verb " << static_cast<int>(r.kind) << "\nbefore    "
           << testing::PrintToString(now.bytes) << "\nexpected  " << expected.reply
           << "\n          " << testing::PrintToString(expected.after.bytes) << "\nanswered  "
           << reply << "\n          "
           << (stored ? testing::PrintToString(*stored) : stored.error().text);
  }

  static void expect_key_end(const world& after, std::int64_t key_end, server_time begin,
                             server_time end) {
    if (!after.has_ttl) {
      EXPECT_LT(key_end, 0);
    } else if (after.ttl_set) {
      EXPECT_GE(key_end, (begin + *after.ttl_set).time_since_epoch().count() - 1);
      EXPECT_LE(key_end, (end + *after.ttl_set).time_since_epoch().count());
    } else {
      EXPECT_GT(key_end, 0) << "a change in place keeps the key's ttl";
    }
  }

  redis_server server_;
  lease_client client_{server_};
};

TEST_F(script_model, AgreesWithTheServerOverAFixedSetOfSequences) {
  run(20'250'301, 400, 40);
  for (const char* const outcome :
       {"lead", "wait", "failed", "hit", "uncacheable", "newer", "stored", "duplicate", "refused",
        "applied", "not applied", "fault corrupt"}) {
    EXPECT_GT(reply_counts_[outcome], 20) << outcome;
  }
}

TEST_F(script_model, AgreesWithTheServerOverFreshSequences) {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  run(seed, 200, 40);
}

}  // namespace
}  // namespace drover::test::scripts_model_test
