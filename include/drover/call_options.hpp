// SPDX-License-Identifier: MIT
#pragma once

#include <drover/policy.hpp>

#include <chrono>
#include <optional>
#include <stop_token>

namespace drover {

/// The limits of one call. They end the waiting of this call only: its load goes on for the other
/// callers.
///
/// A caller cannot leave a loader that runs on its own thread, so the load of such a call runs on
/// another thread (`client_options::deadline_threads_max`) or in `client_options::executor`. When
/// neither takes it, the call is refused{saturated}: at its deadline, or at once if it has only a
/// stop token. A call from within a loader runs a nested load itself when no thread is free, and
/// always when there is an executor; its deadline may then pass.
struct call_options {
  /// A deadline a hundred years away or more counts as none.
  std::optional<std::chrono::steady_clock::time_point> deadline{};
  /// A request to stop ends the call with `refused{stopped}`.
  std::stop_token stop{};

  /// A deadline `limit` from now. When `limit` is zero or less, it has already passed.
  ///
  /// Throws:  nothing.
  /// Threads: safe from any thread.
  [[nodiscard]] static call_options within(duration limit) {
    using clock = std::chrono::steady_clock;
    constexpr duration longest = std::chrono::hours{24 * 365 * 100};
    if (limit >= longest) return {.deadline = clock::time_point::max()};
    const clock::time_point now = clock::now();
    return {.deadline = limit <= duration::zero() ? now : now + limit};
  }
};

}  // namespace drover
