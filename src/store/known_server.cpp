// SPDX-License-Identifier: MIT
#include "store/known_server.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace drover::store {
namespace {

constexpr microseconds sample_age_max{30'000'000};
/// Times on the server's clock are clamped to this distance from the epoch.
constexpr milliseconds last_time = std::chrono::days{36'525'000};

std::int64_t count_us(steady_time at) { return at.time_since_epoch().count(); }

}  // namespace

void known_server::greeted(const connection::greeting& hello, steady_time now) noexcept {
  // A node of a cluster answers for a key only while it is the primary, whatever it was before.
  const bool is_replica =
      !hello.is_in_cluster && (hello.role == "slave" || hello.role == "replica");
  const server_time started =
      keeps_writes_ ? server_time::min() : hello.started.value_or(server_time::min());
  stored_from_.store(is_replica ? server_time::max() : started);
  {
    const std::scoped_lock lock{mutex_};
    clock_.reset();
    if (!std::exchange(is_first_, false)) up_since_ = hello.clock ? hello.clock->sent : now;
    sampled_at_us_.store(unknown);
  }
  if (hello.clock) {
    add_sample({.sent = hello.clock->sent,
                .received = hello.clock->received,
                .server = hello.clock->server});
  }
}

void known_server::add_sample(const entry::server_clock::sample& reading) noexcept {
  const std::scoped_lock lock{mutex_};
  if (reading.sent < up_since_) return;
  clock_.add(reading);
  const auto estimate = clock_.at(reading.received);
  if (!estimate) return;
  offset_us_.store(microseconds{estimate->time_since_epoch()}.count() - count_us(reading.received));
  most_ahead_us_.store(clock_.most_ahead(reading.received).count());
  sampled_at_us_.store(count_us(reading.received));
}

bool known_server::wants_sample(steady_time now) noexcept {
  std::int64_t last = sampled_at_us_.load(std::memory_order_relaxed);
  if (last == unknown) return true;
  if (count_us(now) - last < sample_age_max.count()) return false;
  return sampled_at_us_.compare_exchange_strong(last, count_us(now));
}

std::optional<server_time> known_server::time_at(steady_time now) const noexcept {
  if (sampled_at_us_.load() == unknown) return std::nullopt;
  return server_time{
      std::chrono::floor<milliseconds>(now.time_since_epoch() + microseconds{offset_us_.load()})};
}

std::optional<server_time> known_server::latest_at(steady_time at) const noexcept {
  return time_at(at + microseconds{most_ahead_us_.load()});
}

steady_time known_server::steady_at(server_time at) const noexcept {
  const auto bounded = std::clamp(at.time_since_epoch(), -last_time, last_time);
  return steady_time{microseconds{bounded} - microseconds{offset_us_.load()}};
}

entry::trust known_server::trusted() const noexcept {
  const server_time from = stored_from_.load();
  return {.stored_from = from, .nothing_is_fresh = from == server_time::max()};
}

}  // namespace drover::store
