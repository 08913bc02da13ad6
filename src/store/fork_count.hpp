// SPDX-License-Identifier: MIT
// For the layers above, which do not know of connections.
#pragma once

#include "connection/fork_count.hpp"

namespace drover::store {

using connection::fork_count;

}  // namespace drover::store
