// SPDX-License-Identifier: MIT
// The channel on a real server that restarts, hangs, or loses its connections.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/random.hpp"
#include "connection/channel.hpp"
#include "resp/writer.hpp"
#include "support/redis_server.hpp"
#include "support/sanitized.hpp"

namespace drover::connection::channel_redis_test {
namespace {

using namespace std::chrono_literals;

settings at(const test::redis_server& server) {
  settings with;
  with.at = *parse_url(server.url());
  with.connect_max = 20s;  // a busy machine must not look like a fault of the server
  with.silence_max = 20s;
  with.back_off_min = 5ms;
  with.back_off_max = 50ms;
  return with;
}

/// Returns "" for a fault.
std::string echo(channel& on, std::string_view text) {
  std::string request;
  resp::write_command(request, {"ECHO", text});
  resp::message reply;
  if (on.exchange(request, {&reply, 1}).ended != exchange_end::replied) return {};
  return std::string{reply.root().text()};
}

/// Sends requests from many threads while `meanwhile` runs. No thread may get the reply of another.
/// Returns the number of faults.
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
  // The last connection may have been killed in its handshake, which opens the breaker.
  while (echo(on, "after") != "after") std::this_thread::yield();
}

TEST(threads_channel_redis, APausedServerIsSilentAndThenThereAgain) {
  test::redis_server server;
  settings with = at(server);
  with.silence_max = 50ms;
  with.connect_max = 50ms;
  channel on{with, {}};
  while (echo(on, "before") != "before") std::this_thread::yield();
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

// All ways to wait and to leave, at once, while connections die: roles and slots pass between
// threads in all orders. Every caller that gets a reply gets its own, and every call ends.
TEST(threads_channel_redis, CallersThatLeaveAtAnyMomentMixUpNothing) {
  const test::redis_server server;
  for (const bool spin : {true, false}) {
    settings with = at(server);
    with.spin = spin;
    channel on{with, {}};
    std::atomic<bool> over{false};
    std::atomic<int> posted{0};
    std::atomic<int> completed{0};
    std::atomic<int> replied{0};
    std::vector<std::jthread> callers;
    for (unsigned c = 0; c < 12; ++c) {
      callers.emplace_back([&, c] {
        base::seeded_random random{c};
        for (int i = 0; !over; ++i) {
          const std::string text = std::to_string(c) + ":" + std::to_string(i);
          std::string request;
          resp::write_command(request, {"ECHO", text});
          if (c >= 10) {
            ++posted;
            on.post(request, 1, [&completed, text](const result<std::vector<resp::message>>& got) {
              EXPECT_TRUE(!got || got->front().root().text() == text);
              ++completed;
            });
            if (random.next() % 2 == 0) on.hold_pushes(), on.release_pushes();
            std::this_thread::yield();
            continue;
          }
          std::stop_source stop;
          wait_limit within;
          if (c % 3 == 1) within.deadline = now() + microseconds{random.next() % 200};
          if (c % 3 == 2) within.stop = stop.get_token();
          std::jthread stopper;
          if (c % 3 == 2) stopper = std::jthread{[&] { stop.request_stop(); }};
          resp::message reply;
          const outcome end = on.exchange(request, {&reply, 1}, within);
          if (end.ended != exchange_end::replied) continue;
          ++replied;
          ASSERT_EQ(reply.root().text(), text);
        }
      });
    }
    for (int i = 0; i < 30; ++i) {
      const int before = replied;
      while (replied < before + 100) std::this_thread::yield();
      if (i % 3 == 0) server.command({"CLIENT", "KILL", "TYPE", "normal"});
    }
    over = true;
    callers.clear();
    while (completed < posted) std::this_thread::yield();
    EXPECT_EQ(completed, posted);
  }
}

TEST(channel_fork, InTrafficTheChildNeitherHangsNorDisturbs) {
  if (test::is_sanitized) GTEST_SKIP() << "sanitizers do not follow a fork of many threads";
  const test::redis_server server;
  channel on{at(server), {}};
  const int faults = ask_while(on, 8, [&] {
    for (int i = 0; i < 20; ++i) {
      const pid_t child = fork();
      if (child == 0) _exit(echo(on, "in the child").empty() ? 0 : 1);
      int status = -1;
      waitpid(child, &status, 0);
      EXPECT_EQ(status, 0);
    }
  });
  EXPECT_EQ(faults, 0);
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
}  // namespace drover::connection::channel_redis_test
