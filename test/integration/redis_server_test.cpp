// SPDX-License-Identifier: MIT
// The fixture that all other tests with a server use.
#include "support/redis_server.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "support/raw_client.hpp"

namespace drover::test::redis_server_test {
namespace {

using namespace std::chrono_literals;

TEST(redis_server_fixture, IsReachedByBothAddressesAndLeavesNothingBehind) {
  std::filesystem::path directory;
  pid_t pid = 0;
  {
    redis_server server{{.tcp = true, .arguments = {"--maxmemory", "7mb"}}};
    pid = server.pid();
    directory = std::filesystem::path{server.socket_path()}.parent_path();
    EXPECT_EQ(server.url(), "unix://" + server.socket_path());
    EXPECT_EQ(server.tcp_url(), "redis://127.0.0.1:" + std::to_string(server.port()));
    server.command({"SET", "k", "v"});
    EXPECT_EQ(raw_client::over_tcp(server.port()).command({"GET", "k"}).text, "v");
    EXPECT_EQ(server.command({"CONFIG", "GET", "maxmemory"}).root()[1].text(), "7340032");
  }
  EXPECT_FALSE(std::filesystem::exists(directory));
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(redis_server_fixture, ComesBackAtTheSameAddressesWithoutData) {
  redis_server server{{.tcp = true, .arguments = {}}};
  const std::uint16_t port = server.port();
  raw_client before = server.connect();
  before.command({"SET", "k", "v"});
  const pid_t pid = server.pid();
  server.kill9();
  EXPECT_EQ(server.pid(), 0);
  EXPECT_THROW(before.command({"PING"}), std::runtime_error);
  EXPECT_THROW(static_cast<void>(server.connect()), std::runtime_error);
  server.restart();
  EXPECT_NE(server.pid(), pid);
  EXPECT_EQ(server.port(), port);
  EXPECT_TRUE(server.command({"GET", "k"}).root().is_null());
  EXPECT_EQ(raw_client::over_tcp(port).command({"PING"}).text, "PONG");
  server.stop();
  EXPECT_THROW(static_cast<void>(server.connect()), std::runtime_error);
}

TEST(redis_server_fixture, HangsWhilePausedAndGoesOn) {
  redis_server server;
  raw_client client = server.connect();
  server.pause();
  client.send_command({"PING"});
  EXPECT_FALSE(client.read_push(20ms).has_value());
  server.resume();
  EXPECT_EQ(client.read_reply().text, "PONG");
  server.pause();  // A paused server is stopped like any other.
}

TEST(redis_server_fixture, SaysWhyItDoesNotStart) {
  try {
    redis_server server{{.tcp = false, .arguments = {"--no-such-option", "1"}}};
    ADD_FAILURE() << "it started";
  } catch (const std::runtime_error& why) {
    EXPECT_NE(std::string{why.what()}.find("did not start"), std::string::npos);
  }
}

TEST(redis_server_fixture, KeepsPushesAndRepliesApart) {
  redis_server server;
  raw_client client = server.connect3();
  client.command({"CLIENT", "TRACKING", "ON"});
  client.command({"GET", "k"});
  server.command({"SET", "k", "v"});
  client.send_command({"GET", "k"});
  const auto push = client.read_push();
  ASSERT_TRUE(push.has_value());
  EXPECT_EQ(push->root()[0].text(), "invalidate");
  EXPECT_EQ(client.read_reply().text, "v");
  EXPECT_TRUE(client.pushes_so_far().empty());
}

}  // namespace
}  // namespace drover::test::redis_server_test
