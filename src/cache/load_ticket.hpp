// SPDX-License-Identifier: MIT
// A load that was submitted to a thread or an executor. Its task may run, be dropped, or outlive
// the client. In each case the load begins at most once, and its grant is not lost.
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
  /// If the task never ran, gives the grant back, unless another thread has begun the load.
  ~load_ticket();
  load_ticket(const load_ticket&) = delete;
  load_ticket& operator=(const load_ticket&) = delete;

  void run() noexcept;
  /// Cancels the ticket: the destructor does not give the grant back, and the load stays offered.
  void give_up() noexcept { is_over_ = true; }

 private:
  const std::weak_ptr<core> client_;
  const flight_ptr flight_;
  bool is_over_ = false;
};

}  // namespace drover::detail
