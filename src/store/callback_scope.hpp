// SPDX-License-Identifier: MIT
// The callback mark of the connection layer, for the layers above, which may not include it.
#pragma once

#include <drover/fault.hpp>

#include "connection/callback_scope.hpp"

namespace drover::store {

using connection::callback_scope;

/// What a request inside one ends with, instead of waiting for its reply.
[[nodiscard]] inline fault in_a_callback() {
  return {fault_code::unreachable,
          "called by a callback on the connection's thread, which cannot wait for the answer"};
}

}  // namespace drover::store
