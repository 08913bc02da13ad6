// SPDX-License-Identifier: MIT
// The server refuses an invalidation: this process serves no older entry, and repeats the
// invalidation on the same connection until it is acknowledged.
#include <array>

#include "integration/gated_loads.hpp"

namespace drover::test::pending_invalidation_test {
namespace {

class pending_invalidation : public fleet {
 protected:
  pending_invalidation() {
    server.command(
        {"ACL", "SETUSER", "app", "on", ">c4nary-secret", "allkeys", "allchannels", "+@all"});
    setup.policy.ttl = 1h;
    app = setup.client();
    app.user = "app";
    app.password = "c4nary-secret";
  }
  void forbid() const { server.command({"ACL", "SETUSER", "app", "-unlink"}); }
  void permit() const { server.command({"ACL", "SETUSER", "app", "+unlink"}); }
  void want_replicas(std::string_view count) const {
    server.command({"CONFIG", "SET", "min-replicas-to-write", count});
  }
  [[nodiscard]] cache_options options() const { return {.name = "t", .policy = setup.policy}; }

  client_options app;
};

TEST_F(pending_invalidation, IsHonouredByTheProcessThatAskedForIt) {
  for (const duration grace : {duration{0}, duration{1h}}) {
    setup.policy.grace = grace;
    const std::string key = grace.count() == 0 ? "a" : "b";
    permit();
    cached_origin cached{origin, options(), app};
    EXPECT_EQ(cached.ask(key).value, "0:" + key);
    EXPECT_EQ(cached.ask(key).how, "fresh");
    forbid();
    origin.write(key);
    EXPECT_FALSE(cached.values.invalidate(key).has_value());
    EXPECT_EQ(cached.values.peek(key), std::nullopt);
    EXPECT_EQ(cached.ask(key).value, "1:" + key);
    // A lease that was granted since then settles the key.
    EXPECT_TRUE(eventually([&] { return cached.ask(key).how == "fresh"; }));
    EXPECT_EQ(cached.ask(key).value, "1:" + key);
    cached_origin elsewhere{origin, setup};
    EXPECT_EQ(elsewhere.ask(key).value, "1:" + key) << "by the fill";
  }
}

TEST_F(pending_invalidation, IsRepeatedOnTheLivingConnectionUntilItIsPermitted) {
  cached_origin cached{origin, options(), app};
  static_cast<void>(cached.ask("a"));
  forbid();
  origin.write("a");
  EXPECT_FALSE(cached.values.invalidate("a").has_value());
  cached_origin elsewhere{origin, setup};
  EXPECT_EQ(elsewhere.ask("a").value, "0:a") << "it cannot know";
  permit();
  EXPECT_TRUE(eventually([&] { return elsewhere.ask("a").value == "1:a"; }));
  EXPECT_EQ(cached.log->count(event_kind::connection_up), 1U);
}

TEST_F(pending_invalidation, IsRepeatedWhenTheServerHasItsReplicasAgain) {
  cached_origin cached{origin, options(), app};
  static_cast<void>(cached.ask("a"));
  want_replicas("1");
  origin.write("a");
  EXPECT_FALSE(cached.values.invalidate("a").has_value());
  EXPECT_EQ(cached.values.peek("a"), std::nullopt);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(cached.ask("a").value, "1:a");
  cached_origin elsewhere{origin, setup};
  want_replicas("0");
  EXPECT_TRUE(eventually([&] { return elsewhere.ask("a").value == "1:a"; }));
  EXPECT_TRUE(eventually([&] { return cached.ask("a").how == "fresh"; }));
  EXPECT_EQ(cached.log->count(event_kind::connection_up), 1U);
}

// A reader has already read the old entry when the repeated invalidation is acknowledged.
TEST_F(pending_invalidation, IsHonouredByAReaderThatItsAcknowledgementOvertakes) {
  constexpr unsigned keys = 16;
  std::array<std::atomic<int>, keys> versions{};
  std::array<std::atomic<int>, keys> invalidated{};
  client redis{app};
  text_cache cached{redis, options(), [&](std::string_view key) {
                      return std::to_string(versions.at(std::stoul(std::string{key})));
                    }};
  std::atomic<bool> over{false};
  crowd readers{8, [&](unsigned i) {
                  for (unsigned n = i; !over; ++n) {
                    const unsigned key = n % keys;
                    const int least = invalidated.at(key);
                    const answer got = ask(cached, std::to_string(key));
                    if (std::stoi(got.value) < least) return answer{.how = "old, " + got.how};
                  }
                  return answer{.how = "good"};
                }};
  readers.go();
  for (int round = 1; round <= 20; ++round) {
    want_replicas("1");
    for (unsigned key = 0; key < keys; ++key) {
      versions.at(key) = round;
      static_cast<void>(cached.invalidate(std::to_string(key)));
      invalidated.at(key) = round;
    }
    want_replicas("0");
    EXPECT_TRUE(eventually([&] { return ask(cached, "0").how == "fresh"; }));
  }
  over = true;
  const tally all = readers.result();
  EXPECT_EQ(all.count("good"), 8U) << all.line();
}

TEST_F(pending_invalidation, IsToldWhenThereAreTooManyToRemember) {
  server.stop();
  client_options few = setup.client();
  few.invalidations_max = 2;
  cached_origin cached{origin, options(), few};
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(cached.values.invalidate(std::to_string(i)).has_value());
  }
  EXPECT_EQ(cached.values.stats().invalidations_dropped, 3U);
  EXPECT_EQ(cached.log->count(event_kind::invalidation_dropped), 3U);
}

}  // namespace
}  // namespace drover::test::pending_invalidation_test
