// SPDX-License-Identifier: MIT
// The cluster that other tests use: its faults and changes take effect, and its view of them is
// right.
#include "support/cluster_servers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "integration/fleet.hpp"

namespace drover::test::cluster_servers_test {
namespace {

constexpr std::chrono::seconds change_guard{60};

class real_cluster : public testing::Test {
 protected:
  real_cluster() { ::alarm(is_sanitized ? 580 : 280); }
  ~real_cluster() override { ::alarm(0); }

  static std::string error_of(const redis_server& node,
                              std::initializer_list<std::string_view> arguments) {
    const resp::message reply = node.command(arguments);
    return reply.root().is_error() ? std::string{reply.root().text()} : std::string{};
  }
};

TEST_F(real_cluster, SpreadsItsSlotsOverThePrimaries) {
  cluster_servers cluster;
  EXPECT_TRUE(cluster.is_settled());
  EXPECT_EQ(cluster.nodes.size(), 6U);
  std::set<const redis_server*> owners;
  for (std::uint16_t slot = 0; slot < cluster_slots; slot = std::uint16_t(slot + 64)) {
    owners.insert(&cluster.owner_of(slot));
  }
  EXPECT_EQ(owners.size(), 3U);
  redis_server& owner = cluster.owner_of("foo");
  EXPECT_EQ(cluster.slot_of("foo"), 12182);
  EXPECT_EQ(error_of(owner, {"SET", "foo", "1"}), "");
  for (const auto& node : cluster.nodes) {
    if (node.get() == &owner) continue;
    EXPECT_EQ(error_of(*node, {"SET", "foo", "1"}),
              "MOVED 12182 127.0.0.1:" + std::to_string(owner.port()));
  }
  EXPECT_EQ(std::ranges::count(cluster.url(), ','), 5);
}

TEST_F(real_cluster, ReplacesAPrimaryThatIsKilledOrFrozen) {
  cluster_servers cluster{{.node_timeout = 1s}};
  redis_server& killed = cluster.owner_of("foo");
  redis_server& successor = cluster.replica_of(killed);
  cluster.kill9(killed);
  ASSERT_TRUE(eventually([&] { return &cluster.owner_of("foo") == &successor; }, change_guard));
  cluster.await_settled();
  cluster.restart(killed);
  cluster.await_settled();
  EXPECT_EQ(&cluster.replica_of(successor), &killed) << "it is back as a replica";

  cluster.freeze(successor);
  ASSERT_TRUE(eventually([&] { return &cluster.owner_of("foo") == &killed; }, change_guard));
  cluster.thaw(successor);
  cluster.await_settled();
  EXPECT_EQ(&cluster.owner_of("foo"), &killed);
}

TEST_F(real_cluster, FailsOverByHand) {
  cluster_servers cluster;
  for (const auto how : {cluster_servers::failover::agreed, cluster_servers::failover::forced,
                         cluster_servers::failover::taken_over}) {
    redis_server& replica = cluster.replica_of(cluster.owner_of("foo"));
    cluster.fail_over_to(replica, how);
    ASSERT_TRUE(eventually([&] { return &cluster.owner_of("foo") == &replica; }, change_guard));
    cluster.await_settled();
  }
}

TEST_F(real_cluster, MovesSlotsInPhases) {
  cluster_servers cluster{{.replicas_each = 0, .node_timeout = 15s}};
  redis_server& source = cluster.owner_of("foo");
  redis_server& target = *std::ranges::find_if(cluster.nodes, [&](const auto& node) {
                            return node.get() != &source;
                          })->get();
  const std::vector<slot_move> moves{{cluster.slot_of("foo"), &source, &target}};
  const std::string at_target = " 12182 127.0.0.1:" + std::to_string(target.port());
  ASSERT_EQ(error_of(source, {"SET", "foo", "1"}), "");

  cluster.begin_moves(moves);
  EXPECT_EQ(error_of(source, {"GET", "foo"}), "") << "it is still there";
  EXPECT_EQ(error_of(source, {"GET", "{foo}2"}), "ASK" + at_target) << "a missing key";
  EXPECT_EQ(error_of(target, {"GET", "foo"}),
            "MOVED 12182 127.0.0.1:" + std::to_string(source.port()));
  raw_client asking = target.connect();
  EXPECT_EQ(asking.command({"ASKING"}).root().text(), "OK");
  EXPECT_TRUE(asking.command({"GET", "{foo}2"}).root().is_null());

  EXPECT_EQ(cluster.move_keys(moves, 10), 1U);
  EXPECT_EQ(cluster.move_keys(moves, 10), 0U);
  EXPECT_EQ(error_of(source, {"GET", "foo"}), "ASK" + at_target);

  cluster.end_moves(moves);
  EXPECT_EQ(error_of(source, {"GET", "foo"}), "MOVED" + at_target);
  EXPECT_EQ(target.command({"GET", "foo"}).root().text(), "1");
  cluster.await_settled();
  EXPECT_EQ(&cluster.owner_of("foo"), &target);
}

TEST_F(real_cluster, GrowsAndShrinks) {
  cluster_servers cluster{{.primaries = 2, .replicas_each = 0, .node_timeout = 15s}};
  redis_server& added = cluster.add_node();
  cluster.await_settled();
  EXPECT_EQ(cluster.view().nodes.size(), 3U);
  cluster.move_slots(cluster.moves_between(*cluster.nodes[0], added, 50));
  cluster.await_settled();
  EXPECT_EQ(&cluster.owner_of(std::uint16_t{49}), &added);
  EXPECT_EQ(&cluster.owner_of(std::uint16_t{50}), cluster.nodes[0].get());
  EXPECT_THROW(cluster.remove_node(added), std::runtime_error);
  cluster.move_slots(cluster.moves_between(added, *cluster.nodes[1], 16384));
  cluster.await_settled();
  cluster.remove_node(added);
  cluster.await_settled();
  EXPECT_EQ(cluster.view().nodes.size(), 2U);
  EXPECT_EQ(&cluster.owner_of(std::uint16_t{0}), cluster.nodes[1].get());
}

TEST(cluster_view, IsReadFromTheTextOfANode) {
  const cluster_view view = read_cluster_nodes(
      "aa 127.0.0.1:7001@17001 myself,master - 0 1 1 connected 0-1 5 [9->-bb]\n"
      "bb 127.0.0.1:7002@17002,host slave,fail? aa 0 1 1 connected\n"
      "cc 127.0.0.1:7003@17003 master,fail - 0 1 2 disconnected 3\n"
      "dd :0@0 master,noaddr - 0 1 2 disconnected\n");
  ASSERT_EQ(view.nodes.size(), 4U);
  EXPECT_EQ(view.owner_of(1)->port, 7001);
  EXPECT_EQ(view.owner_of(5)->id, "aa");
  EXPECT_EQ(view.owner_of(2), nullptr);
  EXPECT_TRUE(view.owner_of(3)->has_failed);
  EXPECT_EQ(view.owner_of(9), nullptr);
  EXPECT_EQ(view.at_port(7002).primary_id, "aa");
  EXPECT_TRUE(view.at_port(7002).is_doubtful);
  EXPECT_TRUE(view.nodes[3].is_doubtful);
  EXPECT_THROW(static_cast<void>(read_cluster_nodes("-ERR x\n")), std::runtime_error);
}

}  // namespace
}  // namespace drover::test::cluster_servers_test
