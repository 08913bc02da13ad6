// SPDX-License-Identifier: MIT
// A listener of a proxy, and the server behind it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "audit/proxy/address.hpp"
#include "audit/proxy/socket_handle.hpp"
#include "audit/topology/node_directory.hpp"
#include "connection/tls.hpp"

namespace drover::audit {

struct door {
  /// The owner of the doors; for the callback of the listener.
  void* owner = nullptr;
  std::size_t number = 0;
  address server{};
  /// nullopt: the name could not be resolved yet.
  std::optional<resolved_address> resolved{};
  node_kind kind = node_kind::data;
  /// Where it listens, with the actual port.
  address at{};
  socket_handle listener{};
  bool is_listening = false;
  bool reported_unreachable = false;
};

}  // namespace drover::audit
