// SPDX-License-Identifier: MIT
// How a channel recognises its server, and how it looks for another one.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "connection/channel_world_for_test.hpp"

namespace drover::connection::channel_reconnect_test {
namespace {

using known = reachability::state;

/// The result of a post.
class posted_reply {
 public:
  [[nodiscard]] completion done() {
    return [this](const result<std::vector<resp::message>>& got) {
      if (!got) code_ = got.error().code;
      faulted_ = !got;
      came_ = true;
    };
  }
  void wait() const {
    while (!came_) std::this_thread::yield();
  }
  [[nodiscard]] bool faulted() const { return faulted_; }
  [[nodiscard]] fault_code code() const { return code_; }

 private:
  std::atomic<bool> came_{false};
  std::atomic<bool> faulted_{false};
  std::atomic<fault_code> code_{fault_code::unreachable};
};

TEST(threads_channel_reconnect, AConnectionWhoseAnswersCannotBeTrustedBreaksAtOnce) {
  const scripted_server server{echo};
  channel on{at(server), {}};
  for (unsigned i = 1; i <= 5; ++i) {
    ASSERT_EQ(get(on, "k").text, "of k");
    ASSERT_EQ(on.epoch(), i);
    on.distrust(i, {fault_code::corrupt, "another's reply"});
    EXPECT_NE(on.epoch(), i);
    EXPECT_TRUE(on.is_available());
  }
  ASSERT_EQ(get(on, "k").text, "of k");
  on.distrust(3, {fault_code::corrupt, "too late: that one is gone"});
  on.distrust(0, {fault_code::corrupt, "no connection"});
  EXPECT_EQ(on.epoch(), 6U);
}

TEST(threads_channel_reconnect, AServerThatRefusesWritesIsLeftAndStaysOfUseBetweenTheLooks) {
  scripted_server server{echo};
  server.be("a", "master");
  channel on{at(server), {}};
  for (int look = 0; look < 4; ++look) {
    ASSERT_EQ(get(on, "k").text, "of k");
    const auto before = on.epoch();
    on.distrust(before, {fault_code::unsupported, "READONLY"});
    while (on.epoch() == before) {
      const std::string got = get(on, "k").text;
      ASSERT_TRUE(got == "of k" || on.epoch() != before);
    }
  }
  EXPECT_TRUE(on.is_available());
}

TEST(threads_channel_reconnect, AReplicaIsSaidToRefuseUntilItIsTheMaster) {
  scripted_server server{echo};
  server.be("a", "slave");
  channel on{at(server), {}};
  EXPECT_EQ(on.reached().now, known::unknown);
  ASSERT_EQ(get(on, "k").text, "of k");
  EXPECT_EQ(on.reached().now, known::refused);
  EXPECT_NE(on.reached().reason.find("replica"), std::string::npos);
  EXPECT_TRUE(on.is_available());
  server.be("a", "master");
  while (on.reached().now != known::available) static_cast<void>(get(on, "k"));
}

TEST(threads_channel_reconnect, AReplicaThatNobodyAsksIsNotConnectedToAgainAndAgain) {
  scripted_server server{echo};
  server.be("a", "slave");
  settings with = at(server);
  with.back_off_min = 1ms;
  with.back_off_max = 2ms;
  std::atomic<int> looks{0};
  channel on{with, {.alarm = [&] { ++looks; }}};
  ASSERT_EQ(get(on, "k").text, "of k");
  while (server.connections() < 2) std::this_thread::yield();  // the server has answered a request
  for (int i = 0; i < 20; ++i) {
    on.set_alarm(now() + 2ms);
    while (looks <= i) std::this_thread::yield();
  }
  EXPECT_EQ(server.connections(), 2U);
}

TEST(threads_channel_reconnect, SaysWhetherAndWhyTheServerIsNotReached) {
  std::mutex mutex;
  std::vector<fault> attempts;
  const auto refused = [&](const fault& why) {
    const std::scoped_lock lock{mutex};
    attempts.push_back(why);
  };
  settings nowhere;
  nowhere.at.path = "/nowhere/there-is-no-server";
  {
    channel on{nowhere, {.refused = refused}};
    EXPECT_EQ(on.reached().now, known::unknown);
    EXPECT_EQ(get(on, "k").text, "");
    EXPECT_EQ(on.reached().now, known::away);
    EXPECT_NE(on.reached().reason.find("no such socket"), std::string::npos);
  }
  EXPECT_GE(attempts.size(), 1U);
  EXPECT_EQ(attempts.front().code, fault_code::unreachable);
  for (const char* says : {"-WRONGPASS invalid username-password pair\r\n", "-NOPROTO no\r\n",
                           "-DENIED protected mode\r\n"}) {
    const scripted_server server{echo, says};
    attempts.clear();
    {
      channel on{at(server), {.refused = refused}};
      EXPECT_EQ(get(on, "k").text, "");
      EXPECT_EQ(on.reached().now, known::refused) << says;
      EXPECT_NE(on.reached().reason, "");
    }
    EXPECT_GE(attempts.size(), 1U);
    EXPECT_EQ(attempts.front().code, fault_code::unsupported);
  }
}

TEST(threads_channel_reconnect, ATooOldServerIsRefusedUntilItIsReplaced) {
  scripted_server server{echo};
  server.report_version("6.2.14");
  channel on{at(server), {}};
  EXPECT_EQ(get(on, "k").text, "");
  EXPECT_EQ(on.reached().now, known::refused);
  EXPECT_NE(on.reached().reason.find("reports version 6.2.14"), std::string::npos)
      << on.reached().reason;
  server.report_version("7.0.5");
  while (get(on, "k").text != "of k") std::this_thread::yield();
  EXPECT_EQ(on.reached().now, known::available);
}

TEST(threads_channel_reconnect, WhatIsBoundToAServerDoesNotGoToAnother) {
  std::atomic<bool> closes{false};
  std::mutex mutex;
  std::vector<std::string> received_keys;
  scripted_server server{[&](const scripted_peer& peer, const std::vector<std::string>& arguments) {
    {
      const std::scoped_lock lock{mutex};
      received_keys.push_back(arguments.at(1));
    }
    if (closes.exchange(false)) return peer.close();
    echo(peer, arguments);
  }};
  server.be("a", "master");
  std::atomic<bool> is_other{false};
  std::atomic<bool> hold{false};
  std::atomic<int> ups{0};
  channel on{at(server), {.up = [&](const greeting& hello) {
               is_other = hello.is_another_server;
               ++ups;
               while (hold) std::this_thread::yield();
             }}};
  ASSERT_EQ(get(on, "k").text, "of k");
  EXPECT_FALSE(is_other);
  for (const bool becomes_another : {false, true}) {
    server.be(becomes_another ? "b" : "a", "master");
    const int before = ups;
    hold = true;
    closes = true;
    EXPECT_EQ(get(on, "lost").text, "");
    while (ups == before) std::this_thread::yield();
    posted_reply bound;
    posted_reply free;
    on.post(get_of("bound"), 1, bound.done(), {.bound_to_server = true});
    on.post(get_of("free"), 1, free.done());
    hold = false;
    bound.wait();
    free.wait();
    EXPECT_EQ(is_other, becomes_another);
    EXPECT_EQ(bound.faulted(), becomes_another);
    EXPECT_FALSE(free.faulted());
    if (becomes_another) {
      EXPECT_EQ(bound.code(), fault_code::superseded);
    }
  }
  const std::scoped_lock lock{mutex};
  EXPECT_EQ(std::count(received_keys.begin(), received_keys.end(), "bound"), 1);
}

// With a proxy, or a user without the right to INFO, the client cannot know whether it is the same
// server.
TEST(threads_channel_reconnect, AServerThatDoesNotNameItselfMayBeAnother) {
  scripted_server server{echo};
  std::atomic<int> ups{0};
  std::atomic<bool> is_other{false};
  std::atomic<bool> may_be_other{false};
  channel on{at(server), {.up = [&](const greeting& hello) {
               is_other = hello.is_another_server;
               may_be_other = hello.may_be_another_server;
               ++ups;
             }}};
  const struct {
    const char* info;
    bool may_be_other;
    bool is_other;
  } connections[] = {{"", false, false},  {"", true, false}, {"a", true, false},
                     {"a", false, false}, {"", true, false}, {"a", true, false},
                     {"a", false, false}, {"b", true, true}, {"", true, false},
                     {"c", true, true}};
  int number = 0;
  for (const auto& connection : connections) {
    server.be(connection.info, "master");
    if (number > 0) {
      on.distrust(on.epoch(), {fault_code::corrupt, "to connect anew"});
      while (ups == number) std::this_thread::yield();
    }
    ASSERT_EQ(get(on, "k").text, "of k");
    ++number;
    ASSERT_EQ(ups, number);
    EXPECT_EQ(may_be_other, connection.may_be_other) << "connection " << number;
    EXPECT_EQ(is_other, connection.is_other) << "connection " << number;
  }
}

TEST(threads_channel_reconnect, ConnectionsThatTheServerClosesWhileIdleDelayNobodyWhoAsks) {
  scripted_server server{echo};
  std::atomic<int> ups{0};
  std::atomic<int> downs{0};
  settings with = at(server);
  with.back_off_min = 24h;  // a request that waits for the pause would hang
  with.back_off_max = 24h;
  channel on{with, {.up = [&](const greeting&) { ++ups; }, .down = [&](const fault&) { ++downs; }}};
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(get(on, "k").text, "of k") << i;
    server.close_all();
    // Connected at once, because the last connection had answered.
    while (ups < 2 * i + 2) std::this_thread::yield();
    while (downs < 2 * i + 2) server.close_all();  // this connection had no request
    EXPECT_TRUE(on.is_available());
  }
}

TEST(threads_channel_reconnect, WhatAServerHoldsBackDoesNotCostTheOthersTheirConnection) {
  std::atomic<bool> pauses_writes{true};
  const scripted_server server{
      [&](const scripted_peer& peer, const std::vector<std::string>& arguments) {
        if (arguments[0] == "WRITE") peer.wait_for([&] { return !pauses_writes.load(); });
        echo(peer, arguments);
      }};
  settings with = at(server);
  with.silence_max = 100ms;
  channel on{with, {}};
  while (get(on, "k").text != "of k") std::this_thread::yield();
  posted_reply first;
  on.post(request_of("WRITE", "k"), 1, first.done(), {.may_stall = true});
  first.wait();
  ASSERT_TRUE(first.faulted());
  EXPECT_EQ(first.code(), fault_code::unreachable);
  const auto connections = server.connections();
  for (int i = 0; i < 20; ++i) {
    posted_reply held;
    on.post(request_of("WRITE", "k"), 1, held.done(), {.may_stall = true});
    held.wait();
    EXPECT_TRUE(held.faulted());
    EXPECT_EQ(held.code(), fault_code::unreachable);
  }
  EXPECT_LE(server.connections(), connections + 2) << "a trial each half second at most";
  pauses_writes = false;
  for (bool answered = false; !answered;) {
    posted_reply trial;
    on.post(request_of("WRITE", "k"), 1, trial.done(), {.may_stall = true});
    trial.wait();
    answered = !trial.faulted();
  }
}

}  // namespace
}  // namespace drover::connection::channel_reconnect_test
