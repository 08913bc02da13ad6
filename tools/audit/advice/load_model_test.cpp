// SPDX-License-Identifier: MIT
#include "audit/advice/load_model.hpp"

#include <gtest/gtest.h>

namespace drover::audit::load_model_test {
namespace {

using namespace std::chrono_literals;

/// Two reads at the same time, each `gap` from 0 until `end`.
key_demand pairs_of_reads(moment gap, moment end) {
  key_demand demand;
  for (moment at{}; at < end; at += gap) {
    demand.reads.push_back(at);
    demand.reads.push_back(at);
  }
  return demand;
}

predicted_loads predicted(const key_demand& demand, const cache_settings& settings) {
  base::seeded_random random{1};
  return predict(demand, settings, *simulate::load_time::parse("20"), random);
}

TEST(audit_load_model, LoadsOncePerTtlWithALeaseAndForEachCallerWithout) {
  const key_demand demand = pairs_of_reads(10ms, 1s);
  // Stored at 20 ms, missed at 120 ms, stored at 140 ms, ...: a load every 120 ms.
  const predicted_loads leased = predicted(demand, {.ttl = 100ms, .has_lease = true});
  EXPECT_EQ(leased.loads, 9U);
  EXPECT_EQ(leased.early, 0U);
  EXPECT_EQ(leased.waited, 9U * 3U) << "the other read of the pair, and the pair after 10 ms";
  EXPECT_EQ(predicted(demand, {.ttl = 100ms}).loads, 9U * 4U);
}

TEST(audit_load_model, RefreshesEarlySoThatOnlyTheFirstReadersWait) {
  const predicted_loads early =
      predicted(pairs_of_reads(10ms, 1s), {.ttl = 100ms, .early_refresh = 40ms, .has_lease = true});
  // Due 60 ms after a store, stored 20 ms later: a load every 80 ms.
  EXPECT_EQ(early.loads, 1U + 12U);
  EXPECT_EQ(early.early, 12U);
  EXPECT_EQ(early.waited, 3U);
}

TEST(audit_load_model, AnInvalidationMakesTheKeyColdAndDiscardsALoadThatRuns) {
  key_demand demand;
  demand.reads = {0ms, 50ms, 100ms, 105ms, 130ms};
  demand.invalidations = {70ms, 110ms};
  EXPECT_EQ(predicted(demand, {.ttl = 10s, .has_lease = true}).loads, 3U)
      << "at 0, at 100, and at 130 because the load that began at 100 was overtaken";
}

TEST(audit_load_model, AKeyThatWasWarmIsLoadedWhenItWasFirstMissed) {
  key_demand demand = pairs_of_reads(10ms, 200ms);
  demand.warm_until = 100ms;
  EXPECT_EQ(predicted(demand, {.ttl = 10s, .has_lease = true}).loads, 1U);
  demand.warm_until = moment::max();
  EXPECT_EQ(predicted(demand, {.ttl = 10s, .has_lease = true}).loads, 0U);
}

TEST(audit_load_model, JitterChangesTheTtlAroundItsMean) {
  const key_demand demand = pairs_of_reads(1ms, 10s);
  const auto exact = predicted(demand, {.ttl = 100ms, .has_lease = true}).loads;
  const auto spread = predicted(demand, {.ttl = 100ms, .jitter = 0.5, .has_lease = true}).loads;
  EXPECT_NEAR(static_cast<double>(spread), static_cast<double>(exact),
              0.2 * static_cast<double>(exact));
  EXPECT_NE(spread, 0U);
}

}  // namespace
}  // namespace drover::audit::load_model_test
