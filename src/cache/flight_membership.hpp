// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <utility>

#include "cache/flight_runner.hpp"

namespace drover::detail {

/// The membership of a caller in a flight. The destructor leaves the flight.
class flight_membership {
 public:
  flight_membership(flight_runner& on, flight_runner::joined_flight joined, bool can_lead)
      : runner_{on}, joined_{std::move(joined)}, can_lead_{can_lead} {}
  ~flight_membership() { runner_.leave(joined_.flight, can_lead_); }
  flight_membership(const flight_membership&) = delete;
  flight_membership& operator=(const flight_membership&) = delete;

  [[nodiscard]] const flight_ptr& flight() const noexcept { return joined_.flight; }
  [[nodiscard]] std::uint64_t stamp() const noexcept { return joined_.stamp; }

 private:
  flight_runner& runner_;
  flight_runner::joined_flight joined_;
  const bool can_lead_;
};

}  // namespace drover::detail
