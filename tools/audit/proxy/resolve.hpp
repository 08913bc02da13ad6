// SPDX-License-Identifier: MIT
// From the addresses that people write to those that sockets take. It blocks, and is done before
// anything is served.
#pragma once

#include <drover/result.hpp>

#include <vector>

#include "audit/proxy/address.hpp"
#include "audit/proxy/socket_handle.hpp"

namespace drover::audit {

/// All addresses of a name, in the system's order; not empty.
[[nodiscard]] result<std::vector<resolved_address>> resolve(const address& of);

/// The first of the server's addresses that can be connected to. Blocks: five seconds at most for
/// each, and while the name is looked up.
[[nodiscard]] result<resolved_address> reach(const address& server);

/// Whether only this machine can connect to it.
[[nodiscard]] bool is_loopback(const resolved_address& at) noexcept;

}  // namespace drover::audit
