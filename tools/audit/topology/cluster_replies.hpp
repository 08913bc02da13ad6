// SPDX-License-Identifier: MIT
// The addresses in what a node of a cluster replies: CLUSTER SLOTS, SHARDS, NODES and REPLICAS, and
// the redirects MOVED and ASK. Every address becomes that of the listener for the node; all else
// stays. A text that is not as expected stays, too. Pure.
//
// The forms are those of Redis 7 and 8 and Valkey 8: https://redis.io/docs/latest/commands
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/topology/node_directory.hpp"
#include "audit/topology/reply_writer.hpp"
#include "resp/message.hpp"

namespace drover::audit {

/// The text of an error, such as "MOVED 3999 10.0.0.1:6381". nullopt: it is no redirect, or it
/// stays as it is.
[[nodiscard]] std::optional<std::string> proxied_redirect(std::string_view error,
                                                          const address_view& seen,
                                                          node_directory& nodes);

/// Writes the reply of CLUSTER SLOTS.
void write_proxied_slots(const resp::view& reply, const address_view& seen, node_directory& nodes,
                         reply_writer& out);
/// Writes the reply of CLUSTER SHARDS.
void write_proxied_shards(const resp::view& reply, const address_view& seen, node_directory& nodes,
                          reply_writer& out);
/// The text of CLUSTER NODES, or one of its lines.
[[nodiscard]] std::string proxied_nodes(std::string_view text, const address_view& seen,
                                        node_directory& nodes);

/// A node in the reply of CLUSTER SLOTS.
struct slots_node {
  std::string id;
  named_node at;
};
struct slots_summary {
  /// Each node once. The primaries come first.
  std::vector<slots_node> nodes;
  /// The number of slots that a node serves.
  std::size_t slots = 0;
};
inline constexpr std::size_t all_slots = 16384;
/// nullopt: the reply is not as expected.
[[nodiscard]] std::optional<slots_summary> summary_of_slots(const resp::view& reply,
                                                            const address_view& seen);

}  // namespace drover::audit
