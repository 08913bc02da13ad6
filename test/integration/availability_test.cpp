// SPDX-License-Identifier: MIT
// The availability that a client reports, and the reason.
#include "integration/gated_loads.hpp"
#include "support/reply_proxy.hpp"

namespace drover::test::availability_test {
namespace {

class availability_of_the_server : public fleet {
 protected:
  [[nodiscard]] cache_options options() const { return {.name = "t", .policy = setup.policy}; }

  /// Expects a server that refuses the client: `availability` reports it with the reason, and one
  /// event is reported.
  void expect_refused(const client_options& with, std::string_view reason) {
    cached_origin cached{origin, options(), with};
    for (int i = 0; i < 3; ++i) EXPECT_EQ(cached.ask("a").how, "bypassed");
    EXPECT_TRUE(eventually([&] {
      static_cast<void>(cached.ask("a"));
      return cached.redis.availability().state == availability::refused;
    }));
    const std::string reason_text = cached.redis.availability().reason;
    EXPECT_NE(reason_text.find(reason), std::string::npos) << reason_text;
    EXPECT_FALSE(cached.redis.is_available());
    EXPECT_EQ(cached.log->count(event_kind::connection_refused), 1U);
  }
};

TEST_F(availability_of_the_server, IsUnknownBeforeAnythingWasTried) {
  const client redis{setup.client()};
  EXPECT_EQ(redis.availability().state, availability::unknown);
  EXPECT_EQ(redis.availability().reason, "");
  EXPECT_TRUE(redis.is_available());
  EXPECT_EQ(to_string(availability::unknown), "unknown");
}

TEST_F(availability_of_the_server, FollowsTheServer) {
  cached_origin cached{origin, setup};
  static_cast<void>(cached.ask("a"));
  EXPECT_EQ(cached.redis.availability().state, availability::available);
  server.stop();
  EXPECT_TRUE(eventually([&] {
    static_cast<void>(cached.ask("a"));
    return cached.redis.availability().state == availability::away;
  }));
  EXPECT_NE(cached.redis.availability().reason, "");
  EXPECT_FALSE(cached.redis.is_available());
  server.restart();
  EXPECT_TRUE(eventually([&] {
    static_cast<void>(cached.ask("a"));
    return cached.redis.availability().state == availability::available;
  }));
  EXPECT_EQ(cached.redis.availability().reason, "");
  EXPECT_EQ(cached.log->count(event_kind::connection_refused), 0U);
}

TEST_F(availability_of_the_server, IsRefusedForAWrongPassword) {
  server.command({"CONFIG", "SET", "requirepass", "c4nary-right"});
  client_options with = setup.client();
  with.password = "c4nary-wrong";
  expect_refused(with, "WRONGPASS");
  with.password.clear();
  expect_refused(with, "NOAUTH");
}

TEST_F(availability_of_the_server, IsRefusedInClusterMode) {
  const redis_server cluster{{.tcp = false, .arguments = {"--cluster-enabled", "yes"}}};
  setup.url = cluster.url();
  expect_refused(setup.client(), "cluster");
}

TEST_F(availability_of_the_server, IsUnavailableForReasonsThatAreToldApart) {
  setup.url = nobodys_url;
  cached_origin nobody{origin, setup};
  static_cast<void>(nobody.ask("a"));
  EXPECT_EQ(nobody.redis.availability().state, availability::away);
  const std::string no_socket = nobody.redis.availability().reason;
  EXPECT_EQ(no_socket.find("refused"), std::string::npos) << no_socket;

  std::uint16_t closed_port = 0;
  {
    const redis_server gone{{.tcp = true, .arguments = {}}};
    closed_port = gone.port();
  }
  setup.url = "redis://127.0.0.1:" + std::to_string(closed_port);
  cached_origin closed{origin, setup};
  static_cast<void>(closed.ask("a"));
  EXPECT_NE(closed.redis.availability().reason.find("refused"), std::string::npos)
      << closed.redis.availability().reason;
}

TEST_F(availability_of_the_server, IsRefusedForAMissingRightUntilItIsGiven) {
  const struct {
    const char* revoke;
    const char* grant;
    const char* named;
    const char* named_later;  ///< by Redis 8 and Valkey
  } rights[] = {{"-get", "+get", "'get'", "'get'"},
                {"-evalsha", "+evalsha", "'evalsha'", "'evalsha'"},
                {"-set", "+set", "can't run this command", "'set'"},
                {"resetkeys", "~*", "keys", "a key"}};
  for (const auto& right : rights) {
    // Without scripts, comparisons or transactions would do.
    if (std::string_view{right.revoke} == "-evalsha" && knows_comparisons(server)) continue;
    server.command({"ACL", "SETUSER", "app", "reset", "on", ">c4nary-secret", "~*", "&*", "+@all",
                    "-@transaction"});
    client_options with = setup.client();
    with.user = "app";
    with.password = "c4nary-secret";
    cached_origin cached{origin, options(), with};
    const auto key = [&](const char* prefix) { return std::string{prefix} + right.grant; };
    EXPECT_EQ(cached.ask(key("warm")).how, "loaded");
    server.command({"ACL", "SETUSER", "app", right.revoke});
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(cached.ask(key("cold") + std::to_string(i)).how, "bypassed") << right.revoke;
    }
    EXPECT_EQ(cached.redis.availability().state, availability::refused) << right.revoke;
    const std::string reason_text = cached.redis.availability().reason;
    const bool is_named = reason_text.find(right.named) != std::string::npos ||
                          reason_text.find(right.named_later) != std::string::npos;
    EXPECT_TRUE(is_named) << reason_text;
    EXPECT_FALSE(cached.redis.is_available());
    EXPECT_EQ(cached.log->count(event_kind::connection_refused), 1U);

    server.command({"ACL", "SETUSER", "app", right.grant});
    EXPECT_EQ(cached.ask(key("new")).how, "loaded") << "it was asked all the time";
    EXPECT_EQ(cached.redis.availability().state, availability::available) << right.revoke;
    EXPECT_EQ(cached.redis.availability().reason, "");
    EXPECT_TRUE(cached.redis.is_available());
    EXPECT_EQ(cached.log->count(event_kind::connection_up), 1U);
  }
}

TEST_F(availability_of_the_server, IsNoLongerRefusedOnANewConnection) {
  server.command({"ACL", "SETUSER", "app", "reset", "on", ">c4nary-secret", "~*", "&*", "+@all"});
  client_options with = setup.client();
  with.user = "app";
  with.password = "c4nary-secret";
  cached_origin cached{origin, options(), with};
  EXPECT_EQ(cached.ask("a").how, "loaded");
  server.command({"ACL", "SETUSER", "app", "-set"});
  EXPECT_EQ(cached.ask("b").how, "bypassed");
  EXPECT_EQ(cached.ask("a").how, "fresh");
  EXPECT_EQ(cached.redis.availability().state, availability::refused) << "leases are refused";
  server.command({"ACL", "SETUSER", "app", "+set"});
  server.command({"CLIENT", "KILL", "USER", "app"});
  EXPECT_TRUE(eventually([&] {
    EXPECT_EQ(cached.ask("a").how, "fresh");
    return cached.redis.availability().state == availability::available;
  }));
}

TEST_F(availability_of_the_server, IsNotRefusedWhereOtherCommandsReplaceScripts) {
  reply_proxy proxy{server};
  proxy.add({.command = "lease",
             .does = deed::replace,
             .bytes = "-ERR unknown command 'EVALSHA'\r\n",
             .times = always});
  setup.url = proxy.url();
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("a").how, "loaded");
  EXPECT_EQ(cached.ask("a").how, "fresh");
  EXPECT_EQ(cached.redis.availability().state, availability::available);
  EXPECT_EQ(cached.log->count(event_kind::connection_refused), 1U) << "what is used instead";
}

