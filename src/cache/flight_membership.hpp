// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <utility>

#include "cache/flight_runner.hpp"

namespace drover::detail {

/// A caller on a flight: leaves when it goes out of scope.
class flight_membership {
 public:
  flight_membership(flight_runner& on, flight_runner::boarding boarded, bool can_lead)
      : runner_{on}, boarded_{std::move(boarded)}, can_lead_{can_lead} {}
  ~flight_membership() { runner_.leave(boarded_.flight, can_lead_); }
  flight_membership(const flight_membership&) = delete;
  flight_membership& operator=(const flight_membership&) = delete;

  [[nodiscard]] const flight_ptr& flight() const noexcept { return boarded_.flight; }
  [[nodiscard]] std::uint64_t stamp() const noexcept { return boarded_.stamp; }

 private:
  flight_runner& runner_;
  flight_runner::boarding boarded_;
  const bool can_lead_;
};

}  // namespace drover::detail
