// SPDX-License-Identifier: MIT
// What the call of a script did to its keys: by what its body does, and how it says that it did.
#pragma once

#include "audit/capture/record.hpp"
#include "audit/engine/command_ops.hpp"

namespace drover::audit {

/// `script` null: its body was never seen; its keys are opaque.
void ops_of_script(const command_reader& reader, const script_seen* script);

/// By the script's own convention.
[[nodiscard]] op_outcome script_outcome(script_seen::success success, const reply_item& answer);

}  // namespace drover::audit
