// SPDX-License-Identifier: MIT
// The scripts that libraries publish, identified by a hash of their text without white space and
// comments. Pure. Threads: any.
#pragma once

#include <optional>
#include <string_view>

#include "audit/capture/record.hpp"

namespace drover::audit {

/// Looks up a published script. `sha1`: of the body as sent. `normalised`: the body after
/// `normalised_lua`, "" if it was not seen.
[[nodiscard]] std::optional<script_seen> known_script(std::string_view sha1,
                                                      std::string_view normalised);

}  // namespace drover::audit
