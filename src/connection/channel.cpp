// SPDX-License-Identifier: MIT
#include "connection/channel.hpp"

#include <new>
#include <utility>

#include "connection/channel_state.hpp"
#include "connection/fork_count.hpp"

namespace drover::connection {

channel::state::state(settings channel_settings, handlers channel_handlers)
    : with{std::move(channel_settings)},
      to{std::move(channel_handlers)},
      born_in{fork_count()},
      service_bell{std::make_shared<const bell>()},
      breaker{{with.back_off_min, with.back_off_max}, with.seed},
      attempt{with, service_bell} {}

channel::state::~state() { close(); }

void channel::state::close() noexcept {
  {
    const locked lock{mutex};
    stopping = true;
  }
  service_bell->ring();
  if (service.joinable()) service.join();
  sentinels.reset();
}

bool channel::state::is_a_fork() const noexcept { return fork_count() != born_in; }

channel::channel(settings with, handlers to)
    : state_{std::make_unique<state>(std::move(with), std::move(to))} {}

channel::~channel() {
  // In a fork the lock may be held for ever by a thread of the parent, and the service thread
  // cannot be joined. So the memory is leaked.
  if (state_->is_a_fork()) static_cast<void>(state_.release());
}

void channel::close() noexcept {
  if (!state_->is_a_fork()) state_->close();
}

outcome channel::exchange(std::string_view request, std::span<resp::message> replies,
                          const wait_limit& within) {
  return state_->exchange(request, replies, within);
}

void channel::post(std::string request, unsigned replies, completion done, posting behaviour) {
  state_->post(std::move(request), replies, std::move(done), behaviour);
}

timer_id channel::schedule(steady_time when, std::function<void()> task) {
  if (state_->is_a_fork()) return 0;
  const state::locked lock{state_->mutex};
  if (!state_->start()) throw std::bad_alloc{};
  const auto first = state_->timers.next();
  const auto id = state_->timers.add(when, std::move(task));
  if (!first || when < *first) state_->service_bell->ring();
  return id;
}

bool channel::cancel(timer_id id) {
  if (state_->is_a_fork()) return false;
  std::function<void()> dropped;  // its captures are destroyed outside the lock
  const state::locked lock{state_->mutex};
  dropped = state_->timers.remove(id);
  return dropped != nullptr;
}

void channel::hold_pushes() {
  if (state_->is_a_fork()) return;
  const state::locked lock{state_->mutex};
  if (++state_->holds > 1 || state_->live == nullptr) return;
  if (state_->live->reader == link::role::nobody) state_->service_bell->ring();
}

void channel::release_pushes() {
  if (state_->is_a_fork()) return;
  const state::locked lock{state_->mutex};
  DROVER_ASSERT(state_->holds > 0);
  if (--state_->holds > 0 || state_->live == nullptr) return;
  if (state_->live->reader == link::role::service) state_->service_bell->ring();
}

void channel::rest() noexcept {
  if (state_->is_a_fork()) return;
  const state::locked lock{state_->mutex};
  if (state_->at == state::phase::idle) return;
  state_->is_to_rest = true;
  state_->service_bell->ring();
}

bool channel::set_alarm(steady_time when) noexcept {
  return !state_->is_a_fork() && state_->set_alarm(when);
}

void channel::distrust(std::uint64_t epoch, const fault& why) noexcept {
  if (!state_->is_a_fork()) state_->distrust(epoch, why);
}

void channel::credentials_changed() noexcept {
  if (state_->is_a_fork()) return;
  const state::locked lock{state_->mutex};
  state_->renewal.changed(now());
  state_->service_bell->ring();
}

reachability channel::reached() const {
  if (state_->is_a_fork()) return {reachability::state::away, std::string{is_a_fork_text}};
  return state_->reached();
}

reachability::state channel::reached_state() const noexcept {
  if (state_->is_a_fork()) return reachability::state::away;
  const state::locked lock{state_->mutex};
  return state_->reached_state();
}

bool channel::is_available() const noexcept {
  return state_->available.load(std::memory_order_acquire);
}

std::uint64_t channel::epoch() const noexcept {
  return state_->epoch.load(std::memory_order_acquire);
}

std::uint64_t channel::client_id() const noexcept {
  return state_->client_id.load(std::memory_order_acquire);
}

}  // namespace drover::connection
