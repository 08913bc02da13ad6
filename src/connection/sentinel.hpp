// SPDX-License-Identifier: MIT
// What sentinels say about the primary of a service: the request, the replies, and which address to
// try first. Pure.
//
// A sentinel can lag behind the others or be cut off from them. The one that knows the latest
// configuration has the highest epoch, so its address comes first. A connection then shows by the
// role of the server whether the address is right; the connector tries the next one if it is not.
#pragma once

#include <drover/result.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connection/url.hpp"
#include "resp/message.hpp"

namespace drover::connection {

struct sentinel_request {
  std::string bytes;
  unsigned replies = 0;
};

/// Asks one sentinel for the primary of `service`, and for its replicas. `password` empty: without
/// AUTH.
[[nodiscard]] sentinel_request write_sentinel_request(std::string_view service,
                                                      std::string_view user,
                                                      std::string_view password);

/// The primary according to one sentinel.
struct primary_report {
  host_port at;
  std::uint64_t config_epoch = 0;  ///< 0 when the sentinel does not tell it
  bool is_down = false;            ///< the sentinel cannot reach it, and no failover has ended yet
  bool is_agreed_down = false;     ///< so many sentinels say so that a failover may begin
  /// The replica that this sentinel is making the primary. It has been told to be one, but the
  /// sentinel names it only when it has seen that, up to a second later.
  std::optional<host_port> promoted{};
};

/// Reads the replies to `write_sentinel_request`. A fault says why the sentinel is of no use: it
/// does not know the service, refuses the password, or is no sentinel.
[[nodiscard]] result<primary_report> read_primary_report(std::span<const resp::message> replies,
                                                         std::string_view service);

/// The addresses in the order in which to try them: the highest epoch first, then the one that most
/// sentinels name; each address once. An address that the latest configuration calls down is left
/// out: a connection to it would only wait for its end. Replicas that are being promoted come last.
[[nodiscard]] std::vector<host_port> ranked(std::span<const primary_report> reports);

/// The new primary in the message of a sentinel on `+switch-master`; nullopt: another message, or
/// one about another service.
[[nodiscard]] std::optional<host_port> new_primary_in(const resp::message& message,
                                                      std::string_view service);

}  // namespace drover::connection
