// SPDX-License-Identifier: MIT
// The requests, each sent to the server of its key.
#include <utility>

#include "store/servers_routing.hpp"

namespace drover::store {

using step_done = then<lease::step_reply>;

template <class Ask>
result<void> servers::ask_in_turn(std::string_view key, const Ask& ask) {
  hop where = first_hop(key);
  for (unsigned hops = 0;;) {
    result<void> done = ask(*where.to, where.as);
    if (done) return done;
    const auto next = next_hop(key, where, done.error(), hops);
    if (!next) return final_fault(done.error());
    static_cast<void>(pause(next->pause, {}));
    where = *next;
    hops += next->costs;
  }
}

redis_store::looked_up servers::get(std::string_view value_key, const wait_limit& within) {
  hop where = first_hop(value_key);
  for (unsigned hops = 0;;) {
    redis_store::looked_up got = where.to->get(value_key, within, where.as);
    if (got.entry) return got;
    const auto next = next_hop(value_key, where, got.entry.error(), hops);
    if (!next || !pause(next->pause, within)) {
      got.entry = final_fault(got.entry.error());
      return got;
    }
    where = *next;
    hops += next->costs;
  }
}

result<void> servers::invalidate(std::span<const std::string> keys) {
  return ask_in_turn(keys.front(),
                     [&](redis_store& on, addressee as) { return on.invalidate(keys, as); });
}

result<void> servers::expire(std::span<const std::string> value_keys,
                             std::span<const std::string> refresh_mark_keys,
                             const entry::token_source& new_token) {
  return ask_in_turn(value_keys.front(), [&](redis_store& on, addressee as) {
    return on.expire(value_keys, refresh_mark_keys, new_token, as);
  });
}

void servers::look_up_later(std::string_view value_key, then<found> done) {
  route<found>(
      value_key,
      [key = std::string{value_key}](redis_store& on, addressee as, then<found> answered) {
        on.look_up_later(
            key,
            [&on, answered = std::move(answered)](result<std::optional<std::string>> reply) {
              if (!reply) return answered(reply.error());
              answered(found{*std::move(reply), &on});
            },
            as);
      },
      std::move(done));
}

void servers::mark_uncacheable(std::string_view value_key, const entry::token& held,
                               milliseconds ttl, std::string_view wake_channel, step_done done) {
  route<lease::step_reply>(
      value_key,
      [key = std::string{value_key}, held, ttl, channel = std::string{wake_channel}](
          redis_store& on, addressee as, step_done answered) {
        on.mark_uncacheable(key, held, ttl, channel, std::move(answered), as);
      },
      std::move(done));
}

void servers::lease(const lease::lease_request& request, then<leased> done) {
  route<leased>(
      request.value_key,
      [request, key = std::string{request.value_key}](redis_store& on, addressee as,
                                                      then<leased> answered) {
        lease::lease_request copy = request;
        copy.value_key = key;
        on.lease(
            copy,
            [&on, as, answered = std::move(answered)](result<lease::lease_reply> reply) {
              if (!reply) return answered(reply.error());
              answered(leased{*std::move(reply), &on, as != addressee::importer});
            },
            as);
      },
      std::move(done));
}

void servers::renew(std::string_view value_key, const entry::token& held, milliseconds lease_ttl,
                    step_done done) {
  route<lease::step_reply>(
      value_key,
      [key = std::string{value_key}, held, lease_ttl](redis_store& on, addressee as,
                                                      step_done answered) {
        on.renew(key, held, lease_ttl, std::move(answered), as);
      },
      std::move(done));
}

void servers::promote(std::string_view value_key, const entry::token& base,
                      const entry::token& held, milliseconds lease_ttl, milliseconds pending_ttl,
                      step_done done) {
  route<lease::step_reply>(
      value_key,
      [key = std::string{value_key}, base, held, lease_ttl, pending_ttl](
          redis_store& on, addressee as, step_done answered) {
        on.promote(key, base, held, lease_ttl, pending_ttl, std::move(answered), as);
      },
      std::move(done));
}

void servers::fill(std::string_view value_key, fill_for describe, then<lease::fill_reply> done) {
  route<lease::fill_reply>(
      value_key,
      [describe = std::move(describe)](redis_store& on, addressee as,
                                       then<lease::fill_reply> answered) {
        on.fill(describe(on), std::move(answered), as);
      },
      std::move(done));
}

void servers::fail(const lease::failure_request& request) {
  route<lease::step_reply>(
      request.value_key,
      [request, key = std::string{request.value_key}, text = std::string{request.text},
       channel = std::string{request.wake_channel}](redis_store& on, addressee as,
                                                    step_done answered) {
        lease::failure_request copy = request;
        copy.value_key = key;
        copy.text = text;
        copy.wake_channel = channel;
        on.fail(copy, std::move(answered), as);
      },
      ignore<lease::step_reply>);
}

void servers::release(std::string_view value_key, const entry::token& held,
                      std::string_view wake_channel, step_done done) {
  route<lease::step_reply>(
      value_key,
      [key = std::string{value_key}, held, channel = std::string{wake_channel}](
          redis_store& on, addressee as, step_done answered) {
        on.release(key, held, channel, std::move(answered), as);
      },
      std::move(done));
}

void servers::take_refresh_mark(std::string_view refresh_mark_key, std::string_view value_key,
                                const entry::token& attempt, milliseconds lease_ttl,
                                then<lease::refresh_mark_reply> done) {
  route<lease::refresh_mark_reply>(
      value_key,
      [mark = std::string{refresh_mark_key}, key = std::string{value_key}, attempt, lease_ttl](
          redis_store& on, addressee as, then<lease::refresh_mark_reply> answered) {
        on.take_refresh_mark(mark, key, attempt, lease_ttl, std::move(answered), as);
      },
      std::move(done));
}

void servers::extend_refresh_mark(std::string_view refresh_mark_key, const entry::token& held,
                                  milliseconds ttl) {
  route<lease::step_reply>(
      refresh_mark_key,
      [mark = std::string{refresh_mark_key}, held, ttl](redis_store& on, addressee as,
                                                        step_done answered) {
        on.extend_refresh_mark(mark, held, ttl, std::move(answered), as);
      },
      ignore<lease::step_reply>);
}

void servers::release_refresh_mark(std::string_view refresh_mark_key, const entry::token& held) {
  route<lease::step_reply>(
      refresh_mark_key,
      [mark = std::string{refresh_mark_key}, held](redis_store& on, addressee as,
                                                   step_done answered) {
        on.release_refresh_mark(mark, held, std::move(answered), as);
      },
      ignore<lease::step_reply>);
}

void servers::invalidate_later(std::span<const std::string> keys, then<bool> done) {
  route<bool>(
      keys.front(),
      [copy = std::vector<std::string>{keys.begin(), keys.end()}](redis_store& on, addressee as,
                                                                  then<bool> answered) {
        on.invalidate_later(copy, std::move(answered), as);
      },
      std::move(done));
}

}  // namespace drover::store
