// SPDX-License-Identifier: MIT
// What a script does to each of its keys: derived from the calls that name the key, the conditions
// under which they run, and the replies of the calls that ran them.
// Pure. Threads: any.
#pragma once

#include <vector>

#include "audit/capture/record.hpp"
#include "audit/capture/script_reading.hpp"
#include "audit/capture/value_digest.hpp"

namespace drover::audit {

/// `texts`: the key of the digests of the run, with which replies are compared.
[[nodiscard]] std::vector<script_seen::key_effect> effects_of(const script_reading& reading,
                                                              const hash_key& texts);

}  // namespace drover::audit
