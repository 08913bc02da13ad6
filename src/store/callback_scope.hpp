// SPDX-License-Identifier: MIT
// The callback scope of the connection layer, for the layers that may not include that layer.
#pragma once

#include <drover/fault.hpp>

#include "connection/callback_scope.hpp"

namespace drover::store {

using connection::callback_scope;

/// The fault of a request in such a scope, which must not wait for its reply.
[[nodiscard]] inline fault in_a_callback() {
  return {fault_code::unreachable,
          "called by a callback on the connection's thread, which cannot wait for the answer"};
}

}  // namespace drover::store
