// SPDX-License-Identifier: MIT
// Credentials from a function, through a cache on a real server: they change while callers ask, and
// no call notices.
#include <mutex>
#include <stdexcept>
#include <utility>

#include "integration/gated_loads.hpp"

namespace drover::test::credentials_test {
namespace {

class changing_credentials : public fleet {
 protected:
  changing_credentials() {
    add_user("app_a", "+@all");
    setup.policy.ttl = 1h;
    with = setup.client();
    with.credentials_source = [this] {
      const std::lock_guard lock{mutex_};
      if (is_failing_) throw std::runtime_error{"cannot ask for " + secret};
      return credentials{user_, secret, duration{0}};
    };
  }

  void add_user(std::string_view name, std::string_view rights) const {
    server.command({"ACL", "SETUSER", name, "on", ">" + secret, "allkeys", "allchannels", rights});
  }
  void use(std::string user, bool is_failing = false) {
    const std::lock_guard lock{mutex_};
    user_ = std::move(user);
    is_failing_ = is_failing;
  }
  [[nodiscard]] bool is_connected_as(const std::string& user) const {
    const resp::message list = server.command({"CLIENT", "LIST"});
    return list.root().text().find(" user=" + user + " ") != std::string_view::npos;
  }
  [[nodiscard]] cache_options options() const { return {.name = "t", .policy = setup.policy}; }

  const std::string secret = "c4nary-rotated";
  client_options with;

 private:
  std::mutex mutex_;
  std::string user_ = "app_a";
  bool is_failing_ = false;
};

// As services do that rotate two users: each is deleted when the other one is in use. The server
// ends the connections of a deleted user, so none may be left.
TEST_F(changing_credentials, CostNoCallAndNoConnection) {
  cached_origin cached{origin, options(), with};
  static_cast<void>(cached.ask("0"));
  std::atomic<bool> over{false};
  crowd readers{4, [&](unsigned i) {
                  for (unsigned n = i; !over; ++n) {
                    const answer got = cached.ask(std::to_string(n % 100));
                    if (got.how == "bypassed") return got;
                  }
                  return answer{.how = "good"};
                }};
  readers.go();
  for (int round = 0; round < 50; ++round) {
    const std::string former = round % 2 == 0 ? "app_a" : "app_b";
    const std::string next = round % 2 == 0 ? "app_b" : "app_a";
    add_user(next, "+@all");
    use(next);
    cached.redis.credentials_changed();
    ASSERT_TRUE(eventually([&] { return is_connected_as(next) && !is_connected_as(former); }));
    server.command({"ACL", "DELUSER", former});
  }
  over = true;
  const tally all = readers.result();
  EXPECT_EQ(all.count("good"), 4U) << all.line();
  EXPECT_EQ(cached.log->count(event_kind::connection_up), 1U);
  EXPECT_EQ(cached.log->count(event_kind::login_failed), 0U);
}

TEST_F(changing_credentials, ThatAreRefusedAreReportedOnceAndCostNothing) {
  cached_origin cached{origin, options(), with};
  static_cast<void>(cached.ask("a"));
  use("nobody");
  cached.redis.credentials_changed();
  ASSERT_TRUE(eventually([&] { return cached.log->count(event_kind::login_failed) == 1; }));
  use("nobody", true);
  cached.redis.credentials_changed();
  EXPECT_EQ(cached.ask("a").how, "fresh");
  add_user("app_b", "+@all");
  use("app_b");
  cached.redis.credentials_changed();
  ASSERT_TRUE(eventually([&] { return is_connected_as("app_b"); }));
  EXPECT_EQ(cached.ask("a").how, "fresh");
  EXPECT_EQ(cached.log->count(event_kind::login_failed), 1U) << "once a minute at most";
  EXPECT_EQ(cached.log->count(event_kind::connection_up), 1U);
}

TEST_F(changing_credentials, OfAUserWithMoreRightsHealAnInvalidationWithoutAReconnect) {
  cached_origin cached{origin, options(), with};
  static_cast<void>(cached.ask("a"));
  server.command({"ACL", "SETUSER", "app_a", "-unlink"});
  origin.write("a");
  EXPECT_FALSE(cached.values.invalidate("a").has_value());
  cached_origin elsewhere{origin, setup};
  EXPECT_EQ(elsewhere.ask("a").value, "0:a") << "it cannot know";
  add_user("app_b", "+@all");
  use("app_b");
  cached.redis.credentials_changed();
  EXPECT_TRUE(eventually([&] { return elsewhere.ask("a").value == "1:a"; }));
  EXPECT_EQ(cached.log->count(event_kind::connection_up), 1U);
}

TEST_F(changing_credentials, ThatCannotBeHadAreARefusalThatHeals) {
  use("app_a", true);
  cached_origin cached{origin, options(), with};
  EXPECT_EQ(cached.ask("a").how, "bypassed");
  ASSERT_TRUE(eventually([&] {
    static_cast<void>(cached.ask("a"));
    return cached.redis.availability().state == availability::refused;
  }));
  const std::string reason = cached.redis.availability().reason;
  EXPECT_NE(reason.find("credentials_source threw"), std::string::npos) << reason;
  EXPECT_EQ(reason.find(secret), std::string::npos) << reason;
  EXPECT_EQ(cached.log->count(event_kind::connection_refused), 1U);
  use("app_a");
  EXPECT_TRUE(eventually([&] { return cached.ask("a").how == "fresh"; }));
}

}  // namespace
}  // namespace drover::test::credentials_test
