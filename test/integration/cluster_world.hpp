// SPDX-License-Identifier: MIT
// Shared by the tests of clusters: three primaries with a replica each, and keys by their node.
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "cluster/key_slot.hpp"
#include "integration/fleet.hpp"
#include "support/cluster_servers.hpp"

namespace drover::test {

/// A failover takes seconds, more on a busy machine.
inline constexpr std::chrono::seconds failover_guard{60};

class on_a_cluster : public fleet {
 protected:
  on_a_cluster() {
    ::alarm(is_sanitized ? 580 : 280);
    setup.url = group.url();
    setup.policy.failure_pause_max = 0ms;
  }

  [[nodiscard]] std::uint16_t slot_of(std::string_view key) const {
    return cluster::slot_of(value_key(key));
  }
  /// A new key whose slot this node owns.
  [[nodiscard]] std::string key_on(const redis_server& node) {
    for (;;) {
      std::string key = "n" + std::to_string(++named);
      if (&group.owner_of(slot_of(key)) == &node) return key;
    }
  }
  /// True when clients of the library are connected to this node.
  [[nodiscard]] static bool is_connected_to(const redis_server& node) {
    const resp::message clients = node.command({"CLIENT", "LIST"});
    return clients.root().text().find("name=drover") != std::string_view::npos;
  }
  /// Waits until a lease is renewed three times at this node, where nothing else changes entries.
  [[nodiscard]] static bool renews_at(const redis_server& node) {
    const std::uint64_t before = calls_of(node, "setrange");
    return eventually([&] { return calls_of(node, "setrange") >= before + 3; });
  }
  /// A new key of the node is stored, within the time of a failover.
  [[nodiscard]] bool comes_back(cached_origin& cached, std::uint16_t slot) {
    return eventually(
        [&] {
          const std::string key = key_in(slot);
          return cached.ask(key).how == "loaded" && cached.ask(key).how == "fresh";
        },
        failover_guard);
  }
  /// A new key in this slot, or in one that the same node owns.
  [[nodiscard]] std::string key_in(std::uint16_t slot) { return key_on(group.owner_of(slot)); }

  cluster_servers group;
  unsigned named = 0;
};

}  // namespace drover::test
