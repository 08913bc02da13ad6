// SPDX-License-Identifier: MIT
// Memory and threads run out at every possible place: every call ends, no process aborts, and the
// next call works.
#include <optional>

#include "integration/gated_loads.hpp"
#include "support/no_new_threads.hpp"
#include "support/thread_sanitized.hpp"

namespace drover::test::exhaustion_test {
namespace {

class exhaustion : public fleet {
 protected:
  void fail_every_allocation_of(const std::string& scenario) {
    if (DROVER_THREAD_SANITIZED) GTEST_SKIP() << "its allocation functions cannot be replaced";
    const std::string url = scenario == "away" ? std::string{nobodys_url} : setup.url;
    expect_good(run_program(DROVER_PROCESS_DIR "/exhaustion", {url, scenario}));
  }
};

TEST_F(exhaustion, OfMemoryInAColdGetHangsNothing) { fail_every_allocation_of("cold"); }
TEST_F(exhaustion, OfMemoryInAHitHangsNothing) { fail_every_allocation_of("hit"); }
TEST_F(exhaustion, OfMemoryInAnInvalidationHangsNothing) {
  fail_every_allocation_of("invalidation");
}
TEST_F(exhaustion, OfMemoryInARefreshHangsNothing) { fail_every_allocation_of("refresh"); }
TEST_F(exhaustion, OfMemoryInAGetWithADeadlineHangsNothing) {
  fail_every_allocation_of("deadline");
}
TEST_F(exhaustion, OfMemoryInABypassHangsNothing) { fail_every_allocation_of("away"); }

TEST_F(exhaustion, OfThreadsIsNoFaultOfACallWithoutLimits) {
  in_child([&] {
    std::optional<no_new_threads> none{std::in_place};
    EXPECT_THROW(std::thread{[] {}}.join(), std::system_error);
    cached_origin cached{origin, setup};
    EXPECT_EQ(cached.ask("a").value, "0:a");
    EXPECT_EQ(cached.ask("a").value, "0:a");
    static_cast<void>(cached.values.invalidate("a"));
    cached.values.refresh("a");
    EXPECT_EQ(cached.ask("a").value, "0:a");
    none.reset();
    EXPECT_EQ(cached.ask("b").value, "0:b");
    EXPECT_TRUE(eventually([&] { return cached.ask("b").how == "fresh"; }));
  });
}

TEST_F(exhaustion, OfThreadsRefusesACallWithADeadlineAndFreesTheKey) {
  in_child([&] {
    cached_origin cached{origin, setup};
    cached_origin elsewhere{origin, setup};
    static_cast<void>(cached.ask("warm"));
    static_cast<void>(elsewhere.ask("warm"));
    std::optional<no_new_threads> none{std::in_place};
    EXPECT_EQ(cached.ask("a", call_options::within(2s)).how, "refused:saturated");
    const std::stop_source never;
    EXPECT_EQ(cached.ask("a", {.stop = never.get_token()}).how, "refused:saturated");
    EXPECT_EQ(elsewhere.ask("a").how, "loaded");
    EXPECT_EQ(cached.ask("a").how, "fresh");
    EXPECT_EQ(cached.ask("b").how, "loaded");
    none.reset();
    EXPECT_EQ(cached.ask("c", in_good_time()).how, "loaded");
  });
}

}  // namespace
}  // namespace drover::test::exhaustion_test
