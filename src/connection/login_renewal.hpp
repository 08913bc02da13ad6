// SPDX-License-Identifier: MIT
// Decides when the living connection is authenticated again: when the time of its credentials is
// over, when the application says that they have changed, and after a failure, until the server has
// accepted new ones. Pure: the caller reports events with their times.
//
// Threads: one at a time.
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace drover::connection {

class login_renewal {
 public:
  /// A connection is up. It was authenticated with credentials that were asked for at `asked`, and
  /// which are to be renewed after `lifetime`; zero: never.
  void connected(steady_time asked, milliseconds lifetime) noexcept;
  /// The connection has ended.
  void disconnected() noexcept;
  /// The application has said that the credentials are others.
  void changed(steady_time now) noexcept;

  /// When the credentials are to be asked for; the end of time: not before another event.
  [[nodiscard]] steady_time due() const noexcept;
  /// The credentials are asked for.
  void asking() noexcept { stage_ = stage::asking; }
  [[nodiscard]] bool is_asking() const noexcept { return stage_ == stage::asking; }
  /// Credentials that were asked for at `asked` have been sent.
  void sent(steady_time asked, milliseconds lifetime) noexcept;
  /// The server has accepted them.
  void accepted() noexcept { connected(asked_, lifetime_); }
  /// There were none, or the server has refused them: they are due again after a growing pause.
  void failed(steady_time now) noexcept;

 private:
  enum class stage : std::uint8_t { without, waiting, asking, sent };

  stage stage_ = stage::without;
  steady_time asked_{};
  milliseconds lifetime_{};
  steady_time due_ = steady_time::max();
  steady_time changed_at_ = steady_time::min();
  unsigned failures_ = 0;
};

}  // namespace drover::connection
