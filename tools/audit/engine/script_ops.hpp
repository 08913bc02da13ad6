// SPDX-License-Identifier: MIT
// Translates a call of a script into ops, from the purpose of its body and from its reply.
#pragma once

#include "audit/capture/record.hpp"
#include "audit/engine/command_ops.hpp"

namespace drover::audit {

/// Adds the ops of a script call. `script` is null if its body was never seen; its ops are then
/// opaque.
void ops_of_script(const command_reader& reader, const script_seen* script);

/// The outcome of a script call. `success` is how the script reports success.
[[nodiscard]] op_outcome script_outcome(script_seen::success success, const reply& answer);

}  // namespace drover::audit
