// SPDX-License-Identifier: MIT
// Servers that a client must not talk to. It says why, without a secret, sends nothing, serves its
// callers from the origin, tries again, and heals by itself.
#include "integration/tls_world.hpp"
#include "support/byte_relay.hpp"
#include "support/tls_front.hpp"

namespace drover::test::tls_refusal_test {
namespace {

constexpr const char* secret = "secret-word";

/// Expects that the client refuses the server with this cause, and that no command reached it.
void expect_refused(const tls_server& server, const std::string& host, const tls_options& with,
                    std::string_view cause) {
  const std::string port = std::to_string(server.redis.tls_port());
  tls_user user{"rediss://somebody:" + std::string{secret} + "@" + host + ":" + port, with};
  const std::string reason = user.refusal();
  EXPECT_TRUE(holds(reason, cause)) << reason << "\nexpected: " << cause;
  EXPECT_TRUE(holds(reason, "rediss://" + host + ":" + port)) << reason;
  EXPECT_EQ(user.redis.availability().state, availability::refused) << reason;
  EXPECT_EQ(user.seen->count(event_kind::connection_up), 0U);
  EXPECT_EQ(user.seen->count(event_kind::connection_refused), 1U);
  for (const auto& each : user.seen->all()) EXPECT_FALSE(holds(each.text, secret)) << each.text;
  EXPECT_FALSE(holds(reason, secret)) << reason;
  const resp::message commands = server.redis.command({"INFO", "commandstats"});
  EXPECT_FALSE(holds(commands.root().text(), "hello")) << commands.root().text();
}

TEST(tls_refusal, ACertificateForAnotherHostIsRefusedWithItsNames) {
  const tls_server server{{.names = {"DNS:other.example", "IP:10.1.2.3"}}};
  expect_refused(server, "localhost", server.trusting(),
                 "not for localhost, but for other.example, 10.1.2.3");
  expect_refused(server, "127.0.0.1", server.trusting(), "not for 127.0.0.1");
  tls_options named = server.trusting();
  named.server_name = "third.example";
  expect_refused(server, "localhost", named, "not for third.example");
}

// The subject of a certificate is no name of a host, although old clients take it for one.
TEST(tls_refusal, ACertificateWithoutNamesIsRefused) {
  const tls_server server{{.names = {}}};
  expect_refused(server, "localhost", server.trusting(), "names no host");
}

TEST(tls_refusal, ACertificateOutsideItsTimeIsRefused) {
  const tls_server expired{{.from = -48h, .until = -1h}};
  expect_refused(expired, "localhost", expired.trusting(), "has expired");
  const tls_server early{{.from = 24h, .until = 48h}};
  expect_refused(early, "localhost", early.trusting(), "is not valid yet");
}

TEST(tls_refusal, AnUnknownAuthorityIsRefused) {
  const tls_server server;
  authority other{"another authority"};
  expect_refused(server, "localhost", {.ca = {.text = other.certificate()}}, "unknown CA");
  expect_refused(server, "localhost", {}, "unknown CA");  // the system does not know it either
}

// An authority of the same name with another key.
TEST(tls_refusal, AnAuthorityThatOnlyCarriesTheNameIsRefused) {
  const tls_server server;
  authority imposter{"test authority"};
  tls_user user{server.url(), {.ca = {.text = imposter.certificate()}}};
  EXPECT_FALSE(user.refusal().empty());
  EXPECT_EQ(user.seen->count(event_kind::connection_up), 0U);
}

TEST(tls_refusal, ASelfSignedCertificateIsRefusedUnlessItIsTrusted) {
  const auto own = self_signed();
  const tls_server server{&own, {}, {}};
  expect_refused(server, "localhost", server.trusting(), "self-signed");
  tls_user user{server.url(), {.ca = {.text = own.certificate}}};
  user.wait_until_hit();
}

TEST(tls_refusal, ARevokedCertificateIsRefused) {
  tls_server server;
  tls_options with = server.trusting();
  with.crl.text = server.ca.revocation_list({server.own.serial});
  expect_refused(server, "localhost", with, "revoked");
  with.crl.text = server.ca.revocation_list({server.own.serial + 1'000'000});
  tls_user user{server.url(), with};
  user.wait_until_hit();
}

TEST(tls_refusal, WithoutAValidListOfTheAuthorityAServerIsRefused) {
  tls_server server;
  authority other{"another authority"};
  tls_options with = server.trusting();
  with.crl.text = other.revocation_list({});
  expect_refused(server, "localhost", with, "tls.crl has no revocation list");
  with.crl.text = server.ca.revocation_list({}, -1h);
  expect_refused(server, "localhost", with, "tls.crl has expired");
}

TEST(tls_refusal, AServerWithoutTlsIsRefused) {
  const redis_server plain{{.tcp = true, .arguments = {}}};
  tls_user user{"rediss://localhost:" + std::to_string(plain.port()), {}, 1s};
  const std::string reason = user.refusal();
  EXPECT_TRUE(holds(reason, "does not speak TLS") || holds(reason, "the TLS handshake")) << reason;
  EXPECT_EQ(user.seen->count(event_kind::connection_up), 0U);
}

TEST(tls_refusal, AClientWithoutTlsAtATlsPortIsToldSo) {
  const tls_server server;
  tls_user user{"redis://localhost:" + std::to_string(server.redis.tls_port()), {}, 1s};
  const std::string reason = user.refusal();
  EXPECT_TRUE(holds(reason, "use rediss://")) << reason;
}

TEST(tls_refusal, AnOldVersionIsRefused) {
  authority ca{"old"};
  const redis_server redis;
  const tls_front front{{.own = ca.issue(), .is_old = true}, redis.socket_path()};
  tls_user user{"rediss://localhost:" + std::to_string(front.port()),
                {.ca = {.text = ca.certificate()}}};
  EXPECT_TRUE(holds(user.refusal(), "TLS 1.2 or newer")) << user.refusal();
}

TEST(tls_refusal, AHandshakeThatHangsEnds) {
  const tls_server server;
  byte_relay relay{server.redis.tls_port()};
  relay.hold(true);
  tls_user user{"rediss://localhost:" + std::to_string(relay.port()), server.trusting(), 200ms};
  EXPECT_TRUE(holds(user.refusal(), "no answer to the TLS handshake in time")) << user.refusal();
  relay.hold(false);
  user.wait_until_hit();
}

TEST(tls_refusal, ACertificateThatIsReplacedWhileTheServerRunsIsVerifiedAgain) {
  tls_server server;
  tls_user user{server.url(), server.trusting()};
  user.wait_until_hit();
  const auto replace_by = [&](const certificate_and_key& next) {
    server.redis.command({"CONFIG", "SET", "tls-cert-file",
                          server.folder.write("next.pem", next.certificate), "tls-key-file",
                          server.folder.write("next.key", next.key)});
    server.redis.command({"CLIENT", "KILL", "TYPE", "normal"});
  };
  replace_by(server.ca.issue({.names = {"DNS:other.example"}}));
  while (!holds(user.redis.availability().reason, "other.example")) {
    EXPECT_EQ(user.users.get("42"), "of 42");
  }
  replace_by(server.ca.issue());
  user.wait_until_hit();
}

// A resumed session brings no certificate; the one that was verified first may have expired. On a
// slow machine the first connection may come too late: then the next certificate is valid longer.
TEST(tls_refusal, AnExpiredCertificateIsNotResumed) {
  for (const bool is_tls12 : {false, true}) {
    bool was_up = false;
    for (auto valid = 2s; !was_up; valid *= 2) {
      authority ca{"short"};
      const redis_server redis;
      tls_front front{{.own = ca.issue({.until = valid}), .is_tls12 = is_tls12},
                      redis.socket_path()};
      tls_user user{"rediss://localhost:" + std::to_string(front.port()),
                    {.ca = {.text = ca.certificate()}}};
      do {
        front.cut();
        EXPECT_EQ(user.users.get("42"), "of 42");
        std::this_thread::sleep_for(10ms);
      } while (!holds(user.redis.availability().reason, "has expired"));
      was_up = user.seen->count(event_kind::connection_up) > 1;
      EXPECT_FALSE(user.redis.is_available());
    }
  }
}

}  // namespace
}  // namespace drover::test::tls_refusal_test
