// SPDX-License-Identifier: MIT
// A slot that gets another owner in a real cluster is announced before any request goes there, so
// that what this process has invalidated is marked first, and once more afterwards.
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "integration/fleet.hpp"
#include "store/servers.hpp"
#include "support/cluster_servers.hpp"

namespace drover::test::cluster_moving_test {
namespace {

/// The ports of the servers of a key when its slot was about to move, and when it had moved.
class announced_moves {
 public:
  announced_moves(const cluster_servers& group, std::string key)
      : key_{std::move(key)}, servers_{settings_of(group), events(), false} {}
  ~announced_moves() { servers_.close(); }
  announced_moves(const announced_moves&) = delete;
  announced_moves& operator=(const announced_moves&) = delete;

  [[nodiscard]] std::string get() {
    const auto got = servers_.get(key_, {});
    return got.entry && *got.entry ? **got.entry : std::string{};
  }
  /// The server of the key at each announcement: "moving 1, moved 2".
  [[nodiscard]] std::string taken() {
    const std::scoped_lock lock{mutex_};
    return std::exchange(announced_, {});
  }
  [[nodiscard]] std::string name() { return servers_.name_of(servers_.at(key_)); }
  /// The map is known.
  [[nodiscard]] bool is_ready() { return !servers_.in_use().empty(); }

 private:
  static connection::settings settings_of(const cluster_servers& group) {
    connection::settings with;
    with.at = *connection::parse_url(group.url());
    with.connect_max = 20s;
    with.silence_max = 20s;
    return with;
  }
  store::server_events events() {
    store::server_events to;
    to.up = [](const auto&...) {};
    to.down = [](const auto&...) {};
    to.changed = [](std::string_view) {};
    to.everything_changed = [](const auto&) {};
    to.waking = [](const auto&...) {};
    to.refused = [](const auto&...) {};
    to.alarm = [] {};
    to.moving = [this](const cluster::slot_set& slots) { note("moving", slots); };
    to.moved = [this](const cluster::slot_set& slots) { note("moved", slots); };
    return to;
  }
  void note(const char* step, const cluster::slot_set& slots) {
    if (!slots[cluster::slot_of(key_)]) return;
    const std::string at = name();
    const std::scoped_lock lock{mutex_};
    if (!announced_.empty()) announced_ += ", ";
    announced_ += step + std::string{" "} + at;
  }

  std::string key_;
  std::mutex mutex_;
  std::string announced_;
  store::servers servers_;
};

TEST(cluster_moving, ASlotIsAnnouncedBeforeItsNewOwnerIsAsked) {
  ::alarm(is_sanitized ? 580 : 280);
  cluster_servers group{{.primaries = 2, .replicas_each = 0, .node_timeout = 30s}};
  const std::string key = "t:1:v:{=moved}";
  redis_server& from = group.owner_of(key);
  redis_server& to = group.nodes[0].get() == &from ? *group.nodes[1] : *group.nodes[0];
  ASSERT_EQ(from.command({"SET", key, "x"}).root().text(), "OK");
  announced_moves client{group, key};
  EXPECT_EQ(client.get(), "x");
  ASSERT_TRUE(eventually([&] { return client.is_ready(); }));
  static_cast<void>(client.taken());
  const auto address_of = [](const redis_server& node) {
    return "127.0.0.1:" + std::to_string(node.port());
  };
  EXPECT_EQ(client.name(), address_of(from));
  group.move_slots({{group.slot_of(key), &from, &to}});
  EXPECT_EQ(client.get(), "x");
  EXPECT_EQ(client.taken(), "moving " + address_of(from) + ", moved " + address_of(to));
  ::alarm(0);
}

}  // namespace
}  // namespace drover::test::cluster_moving_test
