// SPDX-License-Identifier: MIT
// Checks the servers of a client: the only one, or each primary of a cluster in turn. Blocks for
// the replies.
#pragma once

#include <drover/check.hpp>

#include <span>
#include <string>

#include "base/time.hpp"
#include "store/servers.hpp"

namespace drover::store {

/// `id` makes the keys of this check unique. It consists of letters, digits and '-'. A problem of
/// some nodes names them. Throws std::bad_alloc.
[[nodiscard]] check_report check_servers(servers& all, std::span<const std::string> names,
                                         const std::string& id, steady_time deadline);

}  // namespace drover::store
