// SPDX-License-Identifier: MIT
// What one node of a cluster knows of the others: its reply to CLUSTER NODES, read without the
// library's own parser.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drover::test {

inline constexpr std::size_t cluster_slots = 16384;

struct seen_node {
  std::string id;
  std::uint16_t port = 0;
  std::string primary_id{};  ///< of a replica
  bool is_primary = false;
  bool has_failed = false;    ///< the cluster agrees on it
  bool is_doubtful = false;   ///< in a handshake, or only this node misses it
  bool is_itself = false;     ///< the node that was asked
  bool is_connected = false;  ///< over the cluster's bus

  friend bool operator==(const seen_node&, const seen_node&) = default;
};

struct cluster_view {
  std::vector<seen_node> nodes{};
  /// The id of the owner of each slot; empty: none.
  std::vector<std::string> owners = std::vector<std::string>(cluster_slots);

  /// Throws std::runtime_error if there is no such node.
  [[nodiscard]] const seen_node& at_port(std::uint16_t port) const;
  /// Nullptr: the slot has no owner.
  [[nodiscard]] const seen_node* owner_of(std::uint16_t slot) const;
};

/// Throws std::runtime_error if the text is no reply to CLUSTER NODES.
[[nodiscard]] cluster_view read_cluster_nodes(std::string_view text);

}  // namespace drover::test
