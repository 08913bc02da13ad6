// SPDX-License-Identifier: MIT
// The library's map of the hash slots beside what the nodes of a real cluster say in CLUSTER NODES,
// with each command, each version of the protocol and each kind of endpoint.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "cluster/map_reply.hpp"
#include "cluster/redirect.hpp"
#include "integration/fleet.hpp"
#include "support/cluster_servers.hpp"

namespace drover::test::cluster_map_test {
namespace {

class real_map : public testing::Test {
 protected:
  real_map() { ::alarm(is_sanitized ? 580 : 280); }
  ~real_map() override { ::alarm(0); }

  /// The map that this node gives with `command`, asked under the name "asked".
  static cluster::slot_map map_from(const redis_server& node, std::string_view command,
                                    bool resp3) {
    const cluster::map_source from{.asked = {"asked", node.port()}};
    raw_client client = resp3 ? node.connect3() : node.connect();
    const resp::message reply = client.command({"CLUSTER", command});
    const auto map = command == "SHARDS" ? cluster::read_cluster_shards(reply.root(), from)
                                         : cluster::read_cluster_slots(reply.root(), from);
    if (!map) throw std::runtime_error{map.error().text};
    return *map;
  }

  static void expect_same(const cluster::slot_map& map, const cluster_view& seen,
                          const std::string& host) {
    for (std::uint16_t slot = 0; slot < cluster_slots; ++slot) {
      const cluster::node* const owner = map.owner_of(slot);
      const seen_node* const expected = seen.owner_of(slot);
      ASSERT_EQ(owner != nullptr, expected != nullptr) << slot;
      if (owner == nullptr) continue;
      ASSERT_EQ(owner->id, expected->id) << slot;
      ASSERT_EQ(owner->at, (base::host_port{host, expected->port})) << slot;
    }
  }

  static void expect_maps(cluster_servers& servers, const std::string& host) {
    for (const auto& node : servers.nodes) {
      const cluster_view seen = servers.view_of(*node);
      for (const char* command : {"SHARDS", "SLOTS"}) {
        for (const bool resp3 : {false, true}) {
          SCOPED_TRACE(std::string{command} + (resp3 ? " in RESP3" : " in RESP2"));
          const cluster::slot_map map = map_from(*node, command, resp3);
          expect_same(map, seen, host);
          // CLUSTER SLOTS leaves out a replica that has nothing yet.
          EXPECT_GE(map.replicas().size(), command == std::string_view{"SHARDS"} ? 1U : 0U);
          EXPECT_LE(map.replicas().size(), 1U);
        }
      }
    }
  }

  static void compare_with(const std::filesystem::path& program) {
    cluster_servers servers{{.primaries = 2, .replicas_each = 1, .program = program}};
    // One replica less: every kind of shard occurs.
    servers.kill9(servers.replica_of(servers.owner_of(std::uint16_t{0})));
    ASSERT_TRUE(eventually(
        [&] {
          return std::ranges::all_of(servers.nodes, [&](const auto& node) {
            return node->pid() == 0 ||
                   std::ranges::any_of(servers.view_of(*node).nodes, &seen_node::has_failed);
          });
        },
        60s));
    std::erase_if(servers.nodes, [](const auto& node) { return node->pid() == 0; });
    expect_maps(servers, "127.0.0.1");
    set_on_all(servers, "cluster-preferred-endpoint-type", "unknown-endpoint");
    expect_maps(servers, "asked");
    set_on_all(servers, "cluster-preferred-endpoint-type", "hostname");
    expect_maps(servers, "127.0.0.1");  // no host name is configured
    set_on_all(servers, "cluster-announce-hostname", "localhost");
    ASSERT_TRUE(eventually([&] {
      return std::ranges::all_of(servers.nodes, [](const auto& node) {
        const resp::message seen = node->command({"CLUSTER", "NODES"});
        const std::string_view text = seen.root().text();
        std::size_t named = 0;
        for (auto at = text.find(",localhost"); at != std::string_view::npos;
             at = text.find(",localhost", at + 1)) {
          ++named;
        }
        return named == 3;
      });
    }));
    expect_maps(servers, "localhost");
  }

  static void set_on_all(cluster_servers& servers, std::string_view name, std::string_view value) {
    for (const auto& node : servers.nodes) {
      ASSERT_EQ(node->command({"CONFIG", "SET", name, value}).root().text(), "OK");
    }
  }
};

TEST_F(real_map, IsThatOfTheNodes) { compare_with({}); }

TEST_F(real_map, IsThatOfTheNodesOfRedis8) {
  const char* const program = std::getenv("DROVER_REDIS_8_SERVER");
  if (program == nullptr) GTEST_SKIP() << "DROVER_REDIS_8_SERVER is not the path of a Redis 8.0";
  compare_with(program);
}

TEST_F(real_map, IsThatOfTheNodesOfValkey) {
  const char* const program = std::getenv("DROVER_VALKEY_SERVER");
  if (program == nullptr) GTEST_SKIP() << "DROVER_VALKEY_SERVER is not the path of a Valkey";
  compare_with(program);
}

TEST_F(real_map, AServerOutsideAClusterGivesAReason) {
  const redis_server server;
  for (const char* command : {"SHARDS", "SLOTS"}) {
    const resp::message reply = server.command({"CLUSTER", command});
    const auto map = cluster::read_cluster_shards(reply.root(), {});
    ASSERT_FALSE(map);
    EXPECT_EQ(map.error().text, "the server is not part of a cluster");
  }
}

TEST_F(real_map, ShowsTheSlotsThatAMoveOrAFailoverConcerns) {
  cluster_servers servers;
  redis_server& source = servers.owner_of(std::uint16_t{0});
  redis_server& target = servers.owner_of(std::uint16_t{16383});
  const cluster::slot_map before = map_from(source, "SHARDS", true);
  servers.move_slots(servers.moves_between(source, target, 3));
  servers.await_settled();
  const cluster::slot_map moved = map_from(source, "SHARDS", true);
  const cluster::slot_set difference = cluster::moved_slots(before, moved);
  EXPECT_EQ(difference.count(), 3U);
  EXPECT_TRUE(difference[0] && difference[1] && difference[2]);

  const resp::message refused = source.command({"GET", "{fHh}"});  // its slot is 0
  const auto redirect = cluster::read_redirect(refused.root().text());
  ASSERT_TRUE(redirect) << refused.root().text();
  EXPECT_EQ(redirect->kind, cluster::redirect_kind::moved);
  EXPECT_EQ(redirect->slot, 0);
  EXPECT_EQ(redirect->to, moved.owner_of(0)->at);

  redis_server& replica = servers.replica_of(target);
  servers.fail_over_to(replica);
  ASSERT_TRUE(eventually([&] { return &servers.owner_of(std::uint16_t{0}) == &replica; }, 60s));
  servers.await_settled();
  const cluster::slot_map after = map_from(source, "SHARDS", true);
  const cluster::slot_set failed_over = cluster::moved_slots(moved, after);
  for (std::uint16_t slot = 0; slot < cluster_slots; ++slot) {
    ASSERT_EQ(failed_over[slot], moved.owner_of(slot)->at.port == target.port()) << slot;
  }
}

}  // namespace
}  // namespace drover::test::cluster_map_test
