// SPDX-License-Identifier: MIT
// The auditor in front of real sentinels: clients meet the listeners of the proxy only, and find
// the new primary after a failover through them.
#include <gtest/gtest.h>
#include <drover/cache.hpp>

#include <charconv>
#include <thread>

#include "audit/proxy/live_capture.hpp"
#include "audit/run/upstream.hpp"
#include "integration/audit_proxy_world.hpp"
#include "support/sentinels.hpp"
#include "text/usage_error.hpp"

namespace drover::test::audit_sentinel_test {
namespace {

using namespace std::chrono_literals;

void ignore(const std::string& /*line*/) {}

audit::proxy_settings in_front_of_sentinels(const std::string& upstream) {
  audit::upstream found = audit::explore(audit::server_from_option(upstream), {}, ignore);
  audit::proxy_settings with = in_front_of(found.first);
  with.several = std::move(found.several);
  return with;
}

std::uint16_t port_in(std::string_view text) {
  std::uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

std::string field_of(const resp::view& list, std::string_view name) {
  for (std::size_t i = 0; i + 1 < list.size(); i += 2) {
    if (list[i].text() == name) return std::string{list[i + 1].text()};
  }
  return {};
}

class audit_sentinel : public testing::Test {
 protected:
  audit_sentinel() {
    if (!sight_.start()) throw std::runtime_error{"capture"};
    proxy_.emplace(in_front_of_sentinels(group_.url()), &sight_);
  }
  /// The port of the listener of the primary.
  [[nodiscard]] std::uint16_t primary_port() const {
    auto client = raw_client::over_tcp(proxy_->at.port);
    const auto reply = client.command({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"});
    EXPECT_EQ(reply.root()[0].text(), "127.0.0.1");
    return port_in(reply.root()[1].text());
  }
  [[nodiscard]] bool is_server(std::uint16_t port) const {
    return std::ranges::any_of(group_.servers,
                               [&](const auto& server) { return server->port() == port; }) ||
           std::ranges::any_of(group_.sentinels,
                               [&](const auto& sentinel) { return sentinel->port() == port; });
  }

  sentinel_group group_;
  seen_records records_;
  audit::live_capture sight_{{}, records_};
  std::optional<spoken_proxy> proxy_;
};

TEST_F(audit_sentinel, EveryAddressIsThatOfAListener) {
  const std::uint16_t port = primary_port();
  EXPECT_FALSE(is_server(port));
  auto primary = raw_client::over_tcp(port);
  EXPECT_EQ(primary.command({"ROLE"}).root()[0].text(), "master");
  for (const char* const protocol : {"2", "3"}) {
    SCOPED_TRACE(protocol);
    auto client = raw_client::over_tcp(proxy_->at.port);
    client.command({"HELLO", protocol});
    const auto replicas = client.command({"SENTINEL", "REPLICAS", "main"});
    EXPECT_EQ(replicas.root().size(), 2U);
    for (std::size_t i = 0; i < replicas.root().size(); ++i) {
      const std::uint16_t at = port_in(field_of(replicas.root()[i], "port"));
      EXPECT_FALSE(is_server(at));
      EXPECT_EQ(field_of(replicas.root()[i], "master-port"), std::to_string(port));
      EXPECT_EQ(raw_client::over_tcp(at).command({"ROLE"}).root()[0].text(), "slave");
    }
    const auto sentinels = client.command({"SENTINEL", "SENTINELS", "main"});
    EXPECT_EQ(sentinels.root().size(), 2U);
    for (std::size_t i = 0; i < sentinels.root().size(); ++i) {
      const std::uint16_t at = port_in(field_of(sentinels.root()[i], "port"));
      EXPECT_FALSE(is_server(at));
      EXPECT_EQ(raw_client::over_tcp(at).command({"ROLE"}).root()[0].text(), "sentinel");
    }
    const auto itself = client.command({"SENTINEL", "MASTER", "main"});
    EXPECT_EQ(field_of(itself.root(), "port"), std::to_string(port));
  }
}

TEST_F(audit_sentinel, AFailoverIsAnnouncedAndFollowed) {
  const std::uint16_t before = primary_port();
  auto listener = raw_client::over_tcp(proxy_->at.port);
  listener.command({"HELLO", "3"});
  listener.send_command({"SUBSCRIBE", "+switch-master"});
  ASSERT_TRUE(listener.read_push());
  redis_server& former = group_.primary();
  group_.fail_over();
  const auto push = listener.read_push(60s);
  ASSERT_TRUE(push);
  std::string text{push->root()[2].text()};
  EXPECT_TRUE(text.starts_with("main 127.0.0.1 " + std::to_string(before) + " 127.0.0.1 ")) << text;
  const std::uint16_t after = port_in(text.substr(text.rfind(' ') + 1));
  EXPECT_FALSE(is_server(after));
  EXPECT_NE(after, before);
  while (!group_.has_left(former)) std::this_thread::yield();
  EXPECT_EQ(primary_port(), after);
  EXPECT_EQ(raw_client::over_tcp(after).command({"SET", "k", "v"}).root().text(), "OK");
  EXPECT_EQ(group_.primary().command({"GET", "k"}).root().text(), "v");
}

TEST_F(audit_sentinel, TheLibraryIsAuditedThroughAFailover) {
  const std::string url = "redis+sentinel://127.0.0.1:" + std::to_string(proxy_->at.port) + "/main";
  {
    client redis{{.url = url, .connect_max = 20s, .silence_max = 20s}};
    cache<std::string> users{redis,
                             {.name = "user", .policy = {.ttl = 1h}},
                             [](std::string_view key) { return "of " + std::string{key}; }};
    const auto wait_until_hit = [&](const std::string& key) {
      const auto end = std::chrono::steady_clock::now() + 90s;  // only a hang takes so long
      while (users.fetch(key).how != served::fresh) {
        ASSERT_LT(std::chrono::steady_clock::now(), end) << redis.availability().reason;
        std::this_thread::yield();
      }
    };
    wait_until_hit("1");
    redis_server& former = group_.primary();
    group_.fail_over();
    while (!group_.has_left(former)) std::this_thread::yield();
    wait_until_hit("2");
  }
  proxy_->inner.stop();
  sight_.stop();
  EXPECT_GE(records_.count("evalsha") + records_.count("eval"), 2U);
  EXPECT_EQ(records_.count("sentinel"), 0U);
  EXPECT_TRUE(records_.blind().empty());
}

TEST(audit_sentinel_refusal, ACauseAndARemedyAreNamed) {
  const redis_server single{{.tcp = true, .arguments = {}}};
  const auto refusal = [](const std::string& upstream) {
    try {
      static_cast<void>(audit::explore(audit::server_from_option(upstream), {}, ignore));
    } catch (const text::usage_error& error) {
      return std::string{error.what()};
    }
    return std::string{"accepted"};
  };
  const std::string nowhere = refusal("redis+sentinel://u:hush@127.0.0.1:1,127.0.0.1:2/main");
  EXPECT_NE(nowhere.find("127.0.0.1:1"), std::string::npos) << nowhere;
  EXPECT_NE(nowhere.find("--upstream"), std::string::npos) << nowhere;
  EXPECT_EQ(nowhere.find("hush"), std::string::npos) << nowhere;
  const std::string wrong =
      refusal("redis+sentinel://127.0.0.1:" + std::to_string(single.port()) + "/main");
  EXPECT_NE(wrong.find("no sentinel"), std::string::npos) << wrong;
}

}  // namespace
}  // namespace drover::test::audit_sentinel_test
