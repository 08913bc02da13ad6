// SPDX-License-Identifier: MIT
// How a flight that waits for another holder learns that the entry changed: by pushes, by the wake
// channel, or by polling.
#include <algorithm>
#include <utility>

#include "cache/flight_runner.hpp"

namespace drover::detail {

void flight_runner::now_waits(const flight_ptr& flight) {
  if (closing_) return;
  store::redis_store& on = servers_->at(flight->names.value_key);
  if (on.wakes().wants_canary()) {
    on.wakes().prove(servers_->key_at(
        on, canary_id_, [&](const std::string& id) { return flight->part->keys.canary_key(id); }));
  }
  const store::wake_mode mode = on.wakes().mode();
  bool is_tracked = true;
  {
    const guard_lock lock{mutex_};
    is_tracked = in(*flight).is_tracked;
  }
  if (mode == store::wake_mode::push && is_tracked) return;
  if (mode == store::wake_mode::channel) {
    listen(flight);
    return;
  }
  const guard_lock lock{mutex_};
  live_flight::guarded& inside = in(*flight);
  if (inside.machine.now_in() != fetch::flight::state::waiting || inside.poll_at) return;
  constexpr milliseconds first_poll{5};
  constexpr milliseconds last_poll{100};
  inside.poll_every =
      inside.poll_every.count() == 0 ? first_poll : std::min(last_poll, inside.poll_every * 3 / 2);
  const auto jittered = std::chrono::duration_cast<microseconds>(inside.poll_every) *
                        static_cast<int>(80 + 40 * draw()) / 100;
  inside.poll_at = store::now() + jittered;
  plan_timer(*flight);
}

void flight_runner::listen(const flight_ptr& flight) {
  store::redis_store& on = servers_->at(flight->names.value_key);
  const std::uint64_t connection = on.channel().epoch();
  {
    const guard_lock lock{mutex_};
    live_flight::guarded& inside = in(*flight);
    if (connection == 0) return;
    if (inside.listens_at == &on && inside.listening_on == connection) return;
    inside.listens_at = &on;
    inside.listening_on = connection;
  }
  on.wakes().listen(flight->part->keys.wake_channel(flight->names.key));
  if (flight->ended.load(std::memory_order_acquire)) {
    stop_listening(flight);
    return;
  }
  // A message sent between the last LEASE and the subscription was missed, so ask again.
  step(flight, [](fetch::flight& machine, fetch::actions& out) { machine.woken(out); });
}

void flight_runner::stop_listening(const flight_ptr& flight) {
  std::uint64_t was = 0;
  store::redis_store* on = nullptr;
  {
    const guard_lock lock{mutex_};
    was = std::exchange(in(*flight).listening_on, 0);
    on = in(*flight).listens_at;
  }
  if (was == 0 || closing_ || was != on->channel().epoch()) return;
  on->wakes().leave(flight->part->keys.wake_channel(flight->names.key));
}

}  // namespace drover::detail
