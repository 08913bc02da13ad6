// SPDX-License-Identifier: MIT
// Which arguments of a script are the token, the value and the ttl: read from the calls to which
// the script passes them. Pure. Threads: any.
#pragma once

#include <cstddef>
#include <string_view>

#include "audit/capture/record.hpp"
#include "audit/capture/script_reading.hpp"

namespace drover::audit {

/// The index of an option among the arguments of a call; their number if the option is missing.
[[nodiscard]] std::size_t option_at(const lua_call& call, std::string_view word);
/// Whether the call stores a value together with a ttl, or keeps the ttl.
[[nodiscard]] bool sets_ttl(const lua_call& call);
/// Adds what the call shows. What is already known stays.
void note_arguments_of(const lua_call& call, script_seen& into);

}  // namespace drover::audit
