// SPDX-License-Identifier: MIT
// `refresh` while another process refreshes the key, and after that.
#include <string>

#include "integration/gated_loads.hpp"

namespace drover::test::requested_refresh_test {
namespace {

using requested_refresh = fleet;

TEST_F(requested_refresh, RunsAgainOnceAnotherProcessHasFinishedItsOwn) {
  setup.policy.ttl = 1h;
  setup.policy.lease_ttl = 5min;  // a process that saw the other refresh stays away for a third
  setup.policy.load_max = 5min;
  gate others;
  std::atomic<bool> is_gated{false};
  std::atomic<int> loads_here{0};
  client here{setup.client()};
  text_cache mine{here, {.name = "t", .policy = setup.policy}, [&](std::string_view key) {
                    ++loads_here;
                    return std::string{key};
                  }};
  client there{setup.client()};
  text_cache theirs{there, {.name = "t", .policy = setup.policy}, [&](std::string_view key) {
                      if (is_gated) others.pass();
                      return std::string{key};
                    }};

  ASSERT_EQ(ask(theirs, "x").how, "loaded");
  is_gated = true;
  theirs.refresh("x");
  ASSERT_TRUE(eventually([&] { return others.reached() == 1; }));
  const std::uint64_t sets_before = calls_of(server, "set");
  mine.refresh("x");
  ASSERT_TRUE(eventually([&] { return calls_of(server, "set") > sets_before; }));
  EXPECT_EQ(ask(mine, "x").how, "fresh");
  EXPECT_EQ(loads_here, 0) << "the other process refreshes the key";

  others.open();
  EXPECT_TRUE(eventually([&] {
    mine.refresh("x");
    return loads_here > 0;
  })) << "nobody refreshes the key any longer";
}

}  // namespace
}  // namespace drover::test::requested_refresh_test
