// SPDX-License-Identifier: MIT
// C201 to C205: traffic for which each rule must report a finding, and for each of its conditions
// traffic for which it must not.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"
#include "audit/rules/lock_turns_for_test.hpp"

namespace drover::audit::lock_rules_test {
namespace {

using namespace testing;
using namespace testing::lock_turns;
using status = coverage_line::status;
using std::chrono::microseconds;

TEST(audit_lock_rules, AreSilentForALockThatIsRight) {
  const audit_result result = turns(6, take_right, release_right).judged_by(all_rules());
  for (const finding& finding : result.findings) {
    EXPECT_EQ(finding.severity, severity::info) << finding.rule << ": " << finding.message;
  }
  for (const char* rule :
       {"C201", "C202", "C203", "C204", "C205", "C207", "C208", "C209", "C210"}) {
    EXPECT_EQ(coverage_of(result, rule), status::pass) << rule;
  }
  EXPECT_EQ(coverage_of(result, "C206"), status::not_exercised);
  EXPECT_EQ(coverage_of(result, "C212"), status::not_exercised);
}

TEST(audit_lock_rules, AreSilentForWatchAndForDeletesThatCompare) {
  const auto by_watch = [](stage& world, microseconds at, int turn) {
    const auto number = static_cast<std::uint64_t>(turn);
    world.at(at).client(1).watch(lock).ok();
    world.at(at + 1ms).client(1).get(lock).hit(token(turn));
    world.at(at + 2ms).client(1).exec(number).items(1);
    world.at(at + 2ms).client(1).in(number).del(lock).answers(1);
  };
  const auto by_delex = [](stage& world, microseconds at, int turn) {
    world.at(at).client(1).command("DELEX").key(lock).word("IFEQ").value(token(turn)).answers(1);
  };
  const auto by_delifeq = [](stage& world, microseconds at, int turn) {
    world.at(at).client(1).command("DELIFEQ").key(lock).value(token(turn)).answers(1);
  };
  for (const audit_result& result : {turns(6, take_right, by_watch).judged_by(all_rules()),
                                     turns(6, take_right, by_delex).judged_by(all_rules()),
                                     turns(6, take_right, by_delifeq).judged_by(all_rules())}) {
    for (const finding& finding : result.findings) {
      EXPECT_EQ(finding.severity, severity::info) << finding.rule << ": " << finding.message;
    }
    EXPECT_EQ(coverage_of(result, "C204"), status::pass);
    EXPECT_EQ(coverage_of(result, "C205"), status::pass);
  }
}

TEST(audit_c201, IsRaisedForALockWithoutATtl) {
  const auto take = [](stage& world, microseconds at, int turn) {
    world.at(at).client(1).set(lock, token(turn)).nx().ok();
  };
  const audit_result result = turns(3, take, release_right).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C201");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::error);
  EXPECT_EQ(finding->count, 3U);
  EXPECT_EQ(finding->opportunities, 3U);
  EXPECT_EQ(finding->pattern, "lock:user:*");
}

TEST(audit_c201, IsSilentIfTheServerSaysThatThereIsATtl) {
  stage world = turns(3, take_right, release_right);
  world.at(10s).client(1).set("lock:user:43", "t").nx().ok();
  world.at(11s).tell(server_said{"lock:user:43", 5'000, ""});
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C201"), nullptr);
}

TEST(audit_c201, IsSilentForALeaderThatRenews) {
  stage world = turns(3, take_right, release_right);
  world.at(10s).client(1).setnx("leader:lock", "node-1").answers(1);
  for (int i = 0; i < 5; ++i) {
    world.at(10s + 1ms + 1s * i).client(1).expire("leader:lock", 5s).answers(1);
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C201"), nullptr);
}

TEST(audit_c202, IsRaisedForTwoSteps) {
  const auto take = [](stage& world, microseconds at, int turn) {
    world.at(at).client(1).setnx(lock, token(turn)).answers(1);
    world.at(at + 1ms).client(1).expire(lock, 5s).answers(1);
  };
  const audit_result result = turns(3, take, release_right).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C202");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::error);
  EXPECT_EQ(finding->count, 3U);
  EXPECT_EQ(find_finding(result, "C201"), nullptr);
}

TEST(audit_c202, IsAWarningInOnePipeline) {
  const auto take = [](stage& world, microseconds at, int turn) {
    const auto number = static_cast<std::uint64_t>(turn);
    world.at(at).client(1).batch(number).setnx(lock, token(turn)).answers(1);
    world.at(at).client(1).batch(number).expire(lock, 5s).answers(1);
  };
  const audit_result result = turns(3, take, release_right).judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C202"), nullptr);
  EXPECT_EQ(find_finding(result, "C202")->severity, severity::warning);
}

TEST(audit_c202, SeesTheLoserLengthenTheLeaseInATransaction) {
  stage world;
  for (int turn = 1; turn <= 3; ++turn) {
    const microseconds begin = 1s * turn;
    for (std::uint64_t i = 1; i <= 2; ++i) {
      const std::uint64_t number = static_cast<std::uint64_t>(turn) * 10 + i;
      world.at(begin + 1ms * i).client(i).get(user).miss();
      world.at(begin + 5ms + 1ms * i).client(i).exec(number).items(2);
      world.at(begin + 5ms + 1ms * i)
          .client(i)
          .in(number)
          .setnx(lock, token(turn))
          .answers(2 - static_cast<int>(i));
      world.at(begin + 5ms + 1ms * i).client(i).in(number).expire(lock, 5s).answers(1);
    }
    world.at(begin + 50ms).client(1).set(user, "v").px(60s).ok();
    world.at(begin + 51ms).client(1).compare_and_delete(lock, token(turn)).answers(1);
  }
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C202");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::error);
  EXPECT_NE(finding->message.find("extends"), std::string::npos) << finding->message;
}

TEST(audit_c203, IsRaisedForALockThatIsLookedUpAndSet) {
  stage world;
  for (int turn = 1; turn <= 3; ++turn) {
    const microseconds begin = 1s * turn;
    for (std::uint64_t i = 1; i <= 2; ++i) {
      world.at(begin + 1ms * i).client(i).get(user).miss();
      world.at(begin + 3ms + 1ms * i).client(i).exists(lock).answers(0);
      world.at(begin + 6ms + 1ms * i).client(i).set(lock, "1").px(5s).ok();
      world.at(begin + 50ms + 1ms * i).client(i).set(user, "v").px(60s).ok();
      world.at(begin + 60ms + 1ms * i).client(i).del(lock).answers(2 - static_cast<int>(i));
    }
  }
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C203");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::error);
  EXPECT_EQ(finding->confidence, confidence::proof);
  EXPECT_EQ(finding->count, 6U);
}

TEST(audit_c203, IsSilentForValuesAndForLocksThatAreWon) {
  stage world = turns(4, take_right, release_right);
  for (int i = 0; i < 4; ++i) {
    world.at(20s + 1s * i).client(1).get("post:1").miss();
    world.at(20s + 1s * i + 1ms).client(1).set("post:1", "v").px(500ms).ok();
    world.at(20s + 1s * i + 2ms).client(1).del("post:1").answers(1);
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C203"), nullptr);
}

TEST(audit_c204, IsRaisedForPlainDel) {
  const audit_result result = turns(4, take_right, release_plain).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C204");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->count, 4U);
  EXPECT_EQ(find_finding(result, "C205"), nullptr);
  EXPECT_EQ(find_finding(result, "C206"), nullptr);
}

TEST(audit_c204, IsSilentForAnOperatorNowAndThen) {
  stage world = turns(12, take_right, release_right);
  world.at(20s).client(1).set("lock:user:7", "x").nx().px(60s).ok();
  world.at(21s).client(9).del("lock:user:7").answers(1);
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C204"), nullptr);
}

TEST(audit_c205, IsRaisedForGetAndDel) {
  const auto release = [](stage& world, microseconds at, int turn) {
    world.at(at).client(1).get(lock).hit(token(turn));
    world.at(at + 1ms).client(1).del(lock).answers(1);
  };
  const audit_result result = turns(4, take_right, release).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C205");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(find_finding(result, "C204"), nullptr);
}

// Each command takes any connection of the process.
TEST(audit_c205, IsRaisedForGetAndDelThroughAPool) {
  const auto release = [](stage& world, microseconds at, int turn) {
    world.at(at).client(11).get(lock).hit(token(turn));
    world.at(at + 1ms).client(12).del(lock).answers(1);
  };
  stage world = turns(4, take_right, release);
  world.belongs(100, {1, 11, 12});
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C205"), nullptr);
  EXPECT_EQ(find_finding(result, "C204"), nullptr);
}

TEST(audit_c205, IsRaisedIfTheLeaseEndedBetweenGetAndDel) {
  stage world;
  for (int turn = 0; turn < 6; ++turn) {
    const auto at = 1s * turn;
    const bool is_late = turn % 2 == 0;
    world.at(at).client(1).set(lock, token(turn)).nx().px(100ms).ok();
    world.at(at + 90ms).client(1).get(lock).hit(token(turn));
    world.at(at + (is_late ? 150ms : 95ms)).client(1).del(lock).answers(is_late ? 0 : 1);
  }
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C205");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->count, 6U);
  EXPECT_EQ(finding->opportunities, 6U);
}

TEST(audit_c205, IsSilentForWaitersThatReadTheLock) {
  stage world = turns(4, take_right, release_plain);
  for (int turn = 1; turn <= 4; ++turn) {
    for (int poll = 0; poll < 6; ++poll) {
      world.at(1s * turn + 10ms + 6ms * poll).client(2).get(lock).hit(token(turn));
    }
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C205"), nullptr);
  EXPECT_NE(find_finding(result, "C204"), nullptr);
}

TEST(audit_lock_rules, AReplyThatOvertakesAnotherIsNoAbandonedLock) {
  // The reply to the release is still on its way on one connection when the reply to the next
  // acquisition arrives on another.
  stage world;
  for (int turn = 1; turn <= 5; ++turn) {
    const microseconds begin = 1s * turn;
    world.at(begin).client(1).get(user).miss();
    world.at(begin + 1ms).client(1).set(lock, "a" + token(turn)).nx().px(5s).ok();
    world.at(begin + 2ms).client(2).set(lock, "x").nx().px(5s).nil();
    world.at(begin + 50ms).client(1).set(user, "v").px(500ms).ok();
    world.at(begin + 60ms)
        .client(1)
        .took(10ms)
        .compare_and_delete(lock, "a" + token(turn))
        .answers(1);
    world.at(begin + 62ms).client(2).took(1ms).set(lock, "b" + token(turn)).nx().px(5s).ok();
    world.at(begin + 75ms).client(2).get(user).hit("v");
    world.at(begin + 80ms).client(2).compare_and_delete(lock, "b" + token(turn)).answers(1);
  }
  const audit_result result = world.judged_by(all_rules());
  for (const finding& finding : result.findings) {
    EXPECT_EQ(finding.severity, severity::info) << finding.rule << ": " << finding.message;
  }
  EXPECT_EQ(coverage_of(result, "C206"), status::not_exercised);
}

}  // namespace
}  // namespace drover::audit::lock_rules_test
