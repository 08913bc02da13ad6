// SPDX-License-Identifier: MIT
// Every wait of a channel has an end: signals, trickles, pushes and replies that are too long.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "connection/channel_world_for_test.hpp"
#include "support/signal_storm.hpp"

namespace drover::connection::channel_limits_test {
namespace {

TEST(threads_channel_limits, SignalsDoNotLengthenTheWaitForASilentServer) {
  for (const bool has_deadline : {false, true}) {
    const scripted_server server{[](const scripted_peer&, const std::vector<std::string>&) {}};
    settings with = at(server);
    with.silence_max = 100ms;
    with.spin = false;
    channel on{with, {}};
    const test::signal_storm storm;
    wait_limit within;
    if (has_deadline) within.deadline = steady_time::max();
    const answer got = get(on, "k", within);
    EXPECT_EQ(got.end.ended, exchange_end::faulted);
    EXPECT_NE(got.end.why.text.find("silent"), std::string::npos) << got.end.why.text;
  }
}

TEST(threads_channel_limits, SignalsDoNotEndAWaitThatIsNotOver) {
  const scripted_server server{
      [](const scripted_peer& peer, const std::vector<std::string>& arguments) {
        const unsigned before = test::signal_storm::count();
        peer.wait_for([&] { return test::signal_storm::count() >= before + 10; });
        echo(peer, arguments);
      }};
  channel on{at(server), {}};
  const test::signal_storm storm;
  EXPECT_EQ(get(on, "k").text, "of k");
}

TEST(threads_channel_limits, AReplyInTricklesEnds) {
  const scripted_server server{[](const scripted_peer& peer, const std::vector<std::string>&) {
    peer.send("$1000000\r\n");
    while (peer.send("x")) std::this_thread::sleep_for(1ms);
  }};
  settings with = at(server);
  with.silence_max = 100ms;
  channel on{with, {}};
  EXPECT_EQ(get(on, "k").end.ended,
            exchange_end::faulted);  // otherwise it would take a quarter of an hour
}

TEST(threads_channel_limits, PushesWithoutEndHoldNobodyWhoWaitsForAReply) {
  for (const auto pause : {0ms, 2ms}) {
    const scripted_server server{[&](const scripted_peer& peer, const std::vector<std::string>&) {
      while (peer.send(">2\r\n$10\r\ninvalidate\r\n_\r\n")) {
        if (pause > 0ms) std::this_thread::sleep_for(pause);
      }
    }};
    settings with = at(server);
    with.silence_max = 50ms;
    channel on{with, {}};
    EXPECT_EQ(get(on, "k").end.ended, exchange_end::faulted);
  }
}

TEST(threads_channel_limits, AReplyThatIsTooLongFaultsAloneAndCostsNoConnection) {
  const scripted_server server{
      [](const scripted_peer& peer, const std::vector<std::string>& arguments) {
        if (arguments[1] == "large") {
          peer.send(bulk(std::string(300'000, 'x')));
        } else {
          echo(peer, arguments);
        }
      }};
  settings with = at(server);
  with.reply_max = 1000;
  channel on{with, {}};
  std::vector<std::jthread> bystanders;
  for (int c = 0; c < 4; ++c) {
    bystanders.emplace_back([&, c] {
      for (int i = 0; i < 50; ++i) {
        const std::string key = std::to_string(c) + ":" + std::to_string(i);
        ASSERT_EQ(get(on, key).text, "of " + key);
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    const answer got = get(on, "large");
    ASSERT_EQ(got.end.ended, exchange_end::faulted);
    EXPECT_EQ(got.end.why.code, fault_code::corrupt);
    EXPECT_NE(got.end.why.text.find("reply_max"), std::string::npos);
  }
  std::atomic<bool> is_done{false};
  on.post(get_of("large"), 1, [&](const result<std::vector<resp::message>>& got) {
    EXPECT_TRUE(!got && got.error().code == fault_code::corrupt);
    is_done = true;
  });
  while (!is_done) std::this_thread::yield();
  bystanders.clear();
  EXPECT_EQ(server.connections(), 1U);
}

TEST(threads_channel_limits, LimitsForEverDoNotOverflow) {
  std::atomic<bool> refuses{true};
  const scripted_server server{
      [&](const scripted_peer& peer, const std::vector<std::string>& arguments) {
        if (refuses.exchange(false)) return peer.close();
        echo(peer, arguments);
      }};
  settings with = at(server);
  with.connect_max = milliseconds::max();
  with.silence_max = milliseconds::max();
  with.back_off_min = 1ms;
  channel on{with, {}};
  EXPECT_EQ(get(on, "k").end.ended, exchange_end::faulted);
  EXPECT_EQ(get(on, "k").text, "of k");
  EXPECT_EQ(get(on, "k", {.deadline = steady_time::max(), .stop = {}}).text, "of k");
  EXPECT_EQ(get(on, "k", {.deadline = steady_time::min(), .stop = {}}).end.ended,
            exchange_end::deadline_passed);
  std::atomic<int> ran{0};
  on.schedule(steady_time::min(), [&] { ++ran; });
  on.schedule(steady_time::max(), [&] { ran = 100; });
  while (ran == 0) std::this_thread::yield();
  EXPECT_EQ(get(on, "k").text, "of k");
  EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace drover::connection::channel_limits_test
