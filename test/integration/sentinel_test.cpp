// SPDX-License-Identifier: MIT
// A client that finds its server through sentinels: failovers of every kind under load, sentinels
// that are down or lag behind, and wrong settings.
#include <algorithm>
#include <csignal>

#include "integration/sentinel_world.hpp"

namespace drover::test::sentinel_test {
namespace {

class behind_sentinels : public sentinel_fleet {};

TEST_F(behind_sentinels, ThePrimaryIsUsed) {
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("a").how, "loaded");
  EXPECT_EQ(cached.ask("a").how, "fresh");
  EXPECT_TRUE(is_connected_to(group.primary()));
  EXPECT_TRUE(cached.values.invalidate("a").has_value());
  EXPECT_EQ(cached.redis.check(30s, {"t"}).role, "primary");
}

TEST_F(behind_sentinels, AKilledPrimaryIsReplaced) {
  fail_over_under_load([](redis_server& former) { former.kill9(); });
}

TEST_F(behind_sentinels, AFrozenPrimaryIsReplaced) {
  fail_over_under_load([](redis_server& former) { former.pause(); });
}

TEST_F(behind_sentinels, APlannedFailoverIsFollowed) {
  fail_over_under_load([&](redis_server&) { group.fail_over(); });
}

// An invalidation that the former primary acknowledged and lost is sent again to the new one.
TEST_F(behind_sentinels, LostInvalidationsAreRepeatedOnTheNewPrimary) {
  setup.policy.grace = 1h;
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("a").how, "loaded");
  redis_server& former = group.primary();
  for (const auto& server : group.servers) {
    if (server.get() == &former) continue;
    ASSERT_TRUE(eventually([&] {
      return !server->command({"GET", value_key("a")}).root().is_null();
    }));
    server->pause();  // the replica does not get the invalidation
  }
  origin.write("a");
  ASSERT_TRUE(cached.values.invalidate("a").has_value());
  former.kill9();
  for (const auto& server : group.servers) server->resume();
  EXPECT_TRUE(fails_over_from(former));
  EXPECT_TRUE(comes_back(cached));
  cached_origin elsewhere{origin, setup};
  EXPECT_TRUE(eventually([&] { return elsewhere.ask("a").value == "1:a"; }, failover_guard));
}

TEST_F(behind_sentinels, OneSentinelSuffices) {
  group.sentinels[0]->kill9();
  group.sentinels[1]->pause();
  cached_origin cached{origin, setup};
  EXPECT_TRUE(comes_back(cached));
  group.sentinels[1]->resume();
}

TEST_F(behind_sentinels, WrongSettingsAreReportedWithTheirReason) {
  const auto is_reason = [&](const std::string& url, const std::string& part) {
    client_options options = setup.client();
    options.url = url;
    const client redis{options};
    std::string reason;
    EXPECT_TRUE(eventually([&] {
      const check_report report = redis.check(100ms, {"t"});
      EXPECT_EQ(report.state, readiness::unusable);
      reason = report.problems.empty() ? "" : report.problems[0].reason;
      return reason.find(part) != std::string::npos;
    })) << reason;
  };
  std::string other = group.url();
  other.replace(other.rfind("/main"), 5, "/other");
  is_reason(other, "does not know the service 'other'");
  is_reason("redis+sentinel://127.0.0.1:" + std::to_string(group.servers[0]->port()) + "/main",
            "is no sentinel");
  is_reason("redis+sentinel://127.0.0.1:1/main", "127.0.0.1:1: ");
}

TEST(sentinels_with_a_password, AreAskedWithTheirOwnCredentials) {
  ::alarm(is_sanitized ? 580 : 280);
  const sentinel_group group{{.sentinel_password = "c4nary-sentinel"}};
  client_options options;
  options.url = group.url();
  EXPECT_EQ(client{options}.check(100ms, {"t"}).state, readiness::unusable);
  options.sentinel_password = "c4nary-sentinel";
  const check_report report = client{options}.check(60s, {"t"});
  EXPECT_EQ(report.state, readiness::ready)
      << (report.problems.empty() ? "" : report.problems[0].reason);
  options.sentinel_user = "watcher";
  options.sentinel_password = "c4nary-watcher";
  for (const auto& sentinel : group.sentinels) {
    const resp::message done = sentinel->connect().command(
        {"ACL", "SETUSER", "watcher", "on", ">c4nary-watcher", "&+switch-master", "-@all", "+ping",
         "+subscribe", "+sentinel|get-master-addr-by-name", "+sentinel|master",
         "+sentinel|replicas"});
    ASSERT_EQ(done.root().text(), "OK");
    sentinel->connect().command({"ACL", "LOG", "RESET"});
  }
  {
    const client redis{options};
    EXPECT_EQ(redis.check(60s, {"t"}).state, readiness::ready);
    EXPECT_TRUE(eventually([&] {
      return std::ranges::any_of(group.sentinels, [](const auto& sentinel) {
        const resp::message listed = sentinel->connect().command({"CLIENT", "LIST"});
        return listed.root().text().find("user=watcher") != std::string_view::npos &&
               listed.root().text().find("sub=1") != std::string_view::npos;
      });
    })) << "it listens to a sentinel";
  }
  for (const auto& sentinel : group.sentinels) {
    EXPECT_EQ(sentinel->connect().command({"ACL", "LOG"}).root().size(), 0U);
  }
  options.sentinel_user.clear();
  options.sentinel_password = "c4nary-wrong";
  const check_report wrong = client{options}.check(100ms, {"t"});
  ASSERT_FALSE(wrong.problems.empty());
  EXPECT_EQ(wrong.problems[0].reason.find("c4nary-wrong"), std::string::npos);
  ::alarm(0);
}

}  // namespace
}  // namespace drover::test::sentinel_test
