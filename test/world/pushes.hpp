// SPDX-License-Identifier: MIT
// Client-side tracking and publish/subscribe: who is told what, and when relative to replies.
//
// Other connections are told at once. The connection whose request makes a change is told after the
// reply, or not at all with NOLOOP; a message that it published itself comes before the reply in
// Redis 7.0, and in later servers after the reply and before its own invalidations.
#pragma once

#include <cstdint>
#include <string_view>

#include "world/running.hpp"

namespace drover::world {

/// The connection reads `key` in `request`: it gets a push at the next change, if its mode says so.
void remember_reader(const running& request, std::string_view key);
/// `key` has changed. `request` is null when no request causes it, as in an eviction.
void tell_of_change(model_state& server, running* request, std::string_view key);
/// Every key has changed.
void tell_of_flush(running& request);
/// Returns the number of receivers.
std::int64_t publish(running& request, std::string_view channel, std::string_view message);
/// Writes the pushes that wait for the reply.
void write_own_pushes(running& request);

}  // namespace drover::world
