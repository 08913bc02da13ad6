// SPDX-License-Identifier: MIT
// With CLIENT PAUSE WRITE the server holds back scripts but answers GET: warm keys stay warm.
#include "integration/gated_loads.hpp"

namespace drover::test::pause_test {
namespace {

using write_pause = fleet;

TEST_F(write_pause, LeavesWarmReadsFreshWhileColdKeysAreBypassed) {
  setup.patience = 1500ms;
  in_child([&] {
    cached_origin cached{origin, setup};
    static_cast<void>(cached.ask("warm"));
    server.command({"CLIENT", "PAUSE", "60000", "WRITE"});
    EXPECT_EQ(cached.ask("cold").value, "0:cold") << "its lease went unanswered";
    unsigned fresh = 0;
    constexpr unsigned rounds = 20;
    for (unsigned i = 0; i < rounds; ++i) {
      EXPECT_EQ(cached.ask("cold" + std::to_string(i)).how, "bypassed");
      fresh += cached.ask("warm").how == "fresh";
    }
    EXPECT_GE(fresh, rounds - 2) << "but for a trial now and then";
    server.command({"CLIENT", "UNPAUSE"});
    unsigned later = 0;
    EXPECT_TRUE(
        eventually([&] { return cached.ask("later" + std::to_string(++later)).how == "loaded"; }));
  });
}

}  // namespace
}  // namespace drover::test::pause_test
