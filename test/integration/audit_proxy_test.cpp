// SPDX-License-Identifier: MIT
// The proxy as a pipe: bytes, ends, resets, unreachable servers and invalid addresses. The other
// side is scripted; audit_torture_test.cpp uses a real server.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "audit/proxy/relay.hpp"
#include "base/random.hpp"
#include "integration/audit_proxy_world.hpp"
#include "process/scratch_folder.hpp"

namespace drover::test::audit_proxy_test {
namespace {

using namespace std::chrono_literals;

std::string some_bytes(std::size_t count, std::uint64_t seed) {
  base::seeded_random random{seed};
  std::string out(count, '\0');
  for (char& byte : out) byte = static_cast<char>(static_cast<unsigned char>(random.next()));
  return out;
}

/// A proxy in front of a listener, and one connection through it.
class audit_proxy : public testing::Test {
 protected:
  audit_proxy() : proxy_{in_front_of(listener_.at())} {
    static_cast<void>(listener_.accept());  // the proxy has checked that the server is reachable
  }
  struct pair {
    plain_socket client;
    plain_socket server;
  };
  pair connect() {
    auto client = proxy_.connect();
    return {std::move(client), listener_.accept()};
  }

  plain_listener listener_;
  spoken_proxy proxy_;
};

TEST_F(audit_proxy, PassesBytesUnchangedBothWays) {
  auto [client, server] = connect();
  for (std::size_t count = 1; count < 300'000; count = count * 3 + 1) {
    const auto request = some_bytes(count, count);
    const auto back = some_bytes(count, count + 1);
    std::thread sender{[&client = client, &request] { client.send(request); }};
    EXPECT_TRUE(server.read(count).bytes == request) << count;
    sender.join();
    std::thread answerer{[&server = server, &back] { server.send(back); }};
    EXPECT_TRUE(client.read(count).bytes == back) << count;
    answerer.join();
  }
}

TEST_F(audit_proxy, GivesEachClientAConnectionOfItsOwn) {
  auto first = connect();
  auto second = connect();
  first.client.send("1");
  second.client.send("2");
  EXPECT_EQ(first.server.read(1).bytes, "1");
  EXPECT_EQ(second.server.read(1).bytes, "2");
  second.server.send("b");
  first.server.send("a");
  EXPECT_EQ(first.client.read(1).bytes, "a");
  EXPECT_EQ(second.client.read(1).bytes, "b");
}

TEST_F(audit_proxy, PassesAnEndOnAndKeepsTheOtherWayOpen) {
  auto [client, server] = connect();
  client.send("last words");
  client.end_sending();
  const auto received = server.read_to_end();
  EXPECT_EQ(received.bytes, "last words");
  EXPECT_TRUE(received.ended);
  const auto answer = some_bytes(1'000'000, 7);
  std::thread sender{[&server = server, &answer] {
    server.send(answer);
    server.end_sending();
  }};
  const auto got = client.read_to_end();
  sender.join();
  EXPECT_TRUE(got.bytes == answer);
  EXPECT_TRUE(got.ended);
}

TEST_F(audit_proxy, PassesTheServersEndOnAndKeepsTheOtherWayOpen) {
  auto [client, server] = connect();
  server.send("bye");
  server.end_sending();
  const auto got = client.read_to_end();
  EXPECT_EQ(got.bytes, "bye");
  EXPECT_TRUE(got.ended);
  client.send("still here");
  client.close();
  EXPECT_EQ(server.read_to_end().bytes, "still here");
}

TEST_F(audit_proxy, PassesAResetOnAsAReset) {
  auto by_client = connect();
  by_client.client.reset();
  EXPECT_EQ(by_client.server.read(1).error, ECONNRESET);
  auto by_server = connect();
  by_server.server.reset();
  EXPECT_EQ(by_server.client.read(1).error, ECONNRESET);
}

TEST_F(audit_proxy, PassesOnWhatCameBeforeAReset) {
  for (int round = 0; round < 20; ++round) {
    auto [client, server] = connect();
    server.send("-ERR too many clients\r\n");
    EXPECT_EQ(client.read(23).bytes, "-ERR too many clients\r\n");
    server.reset();
    EXPECT_EQ(client.read(1).error, ECONNRESET);
  }
}

TEST_F(audit_proxy, PassesOnTheWordsOfAServerThatHasClosedWhileTheClientWrites) {
  auto [client, server] = connect();
  server.send("-ERR max number of clients reached\r\n");
  server.close();
  // The client writes until a write fails, as it does without a proxy.
  while (client.send("PING\r\n")) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(client.read(36).bytes, "-ERR max number of clients reached\r\n");
}

TEST_F(audit_proxy, StopsReadingWhenTheOtherSideDoesNotRead) {
  auto [client, server] = connect();
  const std::string block(64U << 10U, 'x');
  std::size_t sent = 0;
  // Nobody reads, so the transfer must stop and not continue.
  for (int quiet = 0; quiet < 50;) {
    const auto now = client.send_some(block);
    sent += now;
    quiet = now == 0 ? quiet + 1 : 0;
    if (now == 0) std::this_thread::sleep_for(2ms);
    ASSERT_LT(sent, std::size_t{256} << 20U) << "it swallows all that it is given";
  }
  EXPECT_GT(sent, audit::relay::buffer_size);
  const auto passed = proxy_.inner.counts().bytes_to_server;
  EXPECT_LE(passed, sent);
  client.end_sending();
  const auto got = server.read_to_end();
  EXPECT_EQ(got.bytes.size(), sent);
  EXPECT_TRUE(got.ended);
  EXPECT_EQ(proxy_.inner.counts().bytes_to_server, sent);
}

TEST_F(audit_proxy, ClosesAllWhenItStops) {
  auto [client, server] = connect();
  client.send("x");
  EXPECT_EQ(server.read(1).bytes, "x");
  proxy_.inner.stop();
  EXPECT_TRUE(client.read(1).ended);
  EXPECT_TRUE(server.read(1).ended);
  EXPECT_THROW(static_cast<void>(proxy_.connect()), std::system_error);
  EXPECT_EQ(proxy_.inner.counts().open_now, 0U);
  proxy_.inner.stop();
}

TEST_F(audit_proxy, TurnsAwayClientsWhileTheServerIsGone) {
  listener_.close();
  for (int i = 0; i < 3; ++i) {
    auto client = proxy_.connect();
    EXPECT_EQ(client.read(1).error, ECONNRESET);
  }
  const auto lines = proxy_.wait_for_lines(1);
  ASSERT_EQ(lines.size(), 1U) << "each only once";
  EXPECT_NE(lines[0].find(describe(listener_.at())), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find("refused"), std::string::npos) << lines[0];
  EXPECT_EQ(proxy_.inner.counts().turned_away, 3U);
}

TEST_F(audit_proxy, TurnsAwayClientsBeyondItsLimit) {
  auto with = in_front_of(listener_.at());
  with.connections_max = 2;
  spoken_proxy narrow{std::move(with)};
  static_cast<void>(listener_.accept());
  auto first = narrow.connect();
  auto second = narrow.connect();
  auto first_server = listener_.accept();
  auto second_server = listener_.accept();
  EXPECT_EQ(narrow.connect().read(1).error, ECONNRESET);
  EXPECT_EQ(narrow.connect().read(1).error, ECONNRESET);
  const auto lines = narrow.wait_for_lines(1);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("2 connections"), std::string::npos) << lines[0];
  first.send("x");
  EXPECT_EQ(first_server.read(1).bytes, "x");
  // There is room again once a connection has ended.
  second.close();
  EXPECT_TRUE(second_server.read(1).ended);
  second_server.close();
  while (narrow.inner.counts().open_now > 1) std::this_thread::sleep_for(1ms);
  auto third = narrow.connect();
  third.send("y");
  EXPECT_EQ(listener_.accept().read(1).bytes, "y");
}

std::string refusal(audit::proxy_settings with) {
  audit::proxy subject{std::move(with)};
  const auto started = subject.start();
  return started ? "" : started.error().text;
}

void expect_in(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "no '" << part << "' in: " << text;
}

TEST_F(audit_proxy, SaysWhenItsPortIsInUse) {
  auto with = in_front_of(listener_.at());
  with.listen = proxy_.at;
  const auto message = refusal(std::move(with));
  expect_in(message, describe(proxy_.at));
  expect_in(message, "in use");
}

TEST_F(audit_proxy, SaysWhenAnAddressIsNone) {
  auto with = in_front_of(listener_.at());
  with.listen.host = "no-such-host.invalid";
  expect_in(refusal(std::move(with)), "no-such-host.invalid");
  with = in_front_of(listener_.at());
  with.listen.host = "192.0.2.1";  // an address for documentation, which no host has
  expect_in(refusal(std::move(with)), "this machine does not have the address");
  with = in_front_of(listener_.at());
  with.listen.path = "/no/such/folder/socket";
  expect_in(refusal(std::move(with)), "/no/such/folder/socket");
  with = in_front_of(listener_.at());
  with.server.host = "no-such-host.invalid";
  expect_in(refusal(std::move(with)), "no-such-host.invalid");
}

TEST_F(audit_proxy, SaysWhenTheServerIsNotThere) {
  listener_.close();
  const auto message = refusal(in_front_of(listener_.at()));
  expect_in(message, describe(listener_.at()));
  expect_in(message, "Connection refused");
  audit::address nowhere;
  nowhere.path = "/no/such/server.sock";
  expect_in(refusal(in_front_of(nowhere)), "/no/such/server.sock");
}

TEST_F(audit_proxy, WarnsWhenOthersCanReachIt) {
  auto with = in_front_of(listener_.at());
  with.listen.host = "0.0.0.0";
  spoken_proxy open{std::move(with)};
  ASSERT_EQ(open.lines().size(), 1U);
  expect_in(open.lines()[0], "every host that can reach 0.0.0.0:0 can reach the server");
  EXPECT_TRUE(proxy_.lines().empty());
}

TEST_F(audit_proxy, ListensOnAUnixSocketAndTakesItAway) {
  const process::scratch_folder folder;
  auto with = in_front_of(listener_.at());
  with.listen.path = folder.path() / "p.sock";
  {
    spoken_proxy local{with};
    static_cast<void>(listener_.accept());
    auto client = plain_socket::connect(with.listen);
    auto server = listener_.accept();
    client.send("x");
    EXPECT_EQ(server.read(1).bytes, "x");
    server.send("yy");
    EXPECT_EQ(client.read(2).bytes, "yy");
    expect_in(refusal(with), "in use");
    client.close();
    EXPECT_TRUE(server.read(1).ended);
  }
  EXPECT_FALSE(std::filesystem::exists(with.listen.path));
}

TEST_F(audit_proxy, TakesOverTheSocketOfADeadProgramButNoOtherFile) {
  const process::scratch_folder folder;
  auto with = in_front_of(listener_.at());
  with.listen.path = folder.path() / "p.sock";
  {
    sockaddr_un left{};
    left.sun_family = AF_UNIX;
    with.listen.path.copy(left.sun_path, sizeof left.sun_path - 1);
    const plain_socket dead{::socket(AF_UNIX, SOCK_STREAM, 0)};
    ASSERT_EQ(::bind(dead.descriptor(), reinterpret_cast<sockaddr*>(&left), sizeof left), 0);
  }
  EXPECT_EQ(refusal(with), "");
  std::ofstream{with.listen.path} << "a file of somebody's";
  expect_in(refusal(with), "in use");
  EXPECT_EQ(std::filesystem::file_size(with.listen.path), 20U);
}

}  // namespace
}  // namespace drover::test::audit_proxy_test
