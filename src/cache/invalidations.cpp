// SPDX-License-Identifier: MIT
#include "cache/invalidations.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "cache/random_draws.hpp"
#include "store/callback_scope.hpp"

namespace drover::detail {

namespace {

// The shortest pause of the journal. A retry is late by at most this time.
constexpr milliseconds retry_at_most_every{50};

}  // namespace

result<void> invalidations::send(cache_part& part, std::string_view key,
                                 const std::vector<std::string>& value_keys,
                                 const std::vector<std::string>& refresh_mark_keys) {
  std::vector<std::string> all_keys = value_keys;
  all_keys.insert(all_keys.end(), refresh_mark_keys.begin(), refresh_mark_keys.end());
  number noted = fetch::invalidation_journal::not_kept;
  {
    const guard_lock lock{mutex_};
    noted = journal_.add(all_keys, value_keys, store::now());
  }
  counters::add(part.counted.invalidations);
  const bool may_wait = !store::callback_scope::is_inside();
  if (!may_wait) post(noted, all_keys);
  result<void> done = may_wait ? servers_->invalidate(all_keys) : store::in_a_callback();
  if (done) {
    acknowledged(noted);
    return done;
  }
  if (may_wait) failed(noted);
  counters::add(part.counted.invalidations_unknown);
  report_.tell_fault(done.error(), &part, key);
  report_.tell({.kind = event_kind::invalidation_unknown,
                .cache = part.keys.name(),
                .key = key,
                .code = done.error().code,
                .text = done.error().text},
               &part.counted);
  if (noted == fetch::invalidation_journal::not_kept) {
    counters::add(part.counted.invalidations_dropped);
    report_.tell(
        {.kind = event_kind::invalidation_dropped,
         .cache = part.keys.name(),
         .key = key,
         .code = done.error().code,
         .text = "client_options.invalidations_max unacknowledged invalidations are already kept"},
        &part.counted);
  }
  return done;
}

bool invalidations::is_in_journal(std::string_view value_key) noexcept {
  const guard_lock lock{mutex_};
  return journal_.is_pending(value_key);
}

std::uint64_t invalidations::stamp() noexcept {
  const guard_lock lock{mutex_};
  return journal_.stamp();
}

void invalidations::settle(std::string_view value_key, std::uint64_t asked_at) noexcept {
  if (pending_count_.load() == 0) return;
  const guard_lock lock{mutex_};
  journal_.settle(value_key, asked_at);
  count_pending();
}

void invalidations::server_up(const store::redis_store& on,
                              fetch::invalidation_journal::server which) noexcept {
  repeat(which,
         [&](const std::vector<std::string>& keys) { return servers_->is_at(keys.front(), on); });
}

void invalidations::slots_moving(const cluster::slot_set& moving) noexcept {
  const guard_lock lock{mutex_};
  journal_.mark_pending(store::now(), [&](const std::vector<std::string>& keys) {
    return moving[cluster::slot_of(keys.front())];
  });
  count_pending();
}

void invalidations::slots_moved(const cluster::slot_set& moved) noexcept {
  repeat(fetch::invalidation_journal::server::another, [&](const std::vector<std::string>& keys) {
    return moved[cluster::slot_of(keys.front())];
  });
}

void invalidations::repeat(fetch::invalidation_journal::server which,
                           const fetch::invalidation_journal::scope& in) noexcept {
  std::vector<fetch::invalidation_journal::sending> due;
  try {
    const guard_lock lock{mutex_};
    due = journal_.connection_up(which, store::now(), in);
    count_pending();
  } catch (...) {
    // Out of memory: pending invalidations stay pending and are sent when they are due.
  }
  send_again(due);
}

void invalidations::acknowledged(number sending) noexcept {
  const guard_lock lock{mutex_};
  journal_.acknowledged(sending, store::now());
  count_pending();
}

void invalidations::failed(number sending) noexcept {
  {
    const guard_lock lock{mutex_};
    journal_.failed(sending, store::now(), draw());
    count_pending();
  }
  arm_retry();
}

void invalidations::send_again(std::span<const fetch::invalidation_journal::sending> due) noexcept {
  for (const auto& repeat : due) post(repeat.id, *repeat.keys);
}

void invalidations::post(number sending, std::span<const std::string> keys) noexcept {
  try {
    servers_->invalidate_later(keys, [this, sending](const result<bool>& done) {
      done ? acknowledged(sending) : failed(sending);
    });
  } catch (...) {
    failed(sending);
  }
}

void invalidations::retry_due() noexcept {
  std::vector<fetch::invalidation_journal::sending> due;
  try {
    const guard_lock lock{mutex_};
    retry_is_armed_ = false;
    due = journal_.due(store::now());
  } catch (...) {
    // Out of memory: they stay due and are sent at the next retry.
  }
  send_again(due);
  arm_retry();
}

void invalidations::arm_retry() noexcept {
  std::optional<steady_time> at;
  {
    const guard_lock lock{mutex_};
    at = journal_.next_due();
    if (!at || retry_is_armed_ || closing_) return;
    retry_is_armed_ = true;
  }
  try {
    servers_->home().channel().schedule(std::min(*at, store::now() + retry_at_most_every),
                                        [this] { retry_due(); });
  } catch (...) {
    const guard_lock lock{mutex_};
    retry_is_armed_ = false;  // the next failure or connection arms it again
  }
}

void invalidations::count_pending() noexcept { pending_count_.store(journal_.pending_count()); }

}  // namespace drover::detail
