// SPDX-License-Identifier: MIT
// The fault proxy under traffic: large values, pipelines, many connections, and its end.
#include <gtest/gtest.h>

#include <drover/cache.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "integration/fault_proxy_world.hpp"

namespace drover::test::fault_proxy_traffic_test {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

std::string bulk(const std::string& value) {
  return '$' + std::to_string(value.size()) + "\r\n" + value + "\r\n";
}

TEST(threads_fault_proxy_traffic, PassesLargeValuesToASlowReader) {
  fault_world world{"drop command=never\ndelay time=1ms command=get"};
  auto client = world.connect();
  const std::string value(5'000'000, 'v');
  std::thread sender{[&] {
    EXPECT_TRUE(client.send(command_bytes({"SET", "k", value}) + command_bytes({"GET", "k"}) +
                            command_bytes({"GET", "k"})));
  }};
  const std::string expected = "+OK\r\n" + bulk(value) + bulk(value);
  std::this_thread::sleep_for(50ms);  // everything backs up
  EXPECT_TRUE(client.read(expected.size()).bytes == expected);
  sender.join();
}

TEST(threads_fault_proxy_traffic, APipelineOfAnyLengthMayBeSentBeforeAnyReplyIsRead) {
  fault_world world{"drop command=never"};
  auto client = world.connect();
  std::string requests;
  std::string replies;
  for (int i = 0; i < 200'000; ++i) {
    requests += "PING\r\n";
    replies += "+PONG\r\n";
  }
  ASSERT_TRUE(client.send(requests));
  EXPECT_TRUE(client.read(replies.size()).bytes == replies);
}

TEST(threads_fault_proxy_traffic, ManyConnectionsAtOnceSeeTheirOwnReplies) {
  fault_world world{
      "delay time=0us..300us chance=20%\nslice pause=0ms chance=20%\n"
      "error text=\"ERR mine\" command=get chance=10%"};
  std::atomic<int> errors{0};
  std::vector<std::jthread> clients;
  for (int number = 0; number < 8; ++number) {
    clients.emplace_back([&world, &errors, number] {
      auto client = world.connect();
      for (int i = 0; i < 100; ++i) {
        const std::string value = std::to_string(number) + ":" + std::to_string(i);
        expect_reply(client, {"SET", value, value}, "+OK\r\n");
        ASSERT_TRUE(client.send(command_bytes({"GET", value})));
        std::string reply = client.read(1).bytes;
        const bool is_error = reply == "-";
        const std::string expected = is_error ? "-ERR mine\r\n" : bulk(value);
        reply += client.read(expected.size() - 1).bytes;
        ASSERT_EQ(reply, expected);
        errors += is_error ? 1 : 0;
      }
    });
  }
  clients.clear();
  EXPECT_GT(errors, 0);
  world.proxy().stop();
  const faults::fault_counts counts = world.proxy().counts();
  EXPECT_EQ(counts.connections, 8U);
  EXPECT_EQ(counts.requests, 1600U);
  EXPECT_EQ(counts.specs[2].selected, 800U);
  EXPECT_EQ(counts.specs[2].injected, static_cast<std::uint64_t>(errors));
}

/// The faults of one connection, without their times.
std::string faults_of_a_run(std::uint64_t seed) {
  fault_world world{"error code=OOM chance=20%\nduplicate chance=20%\ndelay mean=100us chance=30%",
                    seed};
  auto client = world.connect();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(client.send(command_bytes({"GET", "k"})));
  client.end_sending();
  static_cast<void>(client.read_to_end());
  world.proxy().stop();
  std::string text;
  for (const faults::injection& event : world.events()) {
    text += std::to_string(event.spec) + '@' + std::to_string(event.request) + '+' +
            std::to_string(event.delay.value_or(0us).count()) + ' ';
  }
  return text;
}

TEST(threads_fault_proxy_traffic, SameSeedAndTrafficGiveTheSameFaults) {
  const std::string first = faults_of_a_run(42);
  EXPECT_GT(first.size(), 100U);
  EXPECT_EQ(first, faults_of_a_run(42));
  EXPECT_NE(first, faults_of_a_run(43));
}

TEST(threads_fault_proxy_traffic, ClosesTheServersConnectionWithTheClients) {
  fault_world world{"half-open key=k"};
  const auto clients = [&] {
    const resp::message reply = world.server().command({"CLIENT", "LIST"});
    const std::string list{reply.root().text()};
    return std::count(list.begin(), list.end(), '\n');
  };
  const auto before = clients();
  {
    auto closed = world.connect();
    expect_reply(closed, {"PING"}, "+PONG\r\n");
    EXPECT_GT(clients(), before);
  }
  auto half_open = world.connect();
  ASSERT_TRUE(half_open.send(command_bytes({"GET", "k"})));
  const auto limit = clock::now() + 1min;
  while (clients() > before && clock::now() < limit) std::this_thread::sleep_for(5ms);
  EXPECT_EQ(clients(), before);
}

TEST(threads_fault_proxy_traffic, StopsAtOnceWhateverIsOutstanding) {
  fault_world world{"delay time=1h command=get\nhalf-open command=set"};
  auto delayed = world.connect();
  ASSERT_TRUE(delayed.send(command_bytes({"GET", "k"})));
  auto half_open = world.connect();
  ASSERT_TRUE(half_open.send(command_bytes({"SET", "k", "1"})));
  ASSERT_TRUE(world.wait_for_events(2));
  world.proxy().stop();
  EXPECT_TRUE(delayed.read_to_end().ended);
  EXPECT_TRUE(half_open.read_to_end().ended);
}

TEST(threads_fault_proxy_traffic, TurnsClientsAwayWhileTheServerIsAway) {
  fault_world world{"drop command=never"};
  world.server().stop();
  auto refused = world.connect();
  EXPECT_EQ(refused.read_to_end().error, ECONNRESET);
  world.server().restart();
  auto served = world.connect();
  expect_reply(served, {"PING"}, "+PONG\r\n");
  ASSERT_EQ(world.messages().size(), 2U);
  EXPECT_NE(world.messages()[0].find("cannot be reached"), std::string::npos);
  EXPECT_NE(world.messages()[1].find("can be reached again"), std::string::npos);
}

TEST(threads_fault_proxy_traffic, FaultsNeverReachTheCallersOfADroverCache) {
  fault_world world{
      "cut chance=3%\nreset executed=yes chance=2%\nerror code=LOADING chance=2%\n"
      "drop nth=40\nduplicate nth=60..62\ndelay mean=200us"};
  client_options options{.url = world.url()};
  options.silence_max = 2s;
  const drover::client redis{options};
  std::atomic<int> loads{0};
  cache<std::string> values{
      redis, {.name = "value", .policy = {.ttl = 1min}}, [&](std::string_view key) {
        ++loads;
        return "value of " + std::string{key};
      }};
  for (int i = 0; i < 300; ++i) {
    const std::string key = std::to_string(i % 60);
    EXPECT_EQ(values.get(key), "value of " + key);
  }
  EXPECT_GE(loads, 60);
  world.proxy().stop();
  EXPECT_GT(world.events().size(), 20U);
}

}  // namespace
}  // namespace drover::test::fault_proxy_traffic_test
