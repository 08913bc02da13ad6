// SPDX-License-Identifier: MIT
// C109, C306, C307, C405 and C406: traffic for which each rule must report a finding, and for each
// of its conditions traffic for which it must not.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"

namespace drover::audit::loaded_value_rules_test {
namespace {

using namespace testing;
using status = coverage_line::status;
using std::chrono::microseconds;
using std::chrono::milliseconds;

/// The client misses the key, and stores a page 40 ms later.
void load(stage& world, microseconds at, const std::string& page, milliseconds ttl = 60'000ms,
          std::uint64_t client = 1, const std::string& key = user) {
  world.at(at).client(client).get(key).miss();
  world.at(at + 40ms).client(client).set(key, page).sized(400).px(ttl).ok();
  world.at(at + 45ms).client(client).get(key).hit(page);
}

// --- C109 error-taken-for-miss

/// Each of the keys is read with an error, and stored by the same client unless `stores` is false.
stage read_with_errors(int keys, bool misses_first = false, bool stores = true) {
  stage world;
  for (int i = 0; i < keys; ++i) {
    const std::string key = "user:" + std::to_string(i);
    const microseconds at = 200ms * i;
    if (misses_first) world.at(at).client(1).get(key).miss();
    world.at(at + 1ms).client(1).get(key).error("WRONGTYPE");
    if (!misses_first && !stores) world.at(at + 2ms).client(1).get(key).miss();
    world.at(at + 40ms).client(1).set(key, "page").sized(400).px(60s).ok();
    world.at(at + 60ms).client(2).get(key).hit("page");
  }
  return world;
}

TEST(audit_c109, IsRaisedForAStoreAfterAnError) {
  const audit_result result = read_with_errors(3).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C109");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->count, 3U);
}

TEST(audit_c109, IsSilentForMissesBesideTheError) {
  const audit_result before = read_with_errors(3, true).judged_by(all_rules());
  EXPECT_EQ(find_finding(before, "C109"), nullptr) << "the load has begun with a miss";
  EXPECT_EQ(coverage_of(before, "C109"), status::pass);
  const audit_result after = read_with_errors(3, false, false).judged_by(all_rules());
  EXPECT_EQ(find_finding(after, "C109"), nullptr) << "the client tried again";
}

TEST(audit_c109, IsSilentForOneCaseAndForInjectedFaults) {
  EXPECT_EQ(find_finding(read_with_errors(1).judged_by(all_rules()), "C109"), nullptr);
  stage world = read_with_errors(3);
  world.at(10s).tell(fault_injected{});
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C109"), nullptr);
}

// --- C307 empty-full-ttl

stage with_empty_results(milliseconds ttl, int empty = 3) {
  stage world;
  for (int i = 0; i < 8; ++i) {
    const std::string key = "user:" + std::to_string(i);
    world.at(100ms * i).client(1).get(key).miss();
    if (i < empty) {
      world.at(100ms * i + 40ms).client(1).set(key, "[]").sized(2).looks(shape::json).px(ttl).ok();
    } else {
      world.at(100ms * i + 40ms).client(1).set(key, "page").sized(400).px(60s).ok();
    }
    world.at(100ms * i + 60ms).client(2).get(key).hit("page");
  }
  return world;
}

TEST(audit_c307, IsAHintForEmptyResultsThatStayAsLongAsOthers) {
  const audit_result result = with_empty_results(60'000ms).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C307");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::info);
  EXPECT_EQ(finding->count, 3U);
}

TEST(audit_c307, IsSilentForShortMarkersAndForOne) {
  const audit_result result = with_empty_results(5'000ms).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C307"), nullptr);
  EXPECT_EQ(coverage_of(result, "C307"), status::pass);
  EXPECT_EQ(find_finding(with_empty_results(60'000ms, 1).judged_by(all_rules()), "C307"), nullptr);
}

// --- C306 ttl-unit

stage loaded_with(milliseconds ttl, int hits, int times = 4) {
  stage world;
  for (int i = 0; i < times; ++i) {
    load(world, 500ms * i, "p" + std::to_string(i), ttl);
    for (int hit = 0; hit < hits; ++hit) {
      world.at(500ms * i + 46ms + 1ms * hit).client(2).get(user).hit("p");
    }
  }
  return world;
}

TEST(audit_c306, IsRaisedForMillisecondsThatAreTakenForSeconds) {
  const audit_result result = loaded_with(300'000s, 3).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C306"), nullptr) << "three and a half days";
  const audit_result wrong = loaded_with(300'000'000s, 3).judged_by(all_rules());
  const finding* const finding = find_finding(wrong, "C306");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->count, 4U);
  EXPECT_NE(finding->message.find("more than a year"), std::string::npos) << finding->message;
}

TEST(audit_c306, IsRaisedForSecondsThatAreTakenForMilliseconds) {
  const audit_result result = loaded_with(60ms, 3).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C306");
  ASSERT_NE(finding, nullptr);
  EXPECT_NE(finding->message.find("less than 100 ms"), std::string::npos) << finding->message;
}

TEST(audit_c306, LeavesShortTtlsAloneThatAreOfUse) {
  const audit_result result = loaded_with(60ms, 12).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C306"), nullptr);
  EXPECT_EQ(coverage_of(result, "C306"), status::pass);
}

TEST(audit_c306, LeavesKeysAloneThatNobodyLoads) {
  stage world;
  for (int i = 0; i < 4; ++i) {
    const std::string key = "job:" + std::to_string(i);
    world.at(100ms * i).client(1).set(key, "done").sized(300).px(400'000'000s).ok();
    world.at(100ms * i + 50ms).client(2).get(key).hit("done");
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C306"), nullptr);
}

// --- C405 flapping-value

TEST(audit_c405, IsRaisedForProcessesThatReplaceEachOthersValue) {
  stage world;
  for (int i = 0; i < 10; ++i) {
    const auto client = static_cast<std::uint64_t>(1 + i % 2);
    load(world, 200ms * i, client == 1 ? "german page" : "english page", 100ms, client);
  }
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C405");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->pattern, "user:*");
}

TEST(audit_c405, IsAHintIfTheProcessDoesNotDecide) {
  stage world;
  for (int i = 0; i < 12; ++i) {
    load(world, 200ms * i, i % 2 == 0 ? "german page" : "english page", 100ms);
  }
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C405"), nullptr);
  EXPECT_EQ(find_finding(result, "C405")->severity, severity::info);
}

TEST(audit_c405, IsSilentForValuesThatChange) {
  stage world;
  for (int i = 0; i < 12; ++i) {
    const auto client = static_cast<std::uint64_t>(1 + i % 2);
    load(world, 200ms * i, "page " + std::to_string(i / 4), 100ms, client);
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C405"), nullptr);
  EXPECT_EQ(coverage_of(result, "C405"), status::pass);
}

TEST(audit_c405, IsSilentForSmallValuesAndFewLoads) {
  stage world;
  for (int i = 0; i < 12; ++i) {
    const std::string state = i % 2 == 0 ? "open" : "closed";
    world.at(200ms * i).client(1).get("door:1").miss();
    world.at(200ms * i + 40ms).client(1).set("door:1", state).px(100ms).ok();
    if (i < 6) {
      const auto client = static_cast<std::uint64_t>(1 + i % 2);
      load(world, 200ms * i, std::to_string(i % 2), 100ms, client);
    }
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C405"), nullptr);
}

// --- C406 early-invalidation

/// In each turn a writer deletes the key, and a reader loads it at once. It gets the old value if
/// `is_early`. When the value expires it is loaded again.
stage invalidated(int turns, bool is_early, bool changes_by_itself = false) {
  stage world;
  std::string before = "page 0";
  load(world, 0ms, before, 400ms);
  for (int i = 1; i <= turns; ++i) {
    const microseconds at = 2s * i;
    const std::string now = "page " + std::to_string(i);
    load(world, at, before, 400ms);  // expired, and unchanged
    world.at(at + 100ms).client(9).del(user).answers(1);
    load(world, at + 110ms, is_early ? before : now, 400ms);
    load(world, at + 700ms, now, 400ms);
    before = changes_by_itself ? now + " and more" : now;
  }
  return world;
}

TEST(audit_c406, IsRaisedWhenTheOldValueIsLoadedAfterTheDelete) {
  const audit_result result = invalidated(4, true).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C406");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->count, 4U);
  EXPECT_EQ(finding->pattern, "user:*");
}

TEST(audit_c406, IsNotMisledByADeleteOfAnUnknownValue) {
  stage world = invalidated(4, true);
  // The key had just expired when it was deleted.
  const microseconds at = 11s;
  world.at(at).client(9).del(user).answers(0);
  load(world, at + 10ms, "page 4", 400ms);
  load(world, at + 700ms, "page 5", 400ms);
  EXPECT_NE(find_finding(world.judged_by(all_rules()), "C406"), nullptr);
}

TEST(audit_c406, IsSilentWhenTheNewValueIsLoaded) {
  EXPECT_EQ(find_finding(invalidated(4, false).judged_by(all_rules()), "C406"), nullptr);
}

TEST(audit_c406, IsSilentForDataThatChangesWithoutDeletes) {
  EXPECT_EQ(find_finding(invalidated(4, true, true).judged_by(all_rules()), "C406"), nullptr);
}

TEST(audit_c406, IsSilentForDeletesThatChangeNothing) {
  stage world;
  for (int i = 0; i < 8; ++i) {
    load(world, 1s * i, "the page", 400ms);
    world.at(1s * i + 100ms).client(9).del(user).answers(1);
    load(world, 1s * i + 110ms, "the page", 400ms);
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C406"), nullptr);
  EXPECT_EQ(coverage_of(result, "C406"), status::pass);
}

}  // namespace
}  // namespace drover::audit::loaded_value_rules_test
