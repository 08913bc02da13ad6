// SPDX-License-Identifier: MIT
#include "connection/login_renewal.hpp"

#include <algorithm>

#include "connection/moments.hpp"

namespace drover::connection {
namespace {

constexpr milliseconds first_renewal_pause{1'000};
constexpr milliseconds last_renewal_pause{60'000};
constexpr unsigned renewal_doublings_max = 6;

}  // namespace

void login_renewal::connected(steady_time asked, milliseconds lifetime) noexcept {
  stage_ = stage::waiting;
  failures_ = 0;
  due_ = lifetime.count() > 0 ? after(asked, lifetime) : steady_time::max();
  if (changed_at_ >= asked) due_ = asked;
}

void login_renewal::disconnected() noexcept { stage_ = stage::without; }

void login_renewal::changed(steady_time now) noexcept {
  changed_at_ = now;
  due_ = std::min(due_, now);
}

steady_time login_renewal::due() const noexcept {
  return stage_ == stage::waiting ? due_ : steady_time::max();
}

void login_renewal::sent(steady_time asked, milliseconds lifetime) noexcept {
  stage_ = stage::sent;
  asked_ = asked;
  lifetime_ = lifetime;
}

void login_renewal::failed(steady_time now) noexcept {
  stage_ = stage::waiting;
  const milliseconds pause = std::min(
      last_renewal_pause, first_renewal_pause * (1 << std::min(failures_, renewal_doublings_max)));
  ++failures_;
  due_ = after(now, pause);
}

}  // namespace drover::connection
