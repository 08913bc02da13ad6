// SPDX-License-Identifier: MIT
// Scripts that libraries publish: known by a hash of their text, whatever its white space.
// Pure. Threads: any.
#pragma once

#include <optional>
#include <string_view>

#include "audit/capture/record.hpp"

namespace drover::audit {

/// `sha1` of the body as sent; `normalised` as by `normalised_lua`, "" if the body was not seen.
[[nodiscard]] std::optional<script_seen> known_script(std::string_view sha1,
                                                      std::string_view normalised);

}  // namespace drover::audit
