// SPDX-License-Identifier: MIT
#include "store/redis_store.hpp"

#include <chrono>
#include <utility>

namespace drover::store {

namespace {

constexpr microseconds reload_pause{
    1'000'000};  // a script cache that is flushed all the time is not ours to fight

constexpr microseconds sample_age_max{30'000'000};

std::int64_t count_us(steady_time at) { return at.time_since_epoch().count(); }

std::int64_t local_offset_us() {
  const auto wall =
      std::chrono::duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch());
  return (wall - connection::now().time_since_epoch()).count();
}

connection::settings prepared(connection::settings with) {
  lease::write_tracking(with.on_connect, true);
  lease::write_load_scripts(with.on_connect);
  with.on_connect_replies = 1 + static_cast<unsigned>(lease::scripts().size());
  return with;
}

}  // namespace

redis_store::redis_store(connection::settings with, events to)
    : to_{std::move(to)},
      offset_us_{local_offset_us()},
      channel_{prepared(std::move(with)),
               {.up = [this](const connection::greeting& hello) { on_up(hello); },
                .down = [this](const fault& why) { to_.down(why); },
                .push = [this](const resp::message& push) { on_push(push); }}},
      waker_{channel_, [this](wake_mode mode) { to_.waking(mode); }} {}

void redis_store::on_up(const connection::greeting& hello) {
  waker_.connection_is_new();
  {
    const std::scoped_lock lock{clock_mutex_};
    clock_.reset();
  }
  sampled_at_us_.store(INT64_MIN, std::memory_order_relaxed);
  to_.up(hello);
}

void redis_store::on_push(const resp::message& push) {
  lease::push_notice notice = lease::read_push(push);
  switch (notice.what) {
    case lease::push_notice::how::keys:
      for (const std::string& key : notice.names) {
        if (!waker_.saw_key(key)) to_.changed(key);
      }
      return;
    case lease::push_notice::how::everything: to_.everything_changed(); return;
    case lease::push_notice::how::subscribed:
      for (const std::string& name : notice.names) waker_.saw_subscription(name);
      return;
    case lease::push_notice::how::channel:
      for (std::string& name : notice.names) {
        to_.changed(entry::value_key_of_wake_channel(std::move(name)));
      }
      return;
    case lease::push_notice::how::other: return;
  }
}

redis_store::looked_up redis_store::get(std::string_view value_key, const wait_limit& within) {
  std::string request;
  lease::write_get(request, value_key);
  const steady_time sent = connection::now();
  const std::int64_t sampled_us = sampled_at_us_.load(std::memory_order_relaxed);
  const bool wants_time =
      sampled_us == INT64_MIN || count_us(sent) - sampled_us > sample_age_max.count();
  if (wants_time) {
    sampled_at_us_.store(count_us(sent), std::memory_order_relaxed);  // one caller asks, not all
    lease::write_time(request);
  }
  resp::message replies[2];
  const std::span<resp::message> due{replies, wants_time ? 2U : 1U};
  connection::outcome end = channel_.exchange(request, due, within);
  if (end.ended == connection::outcome::how::faulted && end.why.code == fault_code::unreachable &&
      channel_.is_available()) {
    for (resp::message& reply : replies) reply.clear();
    end = channel_.exchange(request, due, within);
  }
  if (end.ended == connection::outcome::how::faulted) {
    if (wants_time) sampled_at_us_.store(INT64_MIN, std::memory_order_relaxed);
    return {end.ended, std::move(end.why)};
  }
  if (end.ended != connection::outcome::how::replied) return {.ended = end.ended};
  if (wants_time) {
    if (const auto told = lease::read_time(replies[1])) take_sample(sent, *told);
  }
  return {end.ended, lease::read_get(std::move(replies[0]))};
}

