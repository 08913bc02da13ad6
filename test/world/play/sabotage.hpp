// SPDX-License-Identifier: MIT
// The deliberate mistakes of the simulated programs. See `sabotage` in plan.hpp.
//
// Threads: any fiber.
#pragma once

#include <optional>
#include <string>

#include "world/play/universe.hpp"

namespace drover::world {

/// The value that a program with a mistake takes for that of `of`.
[[nodiscard]] std::optional<std::string> spoil(universe& in, row of,
                                               std::optional<std::string> value);
/// How a program with a mistake says that it was served.
[[nodiscard]] served spoil(sabotage wrong, served how) noexcept;
/// What a program with a mistake does before its threads begin.
void misbehave_at_the_start(universe& in);
/// ... at the begin of a call.
void misbehave_in_a_call(universe& in, row of);
/// The policy that it gives to its caches.
[[nodiscard]] drover::policy spoil(const plan& planned);
/// The stored bytes of a key, to be put back later.
[[nodiscard]] std::optional<std::string> stored_bytes(universe& in, row of);
/// The value in them.
[[nodiscard]] std::optional<std::string> stored_payload(universe& in, row of);
/// Stores them as a client without a fence does.
void store_unfenced(universe& in, row of, const std::string& bytes);

/// Reads two keys with a client that gives the first reply up and takes it for that of the second.
[[nodiscard]] std::optional<std::string> read_out_of_place(universe& in, row given_up, row wanted);

}  // namespace drover::world
