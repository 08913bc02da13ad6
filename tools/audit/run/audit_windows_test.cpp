// SPDX-License-Identifier: MIT
#include "audit/run/audit_windows.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "audit/engine/stage_for_test.hpp"

namespace drover::audit::audit_windows_test {
namespace {

using namespace testing;

constexpr auto window = 10s;

/// Four clients miss a key and store it, in this window of the same run.
void add_stampede(stage& world, int number) {
  for (std::uint64_t client = 1; client <= 4; ++client) {
    const auto at = number * window + 1s + 1ms * client;
    const std::string key = "user:" + std::to_string(number);
    world.at(at).client(client).get(key).miss();
    world.at(at + 50ms).client(client).set(key, "v").px(60s).ok();
  }
}

record beginning_of(const stage& world, int number) {
  capture_begun begun = world.begun;
  begun.unix_ms += std::chrono::milliseconds{number * window}.count();
  return begun;
}

/// The results of three windows, each with a stampede.
std::vector<audit_result> results_of_three_windows() {
  stage world;
  for (int number = 0; number < 3; ++number) add_stampede(world, number);
  std::vector<audit_result> results;
  const audit_options options;
  audit_windows windows{options,
                        [&results](audit_result result) { results.push_back(std::move(result)); }};
  int number = 0;
  for (record& item : world.records()) {
    const auto* const command = std::get_if<event>(&item);
    if (command != nullptr && command->sent >= (number + 1) * window) {
      ++number;
      record end = capture_ended{number * window, 0, 1000};
      windows.take(end);
      record begin = beginning_of(world, number);
      windows.take(begin);
    }
    windows.take(item);
  }
  results.push_back(windows.finish());
  return results;
}

TEST(audit_windows, JudgesEachWindowForItself) {
  const auto results = results_of_three_windows();
  ASSERT_EQ(results.size(), 3U);
  for (const audit_result& result : results) {
    EXPECT_EQ(result.outcome, verdict::fail);
    EXPECT_EQ(result.run.loads, 4U);
    EXPECT_EQ(result.run.commands, 8U);
    EXPECT_LE(result.run.length, moment(window));
  }
  EXPECT_EQ(results[0].run.commands_passed, 1000U);
}

TEST(audit_windows, ConnectionsAreKnownInLaterWindowsAndTimesBeginAtZero) {
  const auto results = results_of_three_windows();
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[2].run.connections, 4U);
  EXPECT_EQ(results[2].run.processes, 4U);
  const finding* const stampede = find_finding(results[2], "C101");
  ASSERT_NE(stampede, nullptr);
  ASSERT_FALSE(stampede->evidence_list.empty());
  EXPECT_EQ(stampede->evidence_list[0].from, moment(1001ms));
}

TEST(audit_windows, WithoutAReceiverThereIsOneWindow) {
  stage world;
  for (int number = 0; number < 2; ++number) add_stampede(world, number);
  const audit_options options;
  audit_windows windows{options, {}};
  for (record& item : world.records()) windows.take(item);
  EXPECT_EQ(windows.finish().run.loads, 8U);
}

}  // namespace
}  // namespace drover::audit::audit_windows_test
