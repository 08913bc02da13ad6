// SPDX-License-Identifier: MIT
// The fork counter of the connection layer, for the layers above, which may not include it.
#pragma once

#include "connection/fork_count.hpp"

namespace drover::store {

using connection::fork_count;

}  // namespace drover::store
