// SPDX-License-Identifier: MIT
// Resolves addresses to socket addresses. `resolve` and `reach` block.
#pragma once

#include <drover/result.hpp>

#include <vector>

#include "audit/proxy/address.hpp"
#include "audit/proxy/socket_handle.hpp"

namespace drover::audit {

/// All addresses of a name, in the order of the resolver. Not empty.
[[nodiscard]] result<std::vector<resolved_address>> resolve(const address& target);

/// The first address of the server that accepts a connection. Blocks while the name is resolved,
/// and for at most five seconds for each address.
[[nodiscard]] result<resolved_address> reach(const address& server);

/// Whether only this machine can connect to the address.
[[nodiscard]] bool is_loopback(const resolved_address& at) noexcept;

}  // namespace drover::audit
