// SPDX-License-Identifier: MIT
// Runs a loader with a `load` object that describes the run.
#pragma once

#include <chrono>

#include "cache/live_flight.hpp"

namespace drover::detail {

struct load_access {
  /// Throws the exceptions of the loader.
  static erased_load run(const erased_loader& loader, const live_flight& flight,
                         microseconds time_left) {
    load seen;
    seen.previous_ = flight.previous;
    seen.previous_type_ = flight.previous ? flight.of->type.tag : nullptr;
    seen.stop_ = flight.stop.get_token();
    seen.deadline_ = std::chrono::steady_clock::now() + time_left;
    seen.lease_ = flight.lease_lost;
    return loader(flight.names.key, seen);
  }

  /// Runs the loader without a flight: the result is not stored, and no time limit ends the load.
  static erased_load run_alone(const erased_loader& loader, std::string_view key,
                               duration load_max) {
    load seen;
    seen.deadline_ = std::chrono::steady_clock::now() + load_max;
    return loader(key, seen);
  }
};

}  // namespace drover::detail
