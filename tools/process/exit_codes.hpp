// SPDX-License-Identifier: MIT
// What the process says by its exit code. A signal that ended a run is 128 + its number.
#pragma once

namespace drover::process {

inline constexpr int exit_met = 0;      ///< everything that was asked for is true
inline constexpr int exit_not_met = 1;  ///< it is not, or it could not be shown
inline constexpr int exit_usage = 2;    ///< the input cannot be meant; nothing was started
inline constexpr int exit_signal = 128;

}  // namespace drover::process
