// SPDX-License-Identifier: MIT
// The one cached value of a long run, and the rule by which a request decides to renew it. Pure.
//
// Invariant: a request is the more eager the later it comes and the smaller its draw; `ceiling`
// rests on that.
#pragma once

#include "entry/envelope.hpp"
#include "long_run/long_run.hpp"

namespace drover::simulate {

/// Times are virtual seconds since the run began.
class long_run_value {
 public:
  long_run_value(renewal rule, const long_run_request& of);

  /// One load at a time?
  [[nodiscard]] bool has_lease() const noexcept {
    return rule_ == renewal::ttl_lease || rule_ == renewal::drover;
  }

  /// A load ends, and its value replaces the one before.
  void store(double now) noexcept;

  /// The first moment at which there is no value any more.
  [[nodiscard]] double end() const noexcept { return end_; }

  /// Does a request before `end` with the draw `unit`, from (0, 1], renew it?
  [[nodiscard]] bool is_due(double now, double unit) const noexcept;

  /// No request at `now` or before with a draw above this is due.
  [[nodiscard]] double ceiling(double now) const noexcept;

 private:
  renewal rule_;
  double ttl_;
  double delta_;  // the load time that the rule works with
  double beta_;
  microseconds load_;
  milliseconds whole_ttl_;
  double stored_ = 0.0;
  double end_ = 0.0;
  entry::envelope head_{};  // drover only
};

}  // namespace drover::simulate
