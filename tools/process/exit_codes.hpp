// SPDX-License-Identifier: MIT
// Exit codes. A run that was ended by a signal exits with 128 + the number of the signal.
#pragma once

namespace drover::process {

inline constexpr int exit_success = 0;
/// An expectation was not met, or could not be tested.
inline constexpr int exit_failure = 1;
/// Invalid usage. Nothing was started.
inline constexpr int exit_usage = 2;
inline constexpr int exit_signal = 128;

}  // namespace drover::process
