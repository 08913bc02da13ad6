// SPDX-License-Identifier: MIT
// A client reaches a real server through TLS: with each way to trust it and to be trusted.
#include "integration/tls_world.hpp"
#include "support/tls_front.hpp"

namespace drover::test::tls_connect_test {
namespace {

TEST(tls_connect, AServerIsTrustedByAFileOrATextAndByNameOrAddress) {
  const tls_server server;
  const std::string file = server.folder.write("trusted.pem", server.ca.certificate());
  const struct {
    const char* host;
    tls_options with;
  } cases[] = {
      {"localhost", {.ca = {.text = server.ca.certificate()}}},
      {"127.0.0.1", {.ca = {.file = file}}},
      {"127.0.0.1", {.ca = {.file = file}, .server_name = "localhost"}},
  };
  for (const auto& test_case : cases) {
    tls_user user{server.url(test_case.host), test_case.with};
    user.wait_until_hit();
    EXPECT_EQ(user.redis.availability().state, availability::available) << test_case.host;
    EXPECT_EQ(user.seen->count(event_kind::connection_unverified), 0U);
  }
}

TEST(tls_connect, AnIpv6AddressIsVerified) {
  authority ca{"v6"};
  const auto own = ca.issue({.names = {"IP:::1"}});
  const redis_server redis;
  const tls_front front{{.own = own}, redis.socket_path()};
  tls_user user{"rediss://127.0.0.1:" + std::to_string(front.port()),
                {.ca = {.text = ca.certificate()}, .server_name = "::1"}};
  user.wait_until_hit();
}

TEST(tls_connect, PasswordAndDatabaseOfTheUrlAreUsed) {
  tls_server server;
  server.redis.command({"CONFIG", "SET", "requirepass", "c4nary-word"});
  tls_user user{"rediss://:c4nary-word@localhost:" + std::to_string(server.redis.tls_port()) + "/3",
                server.trusting()};
  user.wait_until_hit();
  raw_client inside = server.redis.connect();
  inside.command({"AUTH", "c4nary-word"});
  EXPECT_EQ(inside.command({"DBSIZE"}).root().integer(), 0);
  inside.command({"SELECT", "3"});
  EXPECT_GT(inside.command({"DBSIZE"}).root().integer(), 0);
}

TEST(tls_connect, ANumberOfVersionsIsSpoken) {
  for (const char* version : {"TLSv1.2", "TLSv1.3"}) {
    const tls_server server{{}, {"--tls-auth-clients", "no", "--tls-protocols", version}};
    tls_user user{server.url(), server.trusting()};
    user.wait_until_hit();
  }
}

TEST(tls_connect, AClientShowsItsCertificate) {
  tls_server server{{}, {"--tls-auth-clients", "yes"}};
  const auto mine = server.ca.issue({.names = {}});
  tls_options with = server.trusting();
  with.certificate.file = server.folder.write("mine.pem", mine.certificate);
  with.key.text = mine.key;
  tls_user user{server.url(), with};
  user.wait_until_hit();
}

TEST(tls_connect, AClientWithoutTheRightCertificateIsToldSo) {
  const tls_server server{{}, {"--tls-auth-clients", "yes"}};
  tls_user without{server.url(), server.trusting()};
  EXPECT_TRUE(holds(without.refusal(), "tls.certificate")) << without.refusal();
  authority other{"another authority"};
  const auto foreign = other.issue({.names = {}});
  tls_options with = server.trusting();
  with.certificate.text = foreign.certificate;
  with.key.text = foreign.key;
  tls_user stranger{server.url(), with};
  EXPECT_TRUE(holds(stranger.refusal(), "client certificate")) << stranger.refusal();
}

TEST(tls_connect, WithoutVerificationEachConnectIsReported) {
  const auto own = self_signed({.names = {"DNS:elsewhere"}});
  const tls_server server{&own, {}, {}};
  tls_user user{server.url(), {.verify = false}};
  user.wait_until_hit();
  EXPECT_EQ(user.seen->count(event_kind::connection_unverified), 1U);
  server.redis.command({"CLIENT", "KILL", "TYPE", "normal"});
  while (user.seen->count(event_kind::connection_up) < 2) static_cast<void>(user.users.get("42"));
  while (user.seen->count(event_kind::connection_unverified) < 2) std::this_thread::yield();
  EXPECT_TRUE(holds(user.seen->last(event_kind::connection_unverified).text, "tls.verify"));
}

TEST(tls_connect, AReconnectResumesTheSession) {
  for (const bool is_tls12 : {false, true}) {
    authority ca{"resumed"};
    const redis_server redis;
    tls_front front{{.own = ca.issue(), .is_tls12 = is_tls12}, redis.socket_path()};
    tls_user user{"rediss://localhost:" + std::to_string(front.port()),
                  {.ca = {.text = ca.certificate()}}};
    user.wait_until_hit();
    for (unsigned connection = 2; connection < 5; ++connection) {
      front.cut();
      while (front.connections() < connection) static_cast<void>(user.users.get("42"));
      EXPECT_EQ(front.resumed(), connection - 1) << "TLS 1.2: " << is_tls12;
      user.wait_until_hit();
    }
  }
}

}  // namespace
}  // namespace drover::test::tls_connect_test