TEST_F(availability_of_the_server, NeverNamesThePasswordThatTheServerRepeats) {
  in_child([&] {
    for (const std::string reason_text :
         {"-ERR unknown command 'hello' with args '3' 'auth' 'ann' 's3cret-word'\r\n",
          "-ERR wrong number of arguments: 3 Auth ann s3cret-word\r\n",
          "-s3cret-word is no password\r\n", "-ERR $11 s3cret-word\r\n"}) {
      reply_proxy proxy{server};
      proxy.add({.command = "HELLO", .does = deed::replace, .bytes = reason_text, .times = always});
      client_options with = setup.client();
      with.url = proxy.url();
      with.user = "ann";
      with.password = "s3cret-word";
      cached_origin cached{origin, options(), with};
      EXPECT_EQ(cached.ask("a").how, "bypassed");
      std::vector<std::string> texts{cached.redis.availability().reason};
      for (std::size_t code = 0; code < fault_code_count; ++code) {
        for (std::string& text : cached.log->faults(static_cast<fault_code>(code))) {
          texts.push_back(std::move(text));
        }
      }
      EXPECT_GE(texts.size(), 2U);
      for (const std::string& text : texts) {
        EXPECT_EQ(text.find("s3cret-word"), std::string::npos) << text;
      }
    }
  });
}

}  // namespace
}  // namespace drover::test::availability_test
