// SPDX-License-Identifier: MIT
// Connections with TLS that end, are cut inside a record, or bring damaged or halved records. Every
// call gets its value, and the client heals by itself.
#include <atomic>

#include "integration/tls_world.hpp"
#include "support/byte_relay.hpp"
#include "support/sanitized.hpp"
#include "support/tls_front.hpp"

namespace drover::test::tls_fault_test {
namespace {

/// A server behind a relay.
struct relayed {
  [[nodiscard]] std::string url() const {
    return "rediss://localhost:" + std::to_string(relay.port());
  }
  tls_server server;
  byte_relay relay{server.redis.tls_port()};
};

TEST(tls_fault, AnEndWithAndWithoutAFarewellIsToldApart) {
  relayed world;
  tls_user user{world.url(), world.server.trusting()};
  user.wait_until_hit();
  world.server.redis.command({"CLIENT", "KILL", "TYPE", "normal"});
  while (user.seen->count(event_kind::connection_down) < 1) {
    EXPECT_EQ(user.users.get("42"), "of 42");
  }
  EXPECT_TRUE(holds(user.seen->last(event_kind::connection_down).text, "the connection was lost"));
  user.wait_until_hit();
  world.relay.cut_now();
  while (user.seen->count(event_kind::connection_down) < 2) {
    EXPECT_EQ(user.users.get("42"), "of 42");
  }
  EXPECT_TRUE(holds(user.seen->last(event_kind::connection_down).text, "close_notify"))
      << user.seen->last(event_kind::connection_down).text;
  user.wait_until_hit();
}

TEST(tls_fault, RecordsThatComeByteByByteAreRead) {
  relayed world;
  world.relay.slice(1);
  tls_user user{world.url(), world.server.trusting()};
  user.wait_until_hit();
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(user.users.get(std::to_string(i)), "of " + std::to_string(i));
  EXPECT_EQ(user.seen->count(event_kind::connection_down), 0U);
}

/// The number of bytes that a server sends until a client has had a hit.
std::uint64_t bytes_of_a_visit(relayed& world) {
  const std::uint64_t before = world.relay.bytes_from_server();
  tls_user user{world.url(), world.server.trusting()};
  user.wait_until_hit();
  return world.relay.bytes_from_server() - before;
}

// The handshake and the first replies, cut and damaged at many places. There is one connection that
// is cut at each place: later ones are whole.
TEST(tls_fault, CutsAndDamageAtAnyByteCostNoValue) {
  relayed world;
  const std::uint64_t all = bytes_of_a_visit(world);
  const std::uint64_t apart = is_sanitized ? 509 : 127;
  int faults = 0;
  for (std::uint64_t at = 1; at < all; at += apart) {
    for (const bool is_cut : {true, false}) {
      (is_cut ? world.relay.cut_from_server_after(at) : world.relay.damage_from_server_at(at));
      tls_user user{world.url(), world.server.trusting()};
      for (int i = 0; i < 3; ++i) EXPECT_EQ(user.users.get("42"), "of 42") << at;
      world.relay.cut_from_server_after(byte_relay::never);
      world.relay.damage_from_server_at(byte_relay::never);
      user.wait_until_hit();
      faults += user.seen->count(event_kind::connection_up) != 1 ? 1 : 0;
      for (const auto& each : user.seen->all()) EXPECT_FALSE(holds(each.text, "of 42"));
    }
  }
  EXPECT_GT(faults, 0);
}

TEST(tls_fault, RequestsThatAreCutAreSentAgain) {
  relayed world;
  tls_user first{world.url(), world.server.trusting()};
  first.wait_until_hit();
  for (std::uint64_t at = 400; at < 1500; at += is_sanitized ? 300 : 97) {
    world.relay.cut_to_server_after(at);
    tls_user user{world.url(), world.server.trusting()};
    EXPECT_EQ(user.users.get("42"), "of 42") << at;
    world.relay.cut_to_server_after(byte_relay::never);
    user.wait_until_hit();
  }
}

TEST(tls_fault, LongValuesPassInBothDirections) {
  relayed world;
  tls_user user{world.url(), world.server.trusting()};
  cache<std::string> values{
      user.redis, {.name = "long", .policy = {.ttl = 1h}}, [](std::string_view key) {
        return std::string(std::stoul(std::string{key}), 'x');
      }};
  for (const std::size_t size : {16'000U, 16'384U, 65'536U, 1'000'000U, 5'000'000U}) {
    const std::string key = std::to_string(size);
    EXPECT_EQ(values.get(key)->size(), size);
    const auto again = values.fetch(key);
    EXPECT_EQ(again.how, served::fresh) << size;
    EXPECT_EQ(again.value->size(), size);
  }
}

TEST(tls_fault, KeysThatChangeAndSmallRecordsAreFollowed) {
  authority ca{"busy"};
  const redis_server redis;
  const tls_front front{{.own = ca.issue(), .changes_keys = true, .has_small_records = true},
                        redis.socket_path()};
  tls_user user{"rediss://localhost:" + std::to_string(front.port()),
                {.ca = {.text = ca.certificate()}}};
  user.wait_until_hit();
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(user.users.get(std::to_string(i)), "of " + std::to_string(i));
  }
  EXPECT_GT(front.key_updates(), 200U);
  EXPECT_EQ(user.seen->count(event_kind::connection_down), 0U);
}

TEST(tls_fault, RenegotiationIsDeclined) {
  authority ca{"again"};
  const redis_server redis;
  const tls_front front{{.own = ca.issue(), .is_tls12 = true, .renegotiates = true},
                        redis.socket_path()};
  tls_user user{"rediss://localhost:" + std::to_string(front.port()),
                {.ca = {.text = ca.certificate()}}};
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(user.users.get(std::to_string(i)), "of " + std::to_string(i));
  }
}

TEST(tls_fault, AServerThatLeavesInSilenceIsReplaced) {
  authority ca{"silent"};
  const redis_server redis;
  tls_front front{{.own = ca.issue(), .leaves_in_silence = true}, redis.socket_path()};
  tls_user user{"rediss://localhost:" + std::to_string(front.port()),
                {.ca = {.text = ca.certificate()}}};
  for (unsigned round = 1; round < 4; ++round) {
    user.wait_until_hit();
    front.cut();
    while (front.connections() <= round) EXPECT_EQ(user.users.get("42"), "of 42");
  }
}

// Threads read, load and invalidate while connections die.
TEST(tls_fault, ThreadsGetTheirOwnValuesWhileConnectionsDie) {
  relayed world;
  tls_user user{world.url(), world.server.trusting()};
  std::atomic<bool> stop{false};
  std::vector<std::jthread> callers;
  for (int c = 0; c < 8; ++c) {
    callers.emplace_back([&, c] {
      for (int i = 0; !stop; ++i) {
        const std::string key = std::to_string(c) + ":" + std::to_string(i % 50);
        ASSERT_EQ(user.users.get(key), "of " + key);
        if (i % 10 == 0) static_cast<void>(user.users.invalidate(key));
      }
    });
  }
  for (int i = 0; i < 10; ++i) {
    std::this_thread::sleep_for(20ms);
    i % 2 == 0
        ? world.relay.cut_now()
        : static_cast<void>(world.server.redis.command({"CLIENT", "KILL", "TYPE", "normal"}));
  }
  stop = true;
  callers.clear();
  user.wait_until_hit();
}

}  // namespace
}  // namespace drover::test::tls_fault_test
