// SPDX-License-Identifier: MIT
// Repeated signals, like those of a profiler, do not prolong any wait.
#include <csignal>

#include "integration/gated_loads.hpp"
#include "support/signal_storm.hpp"

namespace drover::test::signals_test {
namespace {

class signals : public fleet {
 protected:
  /// The server hangs for ever, and `call` must end by itself.
  template <class Call>
  void expect_end_of(const Call& call, bool spin = true, duration patience = 300ms) {
    setup.patience = patience;
    for (const int flags : {0, SA_RESTART}) {
      in_child([&] {
        client_options with = setup.client();
        with.spin = spin;
        cached_origin cached{origin, {.name = "t", .policy = setup.policy}, with};
        static_cast<void>(cached.ask("a"));
        server.pause();
        const signal_storm storm{flags};
        call(cached);
        EXPECT_GT(signal_storm::count(), 0U);
      });
      server.resume();
    }
  }
};

TEST_F(signals, DoNotProlongTheWaitForAFrozenServer) {
  for (const bool spin : {true, false}) {
    expect_end_of([](cached_origin& cached) { EXPECT_EQ(cached.ask("a").how, "bypassed"); }, spin);
  }
}

TEST_F(signals, DoNotProlongAPeekOrAnInvalidation) {
  expect_end_of([](cached_origin& cached) {
    EXPECT_EQ(cached.values.peek("a"), std::nullopt);
    EXPECT_FALSE(cached.values.invalidate("a").has_value());
  });
}

TEST_F(signals, DoNotProlongADeadline) {
  const auto ask_with_deadlines = [this](cached_origin& cached) {
    EXPECT_EQ(cached.ask("a", call_options::within(2s)).value, "0:a");
    origin.hold("b");
    EXPECT_EQ(cached.ask("b", call_options::within(2s)).how, "refused:timed_out");
    origin.let_go("b");
  };
  expect_end_of(ask_with_deadlines, true, 20s);
}

}  // namespace
}  // namespace drover::test::signals_test
