// SPDX-License-Identifier: MIT
// The addresses in what a sentinel says: the replies of SENTINEL GET-MASTER-ADDR-BY-NAME, MASTER,
// MASTERS, REPLICAS, SLAVES and SENTINELS, and its messages, such as +switch-master. Every address
// becomes that of the listener for the server; all else stays. Pure.
//
// The forms: https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "audit/topology/node_directory.hpp"
#include "audit/topology/reply_writer.hpp"
#include "resp/message.hpp"

namespace drover::audit {

/// Writes the reply of SENTINEL GET-MASTER-ADDR-BY-NAME.
void write_proxied_primary(const resp::view& reply, const address_view& seen, node_directory& nodes,
                           reply_writer& out);
/// Writes the names and values of one server, or a list of servers. `kind`: which servers.
void write_proxied_servers(const resp::view& reply, node_kind kind, const address_view& seen,
                           node_directory& nodes, reply_writer& out);

/// The payload of a message on `channel`: "main 10.0.0.1 6379 10.0.0.2 6379" on +switch-master, or
/// "slave 10.0.0.2:6379 10.0.0.2 6379 @ main 10.0.0.1 6379" on others. nullopt: it has another
/// form.
[[nodiscard]] std::optional<std::string> proxied_event(std::string_view channel,
                                                       std::string_view payload,
                                                       const address_view& seen,
                                                       node_directory& nodes);
/// Writes a message of a subscription, or what else it is.
void write_proxied_message(const resp::view& message, const address_view& seen,
                           node_directory& nodes, reply_writer& out);

}  // namespace drover::audit
