// SPDX-License-Identifier: MIT
#pragma once

#include <drover/policy.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace drover {

/// The load of another process failed (or the load of this process ran out of time), no stale value
/// may be served, and the pause before the next try still runs.
///
/// Callers in the process whose loader threw get the loader's exception instead. A loader that lets
/// the `refused` of another cache escape is the only special case: its callers did not reach a
/// limit of their own, so they get this exception with the `refused` nested
/// (`std::rethrow_if_nested`).
///
/// Threads: one object may be thrown in several threads. Catch it by `const&`, and do not change
///          it.
class load_failed : public std::runtime_error {
 public:
  enum class reason : std::uint8_t {
    threw = 1,      ///< the loader threw
    timed_out = 2,  ///< the load passed `policy::load_max`
    cancelled = 3,  ///< the load was stopped: its process drains
  };

  load_failed(reason why, unsigned attempt, duration retry_in, const std::string& text = {});

  [[nodiscard]] reason why() const noexcept { return why_; }
  /// The number of failed loads in a row, this one included.
  [[nodiscard]] unsigned attempt() const noexcept { return attempt_; }
  /// How long until the next try is allowed, as known when this was thrown.
  [[nodiscard]] duration retry_in() const noexcept { return retry_in_; }

 private:
  reason why_;
  unsigned attempt_;
  duration retry_in_;
};

/// The call reached a limit that its caller set, or a bound of the library.
///
/// Threads: as `load_failed`.
class refused : public std::runtime_error {
 public:
  enum class reason : std::uint8_t {
    timed_out,  ///< the call's deadline or `policy::wait_max` passed
    stopped,    ///< the call's stop token fired
    /// `client_options::waiters_max` callers already wait, `policy::bypass_queue_max` loads wait
    /// for a turn, or no thread was available for the load of a call with limits.
    saturated,
  };

  explicit refused(reason why);

  [[nodiscard]] reason why() const noexcept { return why_; }

 private:
  reason why_;
};

}  // namespace drover