result<void> redis_store::invalidate(std::span<const std::string> keys) {
  std::string request;
  lease::write_invalidate(request, keys);
  resp::message reply;
  connection::outcome end = channel_.exchange(request, {&reply, 1});
  if (end.ended == connection::outcome::how::faulted && channel_.is_available()) {
    reply.clear();
    end = channel_.exchange(request, {&reply, 1});  // to unlink twice does no harm
  }
  if (end.ended != connection::outcome::how::replied) return end.why;
  return lease::read_acknowledged(reply);
}

result<void> redis_store::expire(std::span<const std::string> value_keys,
                                 std::span<const std::string> mark_keys,
                                 const entry::token_source& new_token) {
  for (bool again = true;; again = false) {
    std::string request;
    for (const std::string& key : value_keys) lease::write_expire(request, key, new_token());
    lease::write_invalidate(request, mark_keys);
    std::vector<resp::message> replies(value_keys.size() + 1);
    const connection::outcome end = channel_.exchange(request, replies);
    if (end.ended != connection::outcome::how::replied) return end.why;
    if (again && lease::is_noscript(replies.front())) {
      std::string load;
      lease::write_load_scripts(load);
      std::vector<resp::message> loaded(lease::scripts().size());
      const connection::outcome reload = channel_.exchange(load, loaded);
      if (reload.ended != connection::outcome::how::replied) return reload.why;
      continue;
    }
    for (std::size_t i = 0; i < value_keys.size(); ++i) {
      const auto read = lease::read_step(replies[i]);
      if (!read) return read.error();
    }
    return lease::read_acknowledged(replies.back());
  }
}

void redis_store::run_script(std::string request, unsigned replies, connection::completion done) {
  std::string copy = request;
  channel_.post(std::move(request), replies,
                [this, copy = std::move(copy), replies,
                 done = std::move(done)](result<std::vector<resp::message>> got) mutable {
                  if (got && lease::is_noscript(got->back())) {
                    again_after_loading(std::move(copy), replies, std::move(done));
                  } else {
                    done(std::move(got));
                  }
                });
}

// The whole request again, CACHING YES included: NOSCRIPT has used it up. Scripts are loaded once
// for a burst of these; requests behind that load find them.
void redis_store::again_after_loading(std::string request, unsigned replies,
                                      connection::completion done) {
  const std::int64_t now_us = count_us(connection::now());
  std::int64_t last = scripts_loaded_at_us_.load();
  if ((last == INT64_MIN || now_us - last > reload_pause.count()) &&
      scripts_loaded_at_us_.compare_exchange_strong(last, now_us)) {
    std::string load;
    lease::write_load_scripts(load);
    channel_.post(std::move(load), static_cast<unsigned>(lease::scripts().size()),
                  [](const result<std::vector<resp::message>>&) {});
  }
  channel_.post(std::move(request), replies, std::move(done));
}

void redis_store::lease(lease::lease_request what, then<lease::lease_reply> done) {
  const wake_mode mode = waker_.mode();
  const bool tracked = mode == wake_mode::undecided || mode == wake_mode::push;
  what.notify = mode == wake_mode::channel;
  what.client_id = channel_.client_id();
  std::string request;
  lease::write_lease(request, what, tracked);
  const steady_time sent = connection::now();
  run_script(std::move(request), tracked ? 2 : 1,
             [this, sent, done = std::move(done)](result<std::vector<resp::message>> got) {
               if (!got) return done(got.error());
               result<lease::lease_reply> reply = lease::read_lease(std::move(got->back()));
               if (reply) take_sample(sent, reply->now);
               done(std::move(reply));
             });
}

void redis_store::step(std::string request, then<lease::step_reply> done) {
  run_script(std::move(request), 1,
             [done = std::move(done)](const result<std::vector<resp::message>>& got) {
               if (!got) return done(got.error());
               done(lease::read_step(got->back()));
             });
}

void redis_store::renew(std::string_view value_key, const entry::token& held,
                        milliseconds lease_ttl, then<lease::step_reply> done) {
  std::string request;
  lease::write_renew(request, value_key, held, lease_ttl, channel_.client_id());
  step(std::move(request), std::move(done));
}

