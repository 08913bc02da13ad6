// SPDX-License-Identifier: MIT
// The rights that docs/how-to/cluster.md names suffice on the nodes of a real cluster, also while a
// slot moves and a primary is relieved; without the map, redirects suffice.
#include <algorithm>
#include <span>

#include "integration/cluster_mix.hpp"
#include "lease/rights.hpp"

namespace drover::test::cluster_permissions_test {
namespace {

class cluster_rights : public mixed_cluster {
 protected:
  cluster_rights() : mixed_cluster{{.node_timeout = 30s}} {
    setup.url = "redis+cluster://app:c4nary-secret@" +
                group.url().substr(std::string_view{"redis+cluster://"}.size());
  }

  /// The user may do what one server needs, and these.
  void allow(std::vector<std::string> more) const {
    const std::vector<std::string> names{setup.name};
    std::vector<std::string> rules = lease::acl_rules(names, false);
    rules.insert(rules.end(), more.begin(), more.end());
    for (const auto& node : group.nodes) {
      std::vector<std::string_view> words{"ACL", "SETUSER", "app", "reset", "on", ">c4nary-secret"};
      words.insert(words.end(), rules.begin(), rules.end());
      raw_client administrator = node->connect();
      const resp::message done = administrator.command(std::span{words});
      ASSERT_EQ(done.root().text(), "OK");
      administrator.command({"ACL", "LOG", "RESET"});
    }
  }
  /// The commands that the nodes have refused.
  [[nodiscard]] std::vector<std::string> refused() const {
    std::vector<std::string> out;
    for (const auto& node : group.nodes) {
      const resp::message log = node->command({"ACL", "LOG"});
      for (std::size_t i = 0; i < log.root().size(); ++i) {
        const resp::view entry = log.root()[i];
        for (std::size_t field = 0; field + 1 < entry.size(); field += 2) {
          if (entry[field].text() == "object") out.emplace_back(entry[field + 1].text());
        }
      }
    }
    return out;
  }
  /// Loads, shares and invalidates keys at all nodes.
  void use(cached_origin& cached, const std::string& prefix) {
    for (int i = 0; i < 20; ++i) {
      const std::string key = prefix + std::to_string(i);
      EXPECT_EQ(cached.ask(key).how, "loaded") << key;
      EXPECT_EQ(cached.ask(key).how, "fresh") << key;
      EXPECT_TRUE(cached.values.invalidate(key).has_value()) << key;
      EXPECT_EQ(cached.ask(key).how, "loaded") << key;
    }
  }
};

TEST_F(cluster_rights, OfThePageSuffice) {
  allow(lease::cluster_acl_rules());
  cached_origin cached{origin, setup};
  use(cached, "a");
  const std::uint16_t slot = slot_of_key("a0");
  redis_server& from = group.owner_of(slot);
  const auto to =
      std::ranges::find_if(group.nodes, [&](const auto& node) { return node.get() != &from; });
  const std::vector<slot_move> moves{{slot, &from, to->get()}};
  group.begin_moves(moves);
  EXPECT_TRUE(cached.values.invalidate("a0").has_value());
  EXPECT_EQ(cached.ask("a0").how, "loaded") << "by ASKING";
  while (group.move_keys(moves, 100) > 0) {
  }
  group.end_moves(moves);
  EXPECT_TRUE(eventually([&] { return cached.ask("a0").how == "fresh"; })) << "after a repetition";
  redis_server& replica = group.replica_of(**to);
  group.fail_over_to(replica);
  ASSERT_TRUE(eventually([&] { return &group.owner_of(slot) == &replica; }, cluster_guard));
  EXPECT_TRUE(eventually([&] { return cached.ask("a0").how == "fresh"; }, cluster_guard));
  use(cached, "b");
  EXPECT_EQ(refused(), std::vector<std::string>{});
}

TEST_F(cluster_rights, SlotsInPlaceOfShardsSuffice) {
  allow({"+cluster|slots", "+asking"});
  cached_origin cached{origin, setup};
  use(cached, "a");
  EXPECT_EQ(cached.values.stats().bypasses, 0U);
}

TEST_F(cluster_rights, WithoutTheMapEachSlotIsLearnedFromARedirect) {
  allow({"+asking"});
  cached_origin cached{origin, setup};
  use(cached, "a");
  EXPECT_EQ(cached.values.stats().bypasses, 0U);
}

}  // namespace
}  // namespace drover::test::cluster_permissions_test
