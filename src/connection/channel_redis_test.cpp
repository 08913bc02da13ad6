// SPDX-License-Identifier: MIT
// The channel on a real server, through what happens to servers.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "connection/channel.hpp"
#include "resp/writer.hpp"
#include "support/redis_server.hpp"

namespace drover::connection {
namespace {

using namespace std::chrono_literals;
using how = outcome::how;

settings at(const test::redis_server& server) {
  settings with;
  with.at = *parse_url(server.url());
  with.back_off_min = 5ms;
  with.back_off_max = 50ms;
  return with;
}

/// "" for a fault.
std::string echo(channel& on, std::string_view text) {
  std::string request;
  resp::write_command(request, {"ECHO", text});
  resp::message reply;
  if (on.exchange(request, {&reply, 1}).ended != how::replied) return {};
  return std::string{reply.root().text()};
}

/// Asks from many threads while `meanwhile` runs; nobody may get another's reply. Returns the
/// faults.
int ask_while(channel& on, unsigned threads, const std::function<void()>& meanwhile) {
  std::atomic<bool> stop{false};
  std::atomic<int> faults{0};
  std::vector<std::jthread> callers;
  for (unsigned c = 0; c < threads; ++c) {
    callers.emplace_back([&, c] {
      for (int i = 0; !stop; ++i) {
        const std::string text = std::to_string(c) + ":" + std::to_string(i);
        const std::string got = echo(on, text);
        if (got.empty()) {
          ++faults;
          std::this_thread::yield();
        } else {
          ASSERT_EQ(got, text);
        }
      }
    });
  }
  meanwhile();
  stop = true;
  callers.clear();
  return faults;
}

TEST(threads_channel_redis, ManyThreadsEachGetTheirOwnAndNoFault) {
  const test::redis_server server{{.tcp = true, .arguments = {}}};
  for (const std::string& url : {server.url(), server.tcp_url()}) {
    settings with = at(server);
    with.at = *parse_url(url);
    with.silence_max = 20s;
    channel on{with, {}};
    EXPECT_EQ(ask_while(on, 64, [] { std::this_thread::sleep_for(300ms); }), 0);
  }
}

TEST(threads_channel_redis, KilledConnectionsMixUpNothing) {
  const test::redis_server server;
  channel on{at(server), {}};
  ask_while(on, 16, [&] {
    for (int i = 0; i < 20; ++i) {
      const std::uint64_t before = on.epoch();
      server.command({"CLIENT", "KILL", "TYPE", "normal"});
      while (on.epoch() == before) std::this_thread::yield();
    }
  });
  EXPECT_NE(echo(on, "after"), "");
}

TEST(threads_channel_redis, APausedServerIsSilentAndThenThereAgain) {
  test::redis_server server;
  settings with = at(server);
  with.silence_max = 50ms;
  with.connect_max = 50ms;
  channel on{with, {}};
  ASSERT_EQ(echo(on, "before"), "before");
  server.pause();
  while (!echo(on, "during").empty()) {
  }
  server.resume();
  while (echo(on, "after") != "after") std::this_thread::yield();
}

TEST(threads_channel_redis, AKilledServerOpensTheBreakerAndARestartClosesIt) {
  test::redis_server server;
  channel on{at(server), {}};
  ask_while(on, 8, [&] {
    server.kill9();
    while (on.is_available()) std::this_thread::yield();
    server.restart();
    while (!on.is_available()) std::this_thread::yield();
  });
  while (echo(on, "after") != "after") std::this_thread::yield();
}

TEST(channel_fork, TheChildsCallsFaultAtOnceAndTheParentsGoOn) {
  const test::redis_server server;
  channel on{at(server), {}};
  ASSERT_EQ(echo(on, "before"), "before");
  const pid_t child = fork();
  if (child == 0) _exit(echo(on, "in the child").empty() ? 0 : 1);
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(echo(on, "after"), "after");
}

}  // namespace
}  // namespace drover::connection