void redis_store::promote(std::string_view value_key, const entry::token& base,
                          const entry::token& held, milliseconds lease_ttl,
                          milliseconds pending_ttl, then<lease::step_reply> done) {
  std::string request;
  lease::write_promote(request, value_key, base, held, lease_ttl, pending_ttl,
                       channel_.client_id());
  step(std::move(request), std::move(done));
}

void redis_store::fill(const lease::fill_request& what, then<lease::fill_reply> done) {
  std::string request;
  lease::write_fill(request, what);
  run_script(std::move(request), 1,
             [done = std::move(done)](const result<std::vector<resp::message>>& got) {
               if (!got) return done(got.error());
               done(lease::read_fill(got->back()));
             });
}

void redis_store::fail(const lease::failure_request& what) {
  std::string request;
  lease::write_failure(request, what);
  step(std::move(request), [](const result<lease::step_reply>&) {});
}

void redis_store::release(std::string_view value_key, const entry::token& held,
                          std::string_view wake_channel, then<lease::step_reply> done) {
  std::string request;
  lease::write_release(request, value_key, held, wake_channel);
  step(std::move(request), std::move(done));
}

void redis_store::mark(std::string_view mark_key, std::string_view value_key,
                       const entry::token& attempt, milliseconds lease_ttl,
                       then<lease::mark_reply> done) {
  std::string request;
  lease::write_mark(request, mark_key, value_key, attempt, lease_ttl);
  channel_.post(std::move(request), 2,
                [done = std::move(done)](result<std::vector<resp::message>> got) {
                  if (!got) return done(got.error());
                  done(lease::read_mark(std::move((*got)[0]), std::move((*got)[1])));
                });
}

void redis_store::extend_mark(std::string_view mark_key, const entry::token& held,
                              milliseconds ttl) {
  std::string request;
  lease::write_mark_extend(request, mark_key, held, ttl);
  step(std::move(request), [](const result<lease::step_reply>&) {});
}

void redis_store::release_mark(std::string_view mark_key, const entry::token& held) {
  std::string request;
  lease::write_mark_release(request, mark_key, held);
  step(std::move(request), [](const result<lease::step_reply>&) {});
}

void redis_store::holders(std::span<const std::uint64_t> client_ids,
                          then<std::vector<std::uint64_t>> done) {
  std::string request;
  lease::write_holders(request, client_ids);
  channel_.post(std::move(request), 1,
                [done = std::move(done)](const result<std::vector<resp::message>>& got) {
                  if (!got) return done(got.error());
                  done(lease::read_holders(got->front()));
                });
}

void redis_store::invalidate_later(std::span<const std::string> keys, then<bool> acknowledged) {
  std::string request;
  lease::write_invalidate(request, keys);
  channel_.post(std::move(request), 1,
                [done = std::move(acknowledged)](const result<std::vector<resp::message>>& got) {
                  if (!got) return done(got.error());
                  const result<void> read = lease::read_acknowledged(got->front());
                  if (!read) return done(read.error());
                  done(true);
                });
}

void redis_store::take_sample(steady_time sent, server_time server) noexcept {
  const steady_time received = connection::now();
  const std::scoped_lock lock{clock_mutex_};
  clock_.add({.sent = sent, .received = received, .server = server});
  if (const auto estimate = clock_.at(received)) {
    offset_us_.store(
        std::chrono::duration_cast<microseconds>(estimate->time_since_epoch()).count() -
            count_us(received),
        std::memory_order_relaxed);
    sampled_at_us_.store(count_us(received), std::memory_order_relaxed);
  }
}

server_time redis_store::server_now() const noexcept {
  const std::int64_t us = count_us(connection::now()) + offset_us_.load(std::memory_order_relaxed);
  return server_time{milliseconds{us / 1000}};
}

steady_time redis_store::steady_at(server_time at) const noexcept {
  const std::int64_t us = at.time_since_epoch().count() * 1000;
  return steady_time{microseconds{us - offset_us_.load(std::memory_order_relaxed)}};
}

}  // namespace drover::store
