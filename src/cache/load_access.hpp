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
    load current_load;
    current_load.previous_ = flight.previous;
    current_load.previous_type_ = flight.previous ? flight.part->type.tag : nullptr;
    current_load.stop_ = flight.stop.get_token();
    current_load.deadline_ = std::chrono::steady_clock::now() + time_left;
    current_load.lease_ = flight.lease_lost;
    return loader(flight.names.key, current_load);
  }

  /// Runs the loader without a flight: the result is not stored, and no time limit ends the load.
  static erased_load run_alone(const erased_loader& loader, std::string_view key,
                               duration load_max) {
    load current_load;
    current_load.deadline_ = std::chrono::steady_clock::now() + load_max;
    return loader(key, current_load);
  }
};

}  // namespace drover::detail
