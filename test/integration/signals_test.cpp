// SPDX-License-Identifier: MIT
// A signal that comes again and again, as a profiler's does, lengthens no wait.
#include <pthread.h>

#include <csignal>

#include "integration/gated_loads.hpp"

namespace drover::test {
namespace {

std::atomic<unsigned> signals_seen{0};

/// Sends a signal to the thread that made it, every 5 ms.
class steady_signal {
 public:
  explicit steady_signal(int flags) {
    struct sigaction does {};
    does.sa_handler = [](int) { ++signals_seen; };
    does.sa_flags = flags;
    ::sigaction(SIGUSR1, &does, nullptr);
    sender_ = std::thread{[this, to = ::pthread_self()] {
      while (!ends_) {
        ::pthread_kill(to, SIGUSR1);
        std::this_thread::sleep_for(5ms);
      }
    }};
  }
  ~steady_signal() {
    ends_ = true;
    sender_.join();
  }
  steady_signal(const steady_signal&) = delete;
  steady_signal& operator=(const steady_signal&) = delete;

 private:
  std::atomic<bool> ends_{false};
  std::thread sender_;
};

class signals : public fleet {
 protected:
  /// The server hangs for ever; `call` ends by itself.
  template <class Call>
  void expect_end_of(const Call& call, bool spin = true) {
    setup.patience = 300ms;
    for (const int flags : {0, SA_RESTART}) {
      in_child([&] {
        client_options with = setup.client();
        with.spin = spin;
        cached_origin cached{origin, {.name = "t", .policy = setup.policy}, with};
        static_cast<void>(cached.ask("a"));
        server.pause();
        const steady_signal steady{flags};
        call(cached);
        EXPECT_GT(signals_seen, 0U);
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
  expect_end_of([this](cached_origin& cached) {
    EXPECT_EQ(cached.ask("a", call_options::within(100ms)).value, "0:a");
    origin.hold("b");
    EXPECT_EQ(cached.ask("b", call_options::within(100ms)).how, "refused:timed_out");
    origin.let_go("b");
  });
}

}  // namespace
}  // namespace drover::test
