// SPDX-License-Identifier: MIT
// The channel with TLS on a real server: many threads, long requests and replies, and connections
// that die.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "connection/channel.hpp"
#include "resp/writer.hpp"
#include "support/byte_relay.hpp"
#include "support/certificates.hpp"
#include "support/redis_server.hpp"

namespace drover::connection::channel_tls_test {
namespace {

using namespace std::chrono_literals;

struct world {
  world()
      : own{ca.issue()},
        redis{
            {.arguments = {"--tls-cert-file", folder.write("own.pem", own.certificate),
                           "--tls-key-file", folder.write("own.key", own.key), "--tls-ca-cert-file",
                           folder.write("ca.pem", ca.certificate()), "--tls-auth-clients", "no"},
             .tls = true}} {}

  [[nodiscard]] settings at(std::uint16_t port) const {
    settings with;
    with.at = *parse_url("rediss://localhost:" + std::to_string(port));
    with.tls = *make_tls_context({.ca = {.text = ca.certificate()}});
    with.connect_max = 20s;  // a busy machine must not look like a fault of the server
    with.silence_max = 20s;
    with.back_off_min = 5ms;
    with.back_off_max = 50ms;
    return with;
  }

  test::scratch_folder folder;
  test::authority ca{"channel"};
  test::certificate_and_key own;
  test::redis_server redis;
};

/// Returns "" for a fault.
std::string echo(channel& on, std::string_view text, const wait_limit& within = {}) {
  std::string request;
  resp::write_command(request, {"ECHO", text});
  resp::message reply;
  if (on.exchange(request, {&reply, 1}, within).ended != exchange_end::replied) return {};
  return std::string{reply.root().text()};
}

/// Threads ask until `meanwhile` returns, which gets the number of replies so far. None may get the
/// reply of another. Returns the number of requests without a reply.
int ask_while(channel& on, unsigned threads,
              const std::function<void(const std::atomic<int>& replies)>& meanwhile) {
  std::atomic<bool> stop{false};
  std::atomic<int> replies{0};
  std::atomic<int> faults{0};
  std::vector<std::jthread> callers;
  for (unsigned c = 0; c < threads; ++c) {
    callers.emplace_back([&, c] {
      for (std::size_t i = 0; !stop; ++i) {
        // A few requests are longer than a record, and than the buffer of a socket.
        const std::size_t length = i % 97 == 0 ? 300'000 : i % 13 == 0 ? 20'000 : 0;
        const std::string text =
            std::to_string(c) + ":" + std::to_string(i) + std::string(length, 'x');
        wait_limit within;
        if (i % 7 == 0) within.deadline = now() + 2ms;  // some leave, and others take over
        const std::string got = echo(on, text, within);
        if (got.empty()) {
          faults += within.deadline ? 0 : 1;
          std::this_thread::yield();
        } else {
          ++replies;
          ASSERT_TRUE(got == text) << got.substr(0, 50) << " instead of " << text.substr(0, 50);
        }
      }
    });
  }
  meanwhile(replies);
  stop = true;
  callers.clear();
  return faults;
}

TEST(threads_channel_tls, ManyThreadsEachGetTheirOwnAndNoFault) {
  const world made;
  for (const bool spin : {true, false}) {
    settings with = made.at(made.redis.tls_port());
    with.spin = spin;
    channel on{with, {}};
    const auto until_many = [](const std::atomic<int>& replies) {
      while (replies < 2'000) std::this_thread::sleep_for(1ms);
    };
    EXPECT_EQ(ask_while(on, 32, until_many), 0);
  }
}

TEST(threads_channel_tls, KilledAndCutConnectionsMixUpNothing) {
  const world made;
  test::byte_relay relay{made.redis.tls_port()};
  channel on{made.at(relay.port()), {}};
  ask_while(on, 8, [&](const std::atomic<int>&) {
    for (int i = 0; i < 20; ++i) {
      const std::uint64_t before = on.epoch();
      i % 2 == 0 ? relay.cut_now()
                 : static_cast<void>(made.redis.command({"CLIENT", "KILL", "TYPE", "normal"}));
      while (on.epoch() == before) std::this_thread::yield();
    }
  });
  while (echo(on, "after") != "after") std::this_thread::yield();
}

TEST(threads_channel_tls, AClientEndsWhileItsServerHangs) {
  const world made;
  test::byte_relay relay{made.redis.tls_port()};
  for (const bool hangs : {true, false}) {
    relay.hold(false);
    std::atomic<int> ended{0};
    {
      channel on{made.at(relay.port()), {}};
      while (echo(on, "before") != "before") std::this_thread::yield();
      relay.hold(hangs);
      for (int i = 0; i < 10; ++i) {
        on.post("*1\r\n$4\r\nPING\r\n", 1, [&ended](auto) { ++ended; });
      }
    }
    EXPECT_EQ(ended, 10);
  }
}

}  // namespace
}  // namespace drover::connection::channel_tls_test
