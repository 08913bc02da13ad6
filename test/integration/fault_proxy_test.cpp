// SPDX-License-Identifier: MIT
// Each kind of fault between a plain socket and a real server: the client sees that fault, and
// nothing else.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

#include "integration/fault_proxy_world.hpp"

namespace drover::test::fault_proxy_test {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

/// Nothing arrives for a moment, and the connection stays open.
void expect_silence(plain_socket& client) {
  const timeval moment{0, 200'000};
  setsockopt(client.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
  const auto read = client.read(1);
  EXPECT_EQ(read.bytes, "");
  EXPECT_EQ(read.error, EAGAIN);
}

/// ECONNREFUSED, or nullopt for a connection that was made.
std::optional<int> error_of_connecting(const audit::address& at) {
  try {
    static_cast<void>(plain_socket::connect(at));
    return std::nullopt;
  } catch (const std::system_error& error) {
    return error.code().value();
  }
}

TEST(threads_fault_proxy, DelaysAReply) {
  fault_world world{"delay time=40ms command=get"};
  auto client = world.connect();
  expect_reply(client, {"SET", "k", "v"}, "+OK\r\n");
  const auto begin = clock::now();
  expect_reply(client, {"GET", "k"}, "$1\r\nv\r\n");
  EXPECT_GE(clock::now() - begin, 40ms);
  EXPECT_EQ(world.injected(), "delay");
}

TEST(threads_fault_proxy, DeliversSlices) {
  fault_world world{"slice command=get\nslice size=4 pause=0ms command=ping"};
  auto client = world.connect();
  expect_reply(client, {"SET", "k", "value"}, "+OK\r\n");
  const auto begin = clock::now();
  expect_reply(client, {"GET", "k"}, "$5\r\nvalue\r\n");
  EXPECT_GE(clock::now() - begin, 10ms) << "eleven slices with a millisecond between them";
  expect_reply(client, {"PING"}, "+PONG\r\n");
  EXPECT_EQ(world.injected(), "slice slice");
}

TEST(threads_fault_proxy, PushesBeforeAReply) {
  fault_world world{"push key=k"};
  auto client = world.connect();
  expect_reply(client, {"GET", "k"}, ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n$-1\r\n");
  expect_reply(client, {"GET", "other"}, "$-1\r\n");
  EXPECT_EQ(world.injected(), "push");
}

TEST(threads_fault_proxy, CutsAReply) {
  fault_world world{"cut at=6 command=get nth=2"};
  auto client = world.connect();
  expect_reply(client, {"SET", "k", "value"}, "+OK\r\n");
  expect_reply(client, {"GET", "k"}, "$5\r\nvalue\r\n");
  ASSERT_TRUE(client.send(command_bytes({"GET", "k"})));
  const auto rest = client.read_to_end();
  EXPECT_EQ(rest.bytes, "$5\r\nva");
  EXPECT_TRUE(rest.ended);
  ASSERT_TRUE(world.wait_for_events(1));
  EXPECT_EQ(world.events()[0].bytes, 6U);
  auto second = world.connect();
  expect_reply(second, {"GET", "k"}, "$5\r\nvalue\r\n");
}

TEST(threads_fault_proxy, CutsByAReset) {
  fault_world world{"cut at=4 by=reset command=get"};
  auto client = world.connect();
  ASSERT_TRUE(client.send(command_bytes({"GET", "k"})));
  const auto rest = client.read_to_end();
  EXPECT_TRUE(std::string_view{"$-1\r"}.starts_with(rest.bytes)) << rest.bytes;
  EXPECT_EQ(rest.error, ECONNRESET);
}

TEST(threads_fault_proxy, DropsAReply) {
  fault_world world{"drop command=get nth=1"};
  auto client = world.connect();
  ASSERT_TRUE(client.send(command_bytes({"GET", "k"})));
  expect_reply(client, {"PING"}, "+PONG\r\n");
  EXPECT_EQ(world.injected(), "drop");
}

TEST(threads_fault_proxy, DuplicatesAReply) {
  fault_world world{"duplicate command=ping limit=1"};
  auto client = world.connect();
  expect_reply(client, {"PING"}, "+PONG\r\n+PONG\r\n");
  expect_reply(client, {"PING"}, "+PONG\r\n");
  EXPECT_EQ(world.injected(), "duplicate");
}

TEST(threads_fault_proxy, AnswersWithAnErrorInsteadOfTheServer) {
  fault_world world{
      "error code=READONLY command=set key=a\nerror text=\"ERR mine\" executed=yes command=set"};
  auto client = world.connect();
  expect_reply(client, {"SET", "a", "1"},
               "-READONLY You can't write against a read only replica.\r\n");
  expect_reply(client, {"SET", "b", "1"}, "-ERR mine\r\n");
  EXPECT_EQ(world.value_of("a"), "");
  EXPECT_EQ(world.value_of("b"), "1");
}

TEST(threads_fault_proxy, ResetsBeforeOrAfterTheServerHasExecutedTheRequest) {
  fault_world world{"reset key=before\nreset executed=yes key=after"};
  for (const char* const key : {"before", "after"}) {
    auto client = world.connect();
    expect_reply(client, {"PING"}, "+PONG\r\n");
    ASSERT_TRUE(client.send(command_bytes({"SET", key, "1"})));
    const auto rest = client.read_to_end();
    EXPECT_EQ(rest.bytes, "");
    EXPECT_EQ(rest.error, ECONNRESET) << key;
  }
  EXPECT_EQ(world.value_of("before"), "");
  EXPECT_EQ(world.value_of("after"), "1");
}

TEST(threads_fault_proxy, AnswersNothingOnAHalfOpenConnection) {
  fault_world world{"half-open key=k"};
  auto client = world.connect();
  expect_reply(client, {"PING"}, "+PONG\r\n");
  ASSERT_TRUE(client.send(command_bytes({"SET", "k", "1"})));
  ASSERT_TRUE(world.wait_for_events(1));
  EXPECT_TRUE(client.send(command_bytes({"PING"})));
  expect_silence(client);
  EXPECT_EQ(world.value_of("k"), "");
  auto second = world.connect();
  expect_reply(second, {"PING"}, "+PONG\r\n");
}

TEST(threads_fault_proxy, RefusesAConnection) {
  fault_world world{"refuse connection=2"};
  auto first = world.connect();
  expect_reply(first, {"PING"}, "+PONG\r\n");
  auto second = world.connect();
  const auto rest = second.read_to_end();
  EXPECT_EQ(rest.bytes, "");
  EXPECT_EQ(rest.error, ECONNRESET);
  auto third = world.connect();
  expect_reply(third, {"PING"}, "+PONG\r\n");
  EXPECT_EQ(world.injected(), "refuse");
}

TEST(threads_fault_proxy, SwallowsAConnection) {
  fault_world world{"black-hole connection=1"};
  auto first = world.connect();
  ASSERT_TRUE(first.send(command_bytes({"PING"})));
  ASSERT_TRUE(world.wait_for_events(1));
  expect_silence(first);
  auto second = world.connect();
  expect_reply(second, {"PING"}, "+PONG\r\n");
}

TEST(threads_fault_proxy, RefusesConnectionsWhileItIsDown) {
  fault_world world{"down for=1h"};
  ASSERT_TRUE(world.wait_for_events(1));
  EXPECT_EQ(error_of_connecting(world.at()), ECONNREFUSED);
  EXPECT_EQ(error_of_connecting(world.at()), ECONNREFUSED);
}

TEST(threads_fault_proxy, ListensAtTheSameAddressAfterItWasDown) {
  const std::string path = "/tmp/drover-fault-" + std::to_string(::getpid()) + ".sock";
  for (const audit::address& listen :
       {audit::address{"127.0.0.1", 0, ""}, audit::address{"", 0, path}}) {
    fault_world world{"down for=200ms\ndown from=300ms for=100ms", 1, listen};
    ASSERT_TRUE(world.wait_for_events(2));
    const auto limit = clock::now() + 1min;
    while (error_of_connecting(world.at()) && clock::now() < limit)
      std::this_thread::sleep_for(5ms);
    auto client = world.connect();
    expect_reply(client, {"PING"}, "+PONG\r\n");
    EXPECT_EQ(world.injected(), "down down");
  }
}

TEST(threads_fault_proxy, ResetsOpenConnectionsWhenItGoesDown) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    fault_world world{"down from=500ms for=1h"};
    if (error_of_connecting(world.at())) continue;  // a busy machine: it is down already
    auto client = world.connect();
    if (!client.send(command_bytes({"PING"})) || client.read(7).bytes != "+PONG\r\n") continue;
    const auto rest = client.read_to_end();
    EXPECT_EQ(rest.bytes, "");
    EXPECT_EQ(rest.error, ECONNRESET);
    return;
  }
  FAIL() << "no connection within half a second";
}

TEST(threads_fault_proxy, IsDownAgainAfterEachPeriod) {
  fault_world world{"down from=50ms for=50ms period=200ms"};
  ASSERT_TRUE(world.wait_for_events(3));
  const auto events = world.events();
  EXPECT_GE(events[1].at - events[0].at, 100ms) << "the proxy was up in between";
  EXPECT_EQ(world.injected().substr(0, 14), "down down down");
}

TEST(threads_fault_proxy, DelaysARequestOnItsWayToTheServer) {
  fault_world world{"delay time=300ms of=request command=set"};
  plain_socket client = world.connect();
  const auto begin = clock::now();
  ASSERT_TRUE(client.send(command_bytes({"SET", "k", "1"}) + command_bytes({"GET", "k"})));
  client.end_sending();
  ASSERT_TRUE(world.wait_for_events(1));
  EXPECT_EQ(client.read(12).bytes, "+OK\r\n$1\r\n1\r\n");
  EXPECT_GE(clock::now() - begin, 300ms);
  EXPECT_EQ(world.injected(), "delay");
}

TEST(threads_fault_proxy, RefusesClientsThatNobodyExpects) {
  redis_server server;
  faults::fault_proxy_settings with;
  with.server = {"", 0, server.socket_path()};
  with.specs = std::get<std::vector<faults::fault_spec>>(faults::parse_script("drop connection=9"));
  with.number_of = [calls = 0](std::uint16_t) mutable {
    return ++calls == 1 ? std::nullopt : std::optional<std::uint64_t>{9};
  };
  faults::fault_proxy proxy{std::move(with)};
  const auto at = proxy.listen();
  ASSERT_TRUE(at);
  proxy.start();
  plain_socket stranger = plain_socket::connect(*at);
  EXPECT_EQ(stranger.read(1).bytes, "");
  plain_socket known = plain_socket::connect(*at);
  ASSERT_TRUE(known.send(command_bytes({"PING"})));
  known.end_sending();
  EXPECT_EQ(known.read(1).bytes, "") << "the script knows it as connection 9";
  proxy.stop();
  EXPECT_EQ(proxy.counts().specs[0].injected, 1U);
}

}  // namespace
}  // namespace drover::test::fault_proxy_test
