// SPDX-License-Identifier: MIT
// A cluster whose nodes speak TLS to clients and to each other: every node is verified, also one
// that becomes known by a redirect.
#include <algorithm>
#include <string>
#include <vector>

#include "cluster/key_slot.hpp"
#include "integration/fleet.hpp"
#include "integration/tls_world.hpp"
#include "support/cluster_servers.hpp"

namespace drover::test::cluster_tls_test {
namespace {

class cluster_over_tls : public testing::Test {
 protected:
  cluster_over_tls() { ::alarm(is_sanitized ? 580 : 280); }
  ~cluster_over_tls() override { ::alarm(0); }

  static cluster_servers::options options_of(const scratch_folder& folder, authority& ca) {
    const certificate_and_key own = ca.issue();
    return {
        .primaries = 3,
        .replicas_each = 0,
        .node_timeout = 30s,
        .arguments = {"--tls-cert-file", folder.write("server.pem", own.certificate),
                      "--tls-key-file", folder.write("server.key", own.key), "--tls-ca-cert-file",
                      folder.write("ca.pem", ca.certificate()), "--tls-auth-clients", "no",
                      "--tls-cluster", "yes", "--tls-replication", "yes"},
        .tls = true};
  }

  scratch_folder folder;
  authority ca{"test authority"};
  cluster_servers group{options_of(folder, ca)};
};

TEST_F(cluster_over_tls, EachNodeIsReachedAtItsPortForTls) {
  for (const std::string& url :
       {group.url(), "rediss://127.0.0.1:" + std::to_string(group.nodes[1]->tls_port())}) {
    tls_user user{url, {.ca = {.text = ca.certificate()}}};
    for (int i = 0; i < 30; ++i) {
      const std::string key = url.substr(0, 14) + std::to_string(i);
      EXPECT_EQ(user.users.fetch(key).how, served::loaded) << key;
      EXPECT_EQ(user.users.fetch(key).how, served::fresh) << key;
      EXPECT_TRUE(user.users.invalidate(key).has_value()) << key;
      EXPECT_EQ(user.users.fetch(key).how, served::loaded) << key;
    }
    EXPECT_EQ(user.users.stats().bypasses, 0U);
    EXPECT_EQ(user.redis.availability().state, availability::available);
  }
}

TEST_F(cluster_over_tls, ANodeOfAnotherAuthorityIsRefused) {
  authority other{"another authority"};
  tls_user user{group.url(), {.ca = {.text = other.certificate()}}};
  EXPECT_NE(user.refusal().find("certificate"), std::string::npos);
}

}  // namespace
}  // namespace drover::test::cluster_tls_test
