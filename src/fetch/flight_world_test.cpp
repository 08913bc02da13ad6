// SPDX-License-Identifier: MIT
// Small worlds of flights, each run in every order of events that departs a few times from the
// usual one.
#include "fetch/world_for_test.hpp"

#include <gtest/gtest.h>

#include <string>

namespace drover::fetch::testing::flight_world_test {
namespace {

// All is well with 3 as well; that takes a minute.
constexpr unsigned departures = 2;

void expect_all_well(world_settings settings) {
  for (const bool wire_last : {false, true}) {
    settings.wire_last = wire_last;
    choices chosen{departures};
    while (chosen.next()) {
      world small_world{settings, chosen};
      ASSERT_EQ(small_world.run(), "")
          << "run " << chosen.runs() << (wire_last ? ", wire last" : "");
    }
  }
}

TEST(flight_world, ServesTwoProcessesAndAnInvalidationFromOutside) {
  expect_all_well({.callers = {1, 1}, .late_callers = {1, 1}, .invalidations = 1});
}

TEST(flight_world, ServesTwoProcessesAndAnInvalidationByOneOfThem) {
  expect_all_well(
      {.callers = {1, 1}, .late_callers = {1, 1}, .invalidations = 1, .by_process_0 = true});
}

TEST(flight_world, ServesThoseWhoComeBetweenTwoInvalidations) {
  expect_all_well({.callers = {1, 0}, .late_callers = {2, 0}, .invalidations = 2});
  expect_all_well(
      {.callers = {1, 0}, .late_callers = {2, 0}, .invalidations = 2, .by_process_0 = true});
}

TEST(flight_world, ServesWhenAConnectionIsLost) {
  expect_all_well({.callers = {2, 1}, .connections_lost = 1});
  expect_all_well({.callers = {1, 1}, .invalidations = 1, .connections_lost = 1});
  expect_all_well({.callers = {1, 0},
                   .late_callers = {1, 0},
                   .invalidations = 1,
                   .by_process_0 = true,
                   .connections_lost = 1});
}

TEST(flight_world, ServesWhenAProcessDies) { expect_all_well({.callers = {1, 2}, .crashes = 1}); }

TEST(flight_world, ServesWhenCallersLeave) {
  expect_all_well(
      {.callers = {1, 1}, .late_callers = {1, 0}, .invalidations = 1, .callers_leave = 2});
}

TEST(flight_world, ServesWhenTimePassesAtAnyMoment) {
  expect_all_well({.late_callers = {1, 0}, .invalidations = 1, .early_ticks = 2});
}

TEST(flight_world, ServesWhenLoadsFailOrAreNotStored) {
  expect_all_well(
      {.late_callers = {1, 1}, .invalidations = 1, .loads_may_fail = true, .may_not_store = true});
}

TEST(flight_world, RefreshesWhatIsStale) {
  expect_all_well(
      {.callers = {2, 1}, .starts_stale = true, .invalidations = 1, .loads_may_fail = true});
  expect_all_well({.callers = {1, 1},
                   .late_callers = {1, 1},
                   .starts_stale = true,
                   .invalidations = 1,
                   .by_process_0 = true});
}

TEST(flight_world, PromotesARefreshThatRunsTooLong) {
  expect_all_well(
      {.late_callers = {1, 0}, .starts_stale = true, .invalidations = 1, .early_ticks = 2});
  expect_all_well(
      {.callers = {2, 1}, .starts_stale = true, .connections_lost = 1, .early_ticks = 2});
}

}  // namespace
}  // namespace drover::fetch::testing::flight_world_test
