// SPDX-License-Identifier: MIT
// The limits of the memory that a capture uses for the traffic.
#pragma once

#include <cstddef>

namespace drover::audit {

/// Bytes kept of an argument or of a name in a push. Sensible keys are shorter.
inline constexpr std::size_t name_bytes_max = 512;
/// Bytes of the largest script that is analysed.
inline constexpr std::size_t script_bytes_max = std::size_t{64} << 10U;
/// Commands of one connection that wait for their replies. With more commands, the conversation
/// goes blind.
inline constexpr std::size_t waiting_max = std::size_t{1} << 18U;
/// Scripts remembered by one capture.
inline constexpr std::size_t scripts_max = std::size_t{1} << 14U;

}  // namespace drover::audit
