// SPDX-License-Identifier: MIT
// C206 to C213: leases that end too early or too late, and what their former holders do.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"
#include "audit/rules/lock_turns_for_test.hpp"

namespace drover::audit::lease_rules_test {
namespace {

using namespace testing;
using namespace testing::lock_turns;
using status = coverage_line::status;
using std::chrono::microseconds;

/// The holder's lease of 100 ms ends, client 2 takes the lock, and `back` adds what client 1 does
/// afterwards.
template <class Back>
stage outlived(int count, Back&& back) {
  stage world;
  for (int turn = 1; turn <= count; ++turn) {
    const microseconds begin = 1s * turn;
    world.at(begin).client(1).get(user).miss();
    world.at(begin + 1ms).client(2).get(user).miss();
    world.at(begin + 2ms).client(1).set(lock, "a" + token(turn)).nx().px(100ms).ok();
    for (int poll = 0; poll < 4; ++poll) {
      world.at(begin + 4ms + 25ms * poll)
          .client(2)
          .set(lock, "b" + token(turn))
          .nx()
          .px(100ms)
          .nil();
    }
    world.at(begin + 104ms).client(2).set(lock, "b" + token(turn)).nx().px(100ms).ok();
    back(world, begin + 150ms, turn);
    world.at(begin + 180ms).client(2).set(user, "v").px(500ms).ok();
  }
  return world;
}

TEST(audit_c207, IsRaisedWhenTheTokenShowsUpAfterTheLease) {
  const auto back = [](stage& world, microseconds at, int turn) {
    world.at(at).client(1).compare_and_delete(lock, "a" + token(turn)).answers(0);
    world.at(at + 31ms).client(2).compare_and_delete(lock, "b" + token(turn)).answers(1);
  };
  const audit_result result = outlived(3, back).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C207");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::error);
  EXPECT_EQ(finding->confidence, confidence::proof);
  EXPECT_EQ(finding->count, 3U);
  EXPECT_EQ(find_finding(result, "C210"), nullptr);
  EXPECT_EQ(find_finding(result, "C206"), nullptr);
  EXPECT_EQ(coverage_of(result, "C206"), status::pass);
  EXPECT_EQ(coverage_of(result, "C212"), status::pass);
}

TEST(audit_c207, IsRaisedEvenIfNobodyEntered) {
  stage world = turns(3, take_right, release_right);
  world.at(20s).client(1).set("lock:user:5", "t").nx().px(100ms).ok();
  world.at(20s + 150ms).client(1).compare_and_delete("lock:user:5", "t").answers(0);
  EXPECT_NE(find_finding(world.judged_by(all_rules()), "C207"), nullptr);
}

TEST(audit_c207, IsSilentForHoldersThatRenew) {
  const auto release = [](stage& world, microseconds at, int turn) {
    for (int i = 0; i < 8; ++i) {
      world.at(at - 850ms + 100ms * i).client(1).renew(lock, token(turn), 300ms).answers(1);
    }
    world.at(at).client(1).compare_and_delete(lock, token(turn)).answers(1);
  };
  const auto take = [](stage& world, microseconds at, int turn) {
    world.at(at).client(1).set(lock, token(turn)).nx().px(300ms).ok();
  };
  const audit_result result = turns(6, take, release, 900ms).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C207"), nullptr);
  EXPECT_EQ(find_finding(result, "C208"), nullptr);
  EXPECT_EQ(find_finding(result, "C210"), nullptr);
}

TEST(audit_c206, IsRaisedWhenTheFormerHolderDeletes) {
  const auto back = [](stage& world, microseconds at, int) {
    world.at(at).client(1).del(lock).answers(1);
    world.at(at + 31ms).client(2).del(lock).answers(0);
  };
  const audit_result result = outlived(3, back).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C206");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::error);
  EXPECT_EQ(finding->count, 3U);
  ASSERT_NE(find_finding(result, "C204"), nullptr);
  EXPECT_EQ(find_finding(result, "C204")->severity, severity::error);
  EXPECT_NE(find_finding(result, "C207"), nullptr);
}

TEST(audit_c206, IsSilentIfWhoDeletedMayBeTheHolder) {
  // The process of one connection of a pool is unknown. The lease of the first holder ends, and the
  // second holder deletes the lock on the connection that the first had used.
  stage world;
  world.belongs(500, {1, 2}).unknown({4}, "127.0.0.1");
  for (int id = 1; id <= 5; ++id) {
    const auto begin = 1s * id;
    const std::string key = "user:" + std::to_string(id);
    const std::string tokens = "t" + std::to_string(id);
    world.at(begin).client(4).get(key).miss();
    world.at(begin + 2ms).client(4).set("lock:" + key, tokens + "a").nx().px(100ms).ok();
    world.at(begin + 3ms).client(2).set("lock:" + key, "o").nx().px(100ms).nil();
    world.at(begin + 149ms).client(1).get(key).miss();
    world.at(begin + 150ms).client(1).set("lock:" + key, tokens + "b").nx().px(100ms).ok();
    world.at(begin + 200ms).client(2).set(key, "v").px(60s).ok();
    world.at(begin + 201ms).client(4).del("lock:" + key).answers(1);
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C206"), nullptr);
}

TEST(audit_c206, IsProvedByTheTokenThatWasRead) {
  const auto back = [](stage& world, microseconds at, int turn) {
    world.at(at - 60ms).client(1).get(lock).hit("a" + token(turn));
    world.at(at).client(1).del(lock).answers(1);
  };
  const audit_result result = outlived(3, back).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C206");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->confidence, confidence::proof);
}

TEST(audit_c206, IsSilentWhenTheOwnerDeletesFirst) {
  const auto back = [](stage& world, microseconds at, int) {
    world.at(at).client(2).del(lock).answers(1);
    world.at(at + 31ms).client(1).del(lock).answers(0);
  };
  const audit_result result = outlived(3, back).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C206"), nullptr);
  EXPECT_NE(find_finding(result, "C207"), nullptr);
}

TEST(audit_c208, IsRaisedForAHoldOfMoreThanHalfTheLease) {
  const auto take = [](stage& world, microseconds at, int turn) {
    world.at(at).client(1).set(lock, token(turn)).nx().px(200ms).ok();
  };
  const audit_result result = turns(6, take, release_right, 150ms).judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C208"), nullptr);
  EXPECT_EQ(find_finding(result, "C208")->severity, severity::warning);
  const audit_result few = turns(4, take, release_right, 150ms).judged_by(all_rules());
  EXPECT_EQ(find_finding(few, "C208"), nullptr);
  EXPECT_EQ(coverage_of(few, "C208"), status::not_exercised);
}

TEST(audit_c209, IsRaisedForOneTokenForAll) {
  const auto take = [](stage& world, microseconds at, int) {
    world.at(at).client(1).set(lock, "1").nx().px(5s).ok();
  };
  const audit_result result = turns(3, take, release_plain).judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C209"), nullptr);
  EXPECT_EQ(find_finding(result, "C209")->confidence, confidence::proof);
  for (const evidence& proof : find_finding(result, "C209")->evidence_list) {
    EXPECT_EQ(proof.summary.find(" 0 "), std::string::npos) << proof.summary;
    ASSERT_FALSE(proof.timeline.empty());
    EXPECT_NE(proof.timeline[0].text.find("won"), std::string::npos) << proof.timeline[0].text;
  }
  EXPECT_EQ(find_finding(turns(2, take, release_plain).judged_by(all_rules()), "C209"), nullptr);
}

/// A holder sends nothing after the acquisition, and another client polls until the lease ends.
void abandon(stage& world, microseconds begin, const std::string& key) {
  world.at(begin).client(1).get(key).miss();
  world.at(begin + 1ms).client(1).set("lock:" + key, "x").nx().px(2s).ok();
  world.at(begin + 2ms).client(2).get(key).miss();
  for (microseconds at = begin + 3ms; at < begin + 2s; at += 50ms) {
    world.at(at).client(2).set("lock:" + key, "y").nx().px(2s).nil();
  }
  world.at(begin + 2010ms).client(2).set("lock:" + key, "y").nx().px(2s).ok();
  world.at(begin + 2060ms).client(2).set(key, "v").px(60s).ok();
  world.at(begin + 2061ms).client(2).compare_and_delete("lock:" + key, "y").answers(1);
}

TEST(audit_c210, IsRaisedForALockThatIsLeftBehind) {
  stage world;
  abandon(world, 0ms, "user:1");
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C210");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(find_finding(result, "C207"), nullptr);
}

TEST(audit_c210, IsSilentForSchedulesAndForWhatTheToolDid) {
  stage schedule = turns(3, take_right, release_right);
  for (int minute = 0; minute < 3; ++minute) {
    schedule.at(20s + 60s * minute).client(1).set("cron:report", "n1").nx().px(50s).ok();
    for (int poll = 1; poll < 4; ++poll) {
      schedule.at(20s + 60s * minute + 1s * poll)
          .client(2)
          .set("cron:report", "n2")
          .nx()
          .px(50s)
          .nil();
    }
  }
  EXPECT_EQ(find_finding(schedule.judged_by(all_rules()), "C210"), nullptr);
  stage tool;
  abandon(tool, 0ms, "user:1");
  tool.at(1s).tell(tool_acted{tool_acted::action_kind::miss_barrier, "user:1", 0ms, 2s});
  EXPECT_EQ(find_finding(tool.judged_by(all_rules()), "C210"), nullptr);
}

TEST(audit_c210, IsSilentForHoldersThatReleaseAfterTheirLeaseHasEnded) {
  // Two threads of one process. The first one's lease ends, and its delete in `finally` removes the
  // lock of the second one, whose own delete then finds nothing.
  stage world;
  world.belongs(7, {1, 2});
  for (int turn = 1; turn <= 4; ++turn) {
    const microseconds begin = 3s * turn;
    world.at(begin).client(1).get(user).miss();
    world.at(begin + 1ms).client(1).set(lock, "a" + token(turn)).nx().px(300ms).ok();
    world.at(begin + 2ms).client(2).get(user).miss();
    for (int poll = 0; poll < 6; ++poll) {
      world.at(begin + 3ms + 50ms * poll).client(2).set(lock, "b").nx().px(300ms).nil();
    }
    world.at(begin + 310ms).client(2).set(lock, "b" + token(turn)).nx().px(300ms).ok();
    world.at(begin + 350ms).client(1).set(user, "v").px(2s).ok();
    world.at(begin + 351ms).client(1).del(lock).answers(1);
    world.at(begin + 500ms).client(2).set(user, "v").px(2s).ok();
    world.at(begin + 501ms).client(2).del(lock).answers(0);
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C210"), nullptr);
}

TEST(audit_c211, IsSaidOfALeaseThatIsFarTooLong) {
  const auto take = [](stage& world, microseconds at, int turn) {
    world.at(at).client(1).set(lock, token(turn)).nx().px(3600s).ok();
  };
  const audit_result result = turns(6, take, release_right).judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C211"), nullptr);
  EXPECT_EQ(find_finding(result, "C211")->severity, severity::info);
  EXPECT_EQ(find_finding(turns(6, take_right, release_right).judged_by(all_rules()), "C211"),
            nullptr);
}

TEST(audit_c212, IsRaisedForAStoreAfterTheLease) {
  const auto back = [](stage& world, microseconds at, int turn) {
    world.at(at).client(1).set(user, "late").px(500ms).ok();
    world.at(at + 1ms).client(1).compare_and_delete(lock, "a" + token(turn)).answers(0);
    world.at(at + 31ms).client(2).compare_and_delete(lock, "b" + token(turn)).answers(1);
  };
  const audit_result result = outlived(3, back).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C212");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->pattern, "user:*");
  EXPECT_EQ(finding->count, 3U);
}

TEST(audit_c212, IsSilentForAStoreThatCompares) {
  const auto back = [](stage& world, microseconds at, int turn) {
    world.at(at).client(1).compare_and_store(user, "a" + token(turn), "late", 500ms).answers(0);
    world.at(at + 1ms).client(1).compare_and_delete(lock, "a" + token(turn)).answers(0);
    world.at(at + 31ms).client(2).compare_and_delete(lock, "b" + token(turn)).answers(1);
  };
  EXPECT_EQ(find_finding(outlived(3, back).judged_by(all_rules()), "C212"), nullptr);
}

/// Two clients take the lock one after the other. The first one stores the value `late` after its
/// release, and the second one loads again if it finds nothing.
stage released_early(int turns, std::chrono::milliseconds late, bool second_loads) {
  stage world;
  for (int turn = 1; turn <= turns; ++turn) {
    const microseconds begin = 2s * turn;
    const std::string key = "user:" + std::to_string(turn);
    const std::string guard = "lock:" + key;
    world.at(begin).client(1).get(key).miss();
    world.at(begin + 1ms).client(1).set(guard, "a" + token(turn)).nx().px(5s).ok();
    world.at(begin + 2ms).client(1).get(key).miss();
    world.at(begin + 3ms).client(2).get(key).miss();
    for (int poll = 0; poll < 5; ++poll) {
      world.at(begin + 4ms + 20ms * poll).client(2).set(guard, "b").nx().px(5s).nil();
    }
    world.at(begin + 100ms).client(1).compare_and_delete(guard, "a" + token(turn)).answers(1);
    world.at(begin + 101ms + late).client(1).set(key, "va").px(60s).ok();
    if (second_loads) {
      world.at(begin + 104ms).client(2).set(guard, "b" + token(turn)).nx().px(5s).ok();
      world.at(begin + 105ms).client(2).get(key).miss();
      world.at(begin + 204ms).client(2).compare_and_delete(guard, "b" + token(turn)).answers(1);
      world.at(begin + 205ms + late).client(2).set(key, "vb").px(60s).ok();
    } else {
      world.at(begin + 180ms).client(2).get(key).hit("va");
    }
  }
  return world;
}

TEST(audit_c213, IsRaisedForALockThatIsReleasedBeforeTheStore) {
  const audit_result result = released_early(4, 50ms, true).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C213");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::error);
  EXPECT_EQ(finding->confidence, confidence::proof);
  EXPECT_NE(finding->message.find("4 times"), std::string::npos) << finding->message;
  EXPECT_EQ(find_finding(result, "C103"), nullptr);
}

TEST(audit_c213, IsAWarningIfNobodyEntered) {
  const audit_result result = released_early(4, 50ms, false).judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C213"), nullptr);
  EXPECT_EQ(find_finding(result, "C213")->severity, severity::warning);
}

TEST(audit_c213, PassesForStoresUnderTheLock) {
  const audit_result result = turns(5, take_right, release_right).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C213"), nullptr);
  EXPECT_EQ(coverage_of(result, "C213"), status::pass);
}

TEST(audit_c213, IsSilentForAHolderThatFoundTheValueAndForALaterWriter) {
  stage world = turns(5, take_right, release_right);
  for (int turn = 10; turn < 14; ++turn) {
    const microseconds begin = 1s * turn;
    world.at(begin).client(1).get(user).miss();
    world.at(begin + 1ms).client(1).set(lock, token(turn)).nx().px(5s).ok();
    world.at(begin + 2ms).client(1).get(user).hit("v");
    world.at(begin + 3ms).client(1).compare_and_delete(lock, token(turn)).answers(1);
    world.at(begin + 60ms).client(1).set(user, "written through").px(500ms).ok();
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C213"), nullptr);
}

}  // namespace
}  // namespace drover::audit::lease_rules_test
