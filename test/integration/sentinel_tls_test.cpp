// SPDX-License-Identifier: MIT
// TLS with Sentinel, on real groups: a failover under load, and certificates that are wrong.
#include "integration/sentinel_world.hpp"

namespace drover::test::sentinel_tls_test {
namespace {

class behind_tls_sentinels : public sentinel_fleet {
 protected:
  behind_tls_sentinels() : sentinel_fleet{{.tls = true}} {}
};

/// Asks until the client knows why it cannot use the server.
std::string refusal_of(cached_origin& cached) {
  EXPECT_TRUE(eventually(
      [&] {
        EXPECT_EQ(cached.ask("a").how, "bypassed");
        return cached.redis.availability().state == availability::refused;
      },
      failover_guard))
      << cached.redis.availability().reason;
  EXPECT_EQ(cached.log->count(event_kind::connection_refused), 1U);
  return cached.redis.availability().reason;
}

/// Asks until the reason contains `part`. A server with TLS only closes what it does not
/// understand, so nobody knows whether it refuses this client.
bool becomes_known(cached_origin& cached, std::string_view part) {
  return eventually([&] {
    EXPECT_EQ(cached.ask("a").how, "bypassed");
    return cached.redis.availability().reason.find(part) != std::string::npos;
  });
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_F(behind_tls_sentinels, AKilledPrimaryIsReplaced) {
  fail_over_under_load([](redis_server& former) { former.kill9(); });
}

TEST_F(behind_tls_sentinels, APlannedFailoverIsFollowed) {
  fail_over_under_load([&](redis_server&) { group.fail_over(); });
}

TEST_F(behind_tls_sentinels, CredentialsChangeOnTheLivingConnectionAndOnTheNextPrimary) {
  for (const auto& server : group.servers) {
    for (const char* user : {"app_a", "app_b"}) {
      server->command({"ACL", "SETUSER", user, "on", ">c4nary-own", "~*", "&*", "+@all"});
    }
  }
  std::atomic<bool> is_second{false};
  app.credentials_source = [&] {
    return credentials{.user = is_second ? "app_b" : "app_a", .password = "c4nary-own"};
  };
  const auto is_user = [&](const char* name) {
    const resp::message list = group.primary().command({"CLIENT", "LIST"});
    return has(std::string{list.root().text()}, std::string{" user="} + name + " ");
  };
  cached_origin cached{origin, options(), app};
  EXPECT_TRUE(comes_back(cached));
  EXPECT_TRUE(is_user("app_a"));
  is_second = true;
  cached.redis.credentials_changed();
  EXPECT_TRUE(eventually([&] { return is_user("app_b") && !is_user("app_a"); }));
  for (const auto& server : group.servers) server->command({"ACL", "DELUSER", "app_a"});
  EXPECT_TRUE(comes_back(cached));
  EXPECT_EQ(cached.log->count(event_kind::connection_up), 1U);
  redis_server& former = group.primary();
  former.kill9();
  ASSERT_TRUE(fails_over_from(former));
  EXPECT_TRUE(comes_back(cached));
  EXPECT_TRUE(is_user("app_b"));
}

TEST_F(behind_tls_sentinels, AnUnknownAuthorityOrAPlainUrlIsRefusedWithItsReason) {
  app.tls = {};
  cached_origin unknown{origin, options(), app};
  EXPECT_TRUE(has(refusal_of(unknown), "unknown CA")) << refusal_of(unknown);
  app.url.replace(0, std::string{"rediss"}.size(), "redis");
  cached_origin plain{origin, options(), app};
  EXPECT_TRUE(becomes_known(plain, "if it speaks TLS, use rediss+sentinel://"));
  // Only the sentinels speak TLS, according to the options.
  app.sentinel_tls = tls_options{.ca = {.text = group.ca.certificate()}};
  cached_origin half{origin, options(), app};
  EXPECT_TRUE(becomes_known(half, "if the servers speak TLS, use rediss+sentinel://"));
}

class behind_wrong_sentinels : public sentinel_fleet {
 protected:
  behind_wrong_sentinels()
      : sentinel_fleet{{.tls = true, .of_sentinels = {.names = {"DNS:sentinels.example"}}}} {}
};

TEST_F(behind_wrong_sentinels, AreNotBelievedUnlessTheOptionsNameThem) {
  {
    cached_origin cached{origin, options(), app};
    const std::string reason = refusal_of(cached);
    EXPECT_TRUE(has(reason, "not for 127.0.0.1, but for DNS:sentinels.example") ||
                has(reason, "not for 127.0.0.1, but for sentinels.example"))
        << reason;
    for (const auto& server : group.servers) EXPECT_FALSE(is_connected_to(*server));
  }
  app.sentinel_tls = app.tls;
  app.sentinel_tls->server_name = "sentinels.example";
  cached_origin cached{origin, options(), app};
  EXPECT_TRUE(comes_back(cached));
}

class behind_a_wrong_replica : public sentinel_fleet {
 protected:
  behind_a_wrong_replica()
      : sentinel_fleet{{.tls = true, .of_replicas = {.names = {"DNS:elsewhere.example"}}}} {}
};

// The certificate of the new primary is for another host: nothing is sent to it.
TEST_F(behind_a_wrong_replica, ANewPrimaryIsNotAccepted) {
  cached_origin cached{origin, options(), app};
  EXPECT_TRUE(comes_back(cached));
  redis_server& former = group.primary();
  former.kill9();
  ASSERT_TRUE(fails_over_from(former));
  ASSERT_TRUE(eventually(
      [&] {
        EXPECT_NE(cached.ask("a").value, "");
        return cached.redis.availability().state == availability::refused;
      },
      failover_guard));
  const std::string reason = cached.redis.availability().reason;
  EXPECT_TRUE(has(reason, "primary 127.0.0.1: ")) << reason;
  EXPECT_TRUE(has(reason, "not for 127.0.0.1, but for ")) << reason;
  EXPECT_FALSE(is_connected_to(group.primary()));
  EXPECT_EQ(cached.ask("b").how, "bypassed");
}

class behind_plain_sentinels : public sentinel_fleet {
 protected:
  behind_plain_sentinels() : sentinel_fleet{{.tls = true, .plain_sentinels = true}} {}
};

TEST_F(behind_plain_sentinels, ServersWithTlsAreUsed) {
  {
    client_options soon = app;
    soon.connect_max = 1s;
    cached_origin cached{origin, options(), soon};
    EXPECT_TRUE(becomes_known(cached, "if it speaks no TLS, set plain_sentinels"))
        << cached.redis.availability().reason;
  }
  app.plain_sentinels = true;
  cached_origin cached{origin, options(), app};
  EXPECT_TRUE(comes_back(cached));
  EXPECT_TRUE(is_connected_to(group.primary()));
}

}  // namespace
}  // namespace drover::test::sentinel_tls_test
