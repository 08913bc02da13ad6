// SPDX-License-Identifier: MIT
// The fork counter of the connection layer, for the layers that may not include that layer.
#pragma once

#include "connection/fork_count.hpp"

namespace drover::store {

using connection::fork_count;

}  // namespace drover::store
