// SPDX-License-Identifier: MIT
// Runs a loader with a `load` object that describes the run.
#pragma once

#include <chrono>

#include "cache/live_flight.hpp"

namespace drover::detail {

struct load_access {
  /// Throws what the loader throws.
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

  /// Outside every flight: nothing is stored, and nothing ends the load.
  static erased_load run_alone(const erased_loader& loader, std::string_view key,
                               duration load_max) {
    load seen;
    seen.deadline_ = std::chrono::steady_clock::now() + load_max;
    return loader(key, seen);
  }
};

}  // namespace drover::detail
