// SPDX-License-Identifier: MIT
// Reads the replies to CLUSTER SHARDS and CLUSTER SLOTS, in RESP2 and RESP3. Pure.
//
// A reply of another shape is refused as a whole. A node without a usable address is left out, and
// so is what this version does not know: new fields, roles and details.
//
// If several primaries claim a slot, the first one in the reply keeps it, but one that has failed
// gives way to one that has not. Of the primaries of one shard the healthiest counts, and then the
// one with the greatest replication offset: this occurs for a moment during a failover. A wrong
// choice costs one MOVED.
//
// Addresses: the preferred endpoint counts. Without one (null or empty) it is the host that was
// asked, as a load balancer in front of the nodes wants it. "?" stands for a host name that was not
// configured: then the address of the node counts, or else the host that was asked.
#pragma once

#include <drover/result.hpp>

#include <string_view>

#include "base/host_port.hpp"
#include "cluster/slot_map.hpp"
#include "resp/message.hpp"

namespace drover::cluster {

/// Whom the reply is from.
struct map_source {
  base::host_port asked;
  bool tls = false;  ///< the connection used TLS, and so will those to the nodes
};

/// A fault says why the reply is of no use: an error, another shape, or no slot has an owner.
/// Throws std::bad_alloc.
[[nodiscard]] result<slot_map> read_cluster_shards(resp::view reply, const map_source& from);
[[nodiscard]] result<slot_map> read_cluster_slots(resp::view reply, const map_source& from);

/// True when the error says that the server does not know the subcommand: ask with the other one.
[[nodiscard]] bool is_unknown_command(resp::view reply);

}  // namespace drover::cluster
