// SPDX-License-Identifier: MIT
// The proxy of the auditor with TLS on either side: real servers, and clients that must refuse it.
// audit_torture_test.cpp compares the bytes.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "audit/proxy/live_capture.hpp"
#include "audit/proxy/tls_acceptor.hpp"
#include "integration/audit_proxy_world.hpp"
#include "integration/tls_world.hpp"
#include "process/scratch_folder.hpp"

namespace drover::test::audit_tls_test {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<connection::tls_context> context_of(const tls_options& with) {
  auto made = connection::make_tls_context(with);
  if (!made) throw std::runtime_error{made.error().text};
  return *made;
}

audit::proxy_settings in_front_of_tls(const tls_server& server) {
  audit::proxy_settings with = in_front_of({"localhost", server.redis.tls_port(), ""});
  with.server_tls = context_of(server.trusting());
  return with;
}

/// The certificate of a run, in a folder of its own.
struct own_certificate {
  own_certificate() : made{*audit::make_run_certificate(folder.path())} {}
  [[nodiscard]] std::shared_ptr<audit::tls_acceptor> acceptor() const {
    return *audit::make_tls_acceptor(made.files);
  }
  [[nodiscard]] tls_options trusting() const { return {.ca = {.file = made.authority.string()}}; }

  process::scratch_folder folder;
  audit::run_certificate made;
};

TEST(audit_tls, AServerWithTlsIsReachedWithoutIt) {
  const tls_server server;
  seen_records records;
  audit::live_capture sight{{}, records};
  ASSERT_TRUE(sight.start());
  spoken_proxy proxy{in_front_of_tls(server), &sight};
  auto client = raw_client::over_tcp(proxy.at.port);
  const std::string large(3'000'000, 'x');
  EXPECT_EQ(client.command({"SET", "k", large}).root().text(), "OK");
  EXPECT_EQ(client.command({"GET", "k"}).root().text(), large);
  proxy.inner.stop();
  sight.stop();
  EXPECT_EQ(records.count("set"), 1U);
  EXPECT_EQ(records.count("get"), 1U);
  EXPECT_TRUE(records.blind().empty());
  EXPECT_TRUE(proxy.lines().empty());
}

TEST(audit_tls, AClientWithTlsIsAuditedOnBothKindsOfServers) {
  const own_certificate own;
  const tls_server server;
  const redis_server plain{{.tcp = true, .arguments = {}}};
  for (const bool is_tls : {true, false}) {
    SCOPED_TRACE(is_tls);
    audit::proxy_settings with =
        is_tls ? in_front_of_tls(server) : in_front_of({"127.0.0.1", plain.port(), ""});
    with.client_tls = own.acceptor();
    seen_records records;
    audit::live_capture sight{{}, records};
    ASSERT_TRUE(sight.start());
    spoken_proxy proxy{with, &sight};
    {
      tls_user user{"rediss://localhost:" + std::to_string(proxy.at.port), own.trusting()};
      user.wait_until_hit();
    }
    proxy.inner.stop();
    sight.stop();
    EXPECT_GE(records.count("evalsha") + records.count("eval"), 1U);
    EXPECT_TRUE(records.blind().empty());
  }
}

TEST(audit_tls, AServerThatIsNotTrustedIsRefusedWithTheCause) {
  const tls_server server;
  const authority other{"another authority"};
  audit::proxy_settings with = in_front_of_tls(server);
  with.server_tls = context_of({.ca = {.text = other.certificate()}});
  spoken_proxy proxy{with};
  auto client = proxy.connect();
  client.send("PING\r\n");
  EXPECT_EQ(client.read_to_end().bytes, "");
  const auto lines = proxy.wait_for_lines(1);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(holds(lines[0], "unknown CA")) << lines[0];
}

TEST(audit_tls, AClientThatDoesNotSpeakTlsIsRefusedWithTheRemedy) {
  const own_certificate own;
  const redis_server plain{{.tcp = true, .arguments = {}}};
  audit::proxy_settings with = in_front_of({"127.0.0.1", plain.port(), ""});
  with.client_tls = own.acceptor();
  spoken_proxy proxy{with};
  for (int i = 0; i < 2; ++i) {
    auto client = proxy.connect();
    client.send("*1\r\n$4\r\nPING\r\n");
    EXPECT_EQ(client.read_to_end().bytes.find("PONG"), std::string::npos);
  }
  const auto lines = proxy.wait_for_lines(1);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(holds(lines[0], "rediss://")) << lines[0];
}

TEST(audit_tls, AClientThatDoesNotTrustTheProxyIsNamedAsSuch) {
  const own_certificate own;
  const redis_server plain{{.tcp = true, .arguments = {}}};
  audit::proxy_settings with = in_front_of({"127.0.0.1", plain.port(), ""});
  with.client_tls = own.acceptor();
  spoken_proxy proxy{with};
  const authority other{"another authority"};
  tls_user user{"rediss://localhost:" + std::to_string(proxy.at.port),
                {.ca = {.text = other.certificate()}}};
  EXPECT_TRUE(holds(user.refusal(), "unknown CA"));
  const auto lines = proxy.wait_for_lines(1);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(holds(lines[0], "authority (CA)")) << lines[0];
}

TEST(audit_tls, TheKeyOfARunIsForItsOwnerOnly) {
  const own_certificate own;
  struct stat status {};
  ASSERT_EQ(::stat(own.made.files.key.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const own_certificate another;
  std::ifstream key{own.made.files.key};
  std::ifstream other_key{another.made.files.key};
  EXPECT_NE(std::string(std::istreambuf_iterator<char>{key}, {}),
            std::string(std::istreambuf_iterator<char>{other_key}, {}));
}

TEST(audit_tls, FilesThatCannotBeUsedAreNamedWithTheOption) {
  const own_certificate own;
  const own_certificate another;
  const scratch_folder folder;
  const std::string text = folder.write("text", "not a certificate\n");
  const auto refusal = [](const audit::certificate_files& files) {
    const auto made = audit::make_tls_acceptor(files);
    return made ? std::string{"accepted"} : made.error().text;
  };
  EXPECT_TRUE(
      holds(refusal({"/no/such/file", own.made.files.key}), "--tls-cert /no/such/file: No"));
  EXPECT_TRUE(holds(refusal({own.made.files.certificate, "/no/such/file"}), "--tls-key /no/such"));
  EXPECT_TRUE(holds(refusal({text, own.made.files.key}), "--tls-cert " + text));
  EXPECT_TRUE(holds(refusal({own.made.files.certificate, text}), "--tls-key " + text));
  EXPECT_TRUE(holds(refusal({own.made.files.certificate, another.made.files.key}), "--tls-key"));
}

}  // namespace
}  // namespace drover::test::audit_tls_test
