// SPDX-License-Identifier: MIT
#include "cache/load_ticket.hpp"

#include "cache/core.hpp"

namespace drover::detail {

load_ticket::~load_ticket() {
  if (is_over_ || flight_->in_background) return;
  if (const auto alive = client_.lock()) {
    if (!alive->is_inherited()) alive->flights().thread_missing(flight_);
  }
}

void load_ticket::run() noexcept {
  is_over_ = true;
  const auto alive = client_.lock();
  if (!alive || alive->is_inherited()) return;
  static_cast<void>(alive->flights().run_load(flight_, flight_->part->loader,
                                              flight_runner::load_runner::thread));
}

}  // namespace drover::detail
