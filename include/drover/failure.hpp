// SPDX-License-Identifier: MIT
#pragma once

#include <drover/policy.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace drover {

/// Another process's load failed (or this process's ran out of time), there is nothing to serve,
/// and the pause before the next try still runs.
///
/// Callers in the process whose loader threw get that very exception instead of this one; with one
/// exception: a loader that let a `refused` of another cache through has failed, and its callers,
/// whose limits did not end, get this with the `refused` nested (`std::rethrow_if_nested`).
/// Threads: one object may be thrown in several threads: catch by `const&`, do not modify.
class load_failed : public std::runtime_error {
 public:
  enum class reason : std::uint8_t {
    threw = 1,      ///< the loader threw
    timed_out = 2,  ///< the load passed `policy::load_max`
    cancelled = 3,  ///< the load was stopped: its process drains
  };

  load_failed(reason why, unsigned attempt, duration retry_in, const std::string& text = {});

  [[nodiscard]] reason why() const noexcept { return why_; }
  /// Failed loads in a row, this one included.
  [[nodiscard]] unsigned attempt() const noexcept { return attempt_; }
  /// How long until somebody may try again, as known when this was thrown.
  [[nodiscard]] duration retry_in() const noexcept { return retry_in_; }

 private:
  reason why_;
  unsigned attempt_;
  duration retry_in_;
};

/// A limit that the caller set ended its call, or a bound of ours was reached.
class refused : public std::runtime_error {
 public:
  enum class reason : std::uint8_t {
    timed_out,  ///< the call's deadline or `policy::wait_max` passed
    stopped,    ///< the call's stop token fired
    /// `client_options::waiters_max` callers wait already, `policy::bypass_queue_max` loads wait
    /// for a turn, or no thread could be had for the load of a call with limits.
    saturated,
  };

  explicit refused(reason why);

  [[nodiscard]] reason why() const noexcept { return why_; }

 private:
  reason why_;
};

}  // namespace drover
