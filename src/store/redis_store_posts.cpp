// SPDX-License-Identifier: MIT
// The requests that are sent without waiting. A completion never throws: when memory runs out, the
// reply counts as a fault.
#include <new>
#include <utility>

#include "store/redis_store.hpp"

namespace drover::store {
namespace {

using replies = std::vector<resp::message>;
using answered = result<replies>;

/// The shortest time between two loads of the scripts, even if the script cache is flushed all the
/// time.
constexpr microseconds reload_pause{1'000'000};

/// Writes that have a meaning only on the server that granted their token.
constexpr connection::posting of_a_grant{.bound_to_server = true, .may_stall = true};
constexpr connection::posting of_a_write{.may_stall = true};

bool has_error(const replies& got) {
  for (const resp::message& reply : got) {
    if (!reply.empty() && reply.root().is_error()) return true;
  }
  return false;
}

/// The beginning of a request for one key, and the number of its replies.
unsigned begin_for(addressee as, std::string& out) {
  if (as != addressee::importer) return 0;
  lease::write_asking(out);
  return 1;
}

}  // namespace

/// Makes a completion that reads the replies with `read` and passes the result to `done`. `request`
/// is the kind of the request; without it an error does not count as a refusal of this client.
template <class Reply, class Read>
connection::completion redis_store::completion_of(std::optional<request_kind> request,
                                                  then<Reply> done, Read read) {
  return [this, request, done = std::move(done), read = std::move(read)](answered got) {
    result<Reply> reply = out_of_memory();
    try {
      if (got) {
        look_for_readonly(*got);
        const bool is_refused = has_error(*got);
        reply = read(*std::move(got));
        const bool is_corrupt = !reply && reply.error().code == fault_code::corrupt;
        if (is_corrupt && !is_refused) verify_later();
        if (request && reply) refusals_.succeeded(*request);
        if (request && !reply && is_refused) note_refusal(*request, reply.error());
      } else {
        reply = got.error();
      }
    } catch (const std::bad_alloc&) {
      reply = out_of_memory();
    }
    done(std::move(reply));
  };
}

void redis_store::verify_later() {
  if (verifying_.exchange(true)) return;  // the PING that was sent already covers this check, too
  try {
    const std::uint64_t nonce = new_nonce();
    std::string request;
    lease::write_ping(request, nonce);
    channel_.post(std::move(request), 1, [this, nonce](const answered& got) {
      verifying_ = false;
      try {
        if (got) static_cast<void>(checked(got->front(), nonce));
      } catch (const std::bad_alloc&) {
        // Out of memory: the next call of `verify_later` sends it.
      }
    });
  } catch (const std::bad_alloc&) {
    verifying_ = false;
  }
}

void redis_store::look_up_later(std::string_view value_key, then<std::optional<std::string>> done,
                                addressee as) {
  std::string request;
  const unsigned at = begin_for(as, request);
  lease::write_get(request, value_key);
  const steady_time sent = now();
  const bool wants_time = known_.wants_sample(sent);
  if (wants_time) lease::write_time(request);
  channel_.post(
      std::move(request), at + (wants_time ? 2 : 1),
      completion_of(request_kind::read, std::move(done), [this, at, sent, wants_time](replies got) {
        if (wants_time) take_sample(sent, lease::read_time(got[at + 1]));
        return lease::read_get(std::move(got[at]));
      }));
}

// Sends the whole request again after NOSCRIPT, including CACHING YES, which covers only one
// command.
void redis_store::run_script(std::string request, unsigned due, connection::completion done,
                             connection::posting behaviour) {
  std::string copy = request;
  channel_.post(
      std::move(request), due,
      [this, copy = std::move(copy), due, done = std::move(done), behaviour](answered got) mutable {
        if (!got || !lease::is_noscript(got->back())) return done(std::move(got));
        try {
          load_scripts_once();
          channel_.post(std::move(copy), due, done, behaviour);
        } catch (const std::bad_alloc&) {
          done(out_of_memory());
        }
      },
      behaviour);
}

// Loads the scripts once for a burst of NOSCRIPT: requests that follow the load find the scripts.
void redis_store::load_scripts_once() {
  const std::int64_t now_us = now().time_since_epoch().count();
  std::int64_t last = scripts_loaded_at_us_.load();
  if (last != INT64_MIN && now_us - last <= reload_pause.count()) return;
  if (!scripts_loaded_at_us_.compare_exchange_strong(last, now_us)) return;
  try {
    std::string load;
    lease::write_load_scripts(load);
    channel_.post(std::move(load), static_cast<unsigned>(lease::scripts().size()),
                  [this](const answered& got) {
                    if (got) note_refused_scripts(*got);
                  });
  } catch (const std::bad_alloc&) {
    scripts_loaded_at_us_ = last;
    throw;
  }
}

void redis_store::lease(lease::lease_request request, then<lease::lease_reply> done, addressee as) {
  waker_.use_no_channel(plain_.is_active());
  const wake_mode mode = waker_.mode();
  const bool tracked =
      as != addressee::importer && (mode == wake_mode::undecided || mode == wake_mode::push);
  request.notify = mode == wake_mode::channel;
  request.client_id = client_id();
  request.stored_from = known_.trusted().stored_from;
  if (plain_.is_active()) {
    return plain_lease(request, tracked, std::move(done));
  }
  done = without_scripts(request, tracked, std::move(done));
  std::string bytes;
  const unsigned before = begin_for(as, bytes);
  lease::write_lease(bytes, request, tracked);
  const steady_time sent = now();
  run_script(std::move(bytes), before + (tracked ? 2 : 1),
             completion_of(request_kind::lease, std::move(done),
                           [this, sent](replies got) {
                             result<lease::lease_reply> reply =
                                 lease::read_lease(std::move(got.back()));
                             if (reply) take_sample(sent, reply->now);
                             return reply;
                           }),
             of_a_write);
}

// `request` begins as `begin_for` has it.
void redis_store::step(std::string request, addressee as, then<lease::step_reply> done) {
  run_script(std::move(request), as == addressee::importer ? 2 : 1,
             completion_of(request_kind::lease, std::move(done),
                           [](const replies& got) { return lease::read_step(got.back()); }),
             of_a_grant);
}

void redis_store::renew(std::string_view value_key, const entry::token& held,
                        milliseconds lease_ttl, then<lease::step_reply> done, addressee as) {
  if (plain_.is_active()) {
    return plain_step(
        value_key, held, {},
        [held, lease_ttl, id = client_id()](auto stored, auto at) {
          return lease::decide_renew(held, lease_ttl, id, stored, at);
        },
        std::move(done));
  }
  std::string request;
  begin_for(as, request);
  lease::write_renew(request, value_key, held, lease_ttl, client_id());
  step(std::move(request), as, std::move(done));
}

void redis_store::promote(std::string_view value_key, const entry::token& base,
                          const entry::token& held, milliseconds lease_ttl,
                          milliseconds pending_ttl, then<lease::step_reply> done, addressee as) {
  if (plain_.is_active()) {
    return plain_step(
        value_key, held, {},
        [=, id = client_id()](auto stored, auto at) {
          return lease::decide_promote(base, held, lease_ttl, pending_ttl, id, stored, at);
        },
        std::move(done));
  }
  std::string request;
  begin_for(as, request);
  lease::write_promote(request, value_key, base, held, lease_ttl, pending_ttl, client_id());
  step(std::move(request), as, std::move(done));
}

void redis_store::fill(const lease::fill_request& request, then<lease::fill_reply> done,
                       addressee as) {
  if (plain_.is_active()) return plain_fill(request, std::move(done));
  std::string bytes;
  const unsigned before = begin_for(as, bytes);
  lease::write_fill(bytes, request);
  const steady_time sent = now();
  run_script(std::move(bytes), before + 1,
             completion_of(request_kind::fill, std::move(done),
                           [this, sent](const replies& got) {
                             result<lease::fill_reply> reply = lease::read_fill(got.back());
                             // If the server's clock was set, later fills must not seem late.
                             if (reply) take_sample(sent, reply->now);
                             return reply;
                           }),
             of_a_grant);
}

void redis_store::fail(const lease::failure_request& request, then<lease::step_reply> done,
                       addressee as) {
  if (plain_.is_active()) return plain_fail(request, std::move(done));
  std::string bytes;
  begin_for(as, bytes);
  lease::write_failure(bytes, request);
  step(std::move(bytes), as, std::move(done));
}

void redis_store::release(std::string_view value_key, const entry::token& held,
                          std::string_view wake_channel, then<lease::step_reply> done,
                          addressee as) {
  if (plain_.is_active()) {
    return plain_step(
        value_key, held, wake_channel,
        [held](auto stored, auto) { return lease::decide_release(held, stored); }, std::move(done));
  }
  std::string request;
  begin_for(as, request);
  lease::write_release(request, value_key, held, wake_channel);
  step(std::move(request), as, std::move(done));
}

void redis_store::mark_uncacheable(std::string_view value_key, const entry::token& held,
                                   milliseconds ttl, std::string_view wake_channel,
                                   then<lease::step_reply> done, addressee as) {
  if (plain_.is_active()) {
    return plain_step(
        value_key, held, wake_channel,
        [held, ttl](auto stored, auto at) {
          return lease::decide_uncacheable(held, ttl, stored, at);
        },
        std::move(done));
  }
  std::string request;
  begin_for(as, request);
  lease::write_uncacheable(request, value_key, held, ttl, wake_channel);
  step(std::move(request), as, std::move(done));
}

void redis_store::take_refresh_mark(std::string_view refresh_mark_key, std::string_view value_key,
                                    const entry::token& attempt, milliseconds lease_ttl,
                                    then<lease::refresh_mark_reply> done, addressee as) {
  std::string request;
  const unsigned before = as == addressee::importer ? 1 : 0;
  lease::write_refresh_mark(request, refresh_mark_key, value_key, attempt, lease_ttl, before > 0);
  channel_.post(std::move(request), 2 * before + 2,
                completion_of(request_kind::refresh_mark, std::move(done),
                              [before](replies got) {
                                return lease::read_refresh_mark(std::move(got[before]),
                                                                std::move(got.back()));
                              }),
                of_a_grant);
}

void redis_store::extend_refresh_mark(std::string_view refresh_mark_key, const entry::token& held,
                                      milliseconds ttl, then<lease::step_reply> done,
                                      addressee as) {
  if (plain_.is_active()) {
    return plain_step(
        refresh_mark_key, {}, {},
        [held, ttl](auto stored, auto) { return lease::decide_mark_extend(held, ttl, stored); },
        std::move(done));
  }
  std::string request;
  begin_for(as, request);
  lease::write_refresh_mark_extend(request, refresh_mark_key, held, ttl);
  step(std::move(request), as, std::move(done));
}

void redis_store::release_refresh_mark(std::string_view refresh_mark_key, const entry::token& held,
                                       then<lease::step_reply> done, addressee as) {
  if (plain_.is_active()) {
    return plain_step(
        refresh_mark_key, {}, {},
        [held](auto stored, auto) { return lease::decide_mark_release(held, stored); },
        std::move(done));
  }
  std::string request;
  begin_for(as, request);
  lease::write_refresh_mark_release(request, refresh_mark_key, held);
  step(std::move(request), as, std::move(done));
}

void redis_store::holders(std::span<const std::uint64_t> client_ids,
                          then<std::vector<std::uint64_t>> done) {
  std::string request;
  std::vector<std::uint64_t> ids{client_ids.begin(), client_ids.end()};
  const std::uint64_t mark = ids.front() & ~id_mask;
  for (std::uint64_t& id : ids) id &= id_mask;
  lease::write_holders(request, ids);
  channel_.post(std::move(request), 1,
                completion_of(std::nullopt, std::move(done), [mark](const replies& got) {
                  auto alive = lease::read_holders(got.front());
                  if (alive) {
                    for (std::uint64_t& id : *alive) id |= mark;
                  }
                  return alive;
                }));
}

void redis_store::invalidate_later(std::span<const std::string> keys, then<bool> done,
                                   addressee as) {
  const std::uint64_t nonce = new_nonce();
  std::string request;
  const unsigned due = write_unlinks(request, keys, as) + 1;
  lease::write_ping(request, nonce);
  channel_.post(std::move(request), due,
                completion_of(std::nullopt, std::move(done),
                              [this, nonce](const replies& got) -> result<bool> {
                                const auto read = acknowledged(got, nonce);
                                if (!read) return read.error();
                                return true;
                              }),
                of_a_write);
}

}  // namespace drover::store
