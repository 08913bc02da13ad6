// SPDX-License-Identifier: MIT
// The first commands on a connection, all in one pipeline: HELLO 3 with AUTH and SETNAME, SELECT,
// INFO server, INFO persistence, INFO replication, PING, then the caller's own commands. Pure:
// writes a text and reads replies.
#pragma once

#include <drover/credentials.hpp>
#include <drover/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "connection/channel.hpp"
#include "resp/message.hpp"

namespace drover::connection {

/// The request, and the number of its replies.
struct handshake_request {
  std::string text;
  std::size_t replies = 0;
};

[[nodiscard]] handshake_request write_handshake(const settings& with, const credentials& who);

/// Reads the replies, in order. Moves those to `on_connect` into the greeting. Leaves `epoch` 0.
///
/// A fault is `unsupported` when trying again would not help: no RESP3, too old a version, wrong
/// password, cluster mode. Otherwise it is `unreachable`: the server loads its data, or has too
/// many clients. Its text holds neither user nor password. Of `clock` only the server's time is
/// filled in.
[[nodiscard]] result<greeting> read_handshake(const settings& with, const credentials& who,
                                              std::span<resp::message> replies);

/// The AUTH that changes the user of a living connection. It has one reply.
[[nodiscard]] std::string write_login(const credentials& who);
[[nodiscard]] result<void> read_login(const resp::message& reply);

/// Makes a text of a server safe for logs: printable ASCII, shortened. A remark when it may repeat
/// the user or the password.
[[nodiscard]] std::string quoted(std::string_view text, const credentials& who);

}  // namespace drover::connection
