// SPDX-License-Identifier: MIT
// A load on its way to a thread. The task that holds it may run, be dropped, or outlive the client.
// In each case the load begins at most once, and its grant is not lost.
//
// Threads: one at a time.
#pragma once

#include <memory>
#include <utility>

#include "cache/live_flight.hpp"

namespace drover::detail {

class core;

class load_ticket {
 public:
  load_ticket(std::weak_ptr<core> client, flight_ptr flight)
      : client_{std::move(client)}, flight_{std::move(flight)} {}
  /// If it never ran, the grant is given back, unless another thread has begun the load.
  ~load_ticket();
  load_ticket(const load_ticket&) = delete;
  load_ticket& operator=(const load_ticket&) = delete;

  void run() noexcept;
  /// The load stays on offer.
  void give_up() noexcept { is_over_ = true; }

 private:
  const std::weak_ptr<core> client_;
  const flight_ptr flight_;
  bool is_over_ = false;
};

}  // namespace drover::detail
