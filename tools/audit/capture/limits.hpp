// SPDX-License-Identifier: MIT
// How much a capture keeps of what passes.
#pragma once

#include <cstddef>

namespace drover::audit {

/// Bytes kept of an argument or of a name in a push: more than any sensible key has.
inline constexpr std::size_t name_bytes_max = 512;
/// Of a script's body, for reading what it does.
inline constexpr std::size_t script_bytes_max = std::size_t{64} << 10U;
/// Commands of one connection that wait for their replies. With more it goes blind.
inline constexpr std::size_t waiting_max = std::size_t{1} << 18U;
/// Scripts that are remembered as seen, in one capture.
inline constexpr std::size_t scripts_max = std::size_t{1} << 14U;

}  // namespace drover::audit
