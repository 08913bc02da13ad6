// SPDX-License-Identifier: MIT
#include "lease/plain_changes.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/bytes.hpp"

namespace drover::lease {
namespace {

using entry::decoded;
using entry::decoding;
using entry::envelope;
using entry::kind;
using entry::token;

constexpr std::size_t stored_at_offset = 8;
constexpr std::size_t until_offset = 16;
constexpr std::size_t token_offset = 24;
constexpr std::size_t client_id_offset = 40;
constexpr std::size_t flags_offset = 2;

/// The scripts get durations of at most a hundred years; see lease/commands.cpp.
constexpr milliseconds longest_span{std::chrono::hours{24} * 36'525};

milliseconds span(milliseconds time) { return std::clamp(time, milliseconds{0}, longest_span); }
milliseconds key_span(milliseconds time) { return std::clamp(time, milliseconds{1}, longest_span); }

std::uint64_t number_of(server_time at) {
  return static_cast<std::uint64_t>(std::max(at.time_since_epoch(), milliseconds{0}).count());
}

decoded read_of(stored_bytes stored) { return entry::decode(stored.value_or(std::string_view{})); }

bool is_ours(const decoded& read, kind of) {
  return read.format == decoding::ours && read.head.kind == of;
}

bool is_held(const decoded& read, const token& by) {
  return is_ours(read, kind::pending) && read.head.produced_by == by;
}

bool wakes_somebody(const decoded& read) {
  return read.format == decoding::ours && (read.head.flags & envelope::flag_untracked_waiter) != 0;
}

key_change store_of(const envelope& head, std::string_view payload, milliseconds key_ttl) {
  return {key_change::kind::store, entry::encode(head, payload), key_span(key_ttl)};
}

void write_token(std::string& bytes, const token& of) {
  bytes.replace(token_offset, token::size, of.view());
}

plain_decision<step_reply> not_applied() { return {}; }

plain_decision<step_reply> applied(key_change change, const decoded& before) {
  return {{.applied = true}, std::move(change), wakes_somebody(before)};
}

plain_decision<lease_reply> granted(const lease_request& request, const decoded& before,
                                    server_time now) {
  const bool was_pending = is_ours(before, kind::pending);
  const bool counts = was_pending || is_ours(before, kind::failed);
  const std::uint32_t attempts = counts ? before.head.attempts : 0;
  const bool is_awaited = was_pending && wakes_somebody(before);
  const envelope stub{.kind = kind::pending,
                      .flags = is_awaited ? envelope::flag_untracked_waiter : std::uint8_t{0},
                      .attempts = attempts,
                      .stored_at = now,
                      .until = now + span(request.lease_ttl),
                      .produced_by = request.attempt,
                      .holder_client_id = request.client_id,
                      .digest = request.digest};
  return {lead_reply(now, attempts), store_of(stub, {}, request.pending_ttl)};
}

plain_decision<lease_reply> granted_again(const lease_request& request, std::string_view stored,
                                          const decoded& before, server_time now) {
  std::string bytes{stored};
  base::store_big_endian(bytes, stored_at_offset, number_of(now));
  base::store_big_endian(bytes, until_offset, number_of(now + span(request.lease_ttl)));
  write_token(bytes, request.attempt);
  base::store_big_endian(bytes, client_id_offset, request.client_id);
  return {lead_reply(now, before.head.attempts),
          key_change{key_change::kind::replace, std::move(bytes)}};
}

plain_decision<lease_reply> answered(lease_outcome outcome, server_time now, milliseconds left,
                                     std::string_view bytes) {
  return {{outcome, now, 0, left, std::string{bytes}}};
}

/// How long this reader still waits for the pause after a failure. Not positive: it has ended.
milliseconds pause_left(const lease_request& request, const envelope& failed, server_time now) {
  if (failed.stored_at > now) return milliseconds{0};
  const milliseconds most = span(entry::longest_failure_pause(request.failure_pause_max));
  return std::min(failed.until - now, failed.stored_at + most - now);
}

}  // namespace

lease_reply lead_reply(server_time now, std::uint32_t attempts) {
  return {lease_outcome::lead, now, attempts, {}, {}};
}

key_change pending_stub(const lease_request& request, server_time now) {
  DROVER_ASSERT(!request.attempt.is_none());
  return *granted(request, {}, now).change;
}

plain_decision<lease_reply> decide_lease(const lease_request& request, stored_bytes stored,
                                         server_time now) {
  const decoded read = read_of(stored);
  if (read.format == decoding::newer) return answered(lease_outcome::newer, now, {}, {});
  if (read.format != decoding::ours) return granted(request, read, now);
  const envelope& head = read.head;
  const milliseconds left = head.until - now;
  const bool is_old = head.stored_at < request.stored_from;
  if (head.kind == kind::pending) {
    const bool is_own = head.produced_by == request.attempt || head.produced_by == request.previous;
    if (is_own) return granted_again(request, *stored, read, now);
    if (left > milliseconds{0} && !is_old) {
      return answered(lease_outcome::wait, now, left, stored->substr(0, entry::envelope_size));
    }
    return granted(request, read, now);
  }
  if (head.produced_by == request.refused) return granted(request, read, now);
  switch (head.kind) {
    case kind::value: {
      const bool has_grace = head.grace > milliseconds{0};
      if (entry::servable_until(head) > now && (has_grace || !is_old)) {
        return answered(lease_outcome::hit, now, {}, *stored);
      }
      break;
    }
    case kind::absent:
      if (left > milliseconds{0} && !is_old) {
        return answered(lease_outcome::hit, now, {}, *stored);
      }
      break;
    case kind::failed: {
      const milliseconds pause = pause_left(request, head, now);
      if (pause > milliseconds{0} && !is_old) {
        return answered(lease_outcome::failed, now, pause, *stored);
      }
      break;
    }
    case kind::uncacheable:
      if (left > milliseconds{0} && !is_old) {
        return answered(lease_outcome::uncacheable, now, left, {});
      }
      break;
    case kind::pending: break;
  }
  return granted(request, read, now);
}

plain_decision<step_reply> decide_renew(const token& held, milliseconds lease_ttl,
                                        std::uint64_t client_id, stored_bytes stored,
                                        server_time now) {
  const decoded read = read_of(stored);
  if (!is_held(read, held)) return not_applied();
  std::string bytes{*stored};
  base::store_big_endian(bytes, until_offset, number_of(now + span(lease_ttl)));
  base::store_big_endian(bytes, client_id_offset, client_id);
  return {{.applied = true}, key_change{key_change::kind::replace, std::move(bytes)}};
}

plain_decision<step_reply> decide_promote(const token& base, const token& held,
                                          milliseconds lease_ttl, milliseconds pending_ttl,
                                          std::uint64_t client_id, stored_bytes stored,
                                          server_time now) {
  const decoded read = read_of(stored);
  if (!is_ours(read, kind::value) || read.head.produced_by != base) return not_applied();
  const envelope stub{.kind = kind::pending,
                      .stored_at = now,
                      .until = now + span(lease_ttl),
                      .produced_by = held,
                      .holder_client_id = client_id,
                      .digest = read.head.digest};
  return {{.applied = true}, store_of(stub, {}, pending_ttl)};
}

// Never creates a key: a missing key may have been invalidated after the load began.
plain_decision<fill_reply> decide_fill(const fill_request& request, stored_bytes stored,
                                       server_time now) {
  DROVER_ASSERT(!request.produced_by.is_none());
  const decoded read = read_of(stored);
  const bool is_pending = is_ours(read, kind::pending);
  const bool is_loaded = is_ours(read, kind::value) || is_ours(read, kind::absent);
  if (is_loaded && read.head.produced_by == request.produced_by) {
    return {{fill_outcome::duplicate, now}};
  }
  if ((!is_pending && !is_loaded) || read.head.produced_by != request.expected) {
    return {{fill_outcome::refused, now}};
  }
  const milliseconds fresh = span(request.times.fresh);
  const milliseconds grace = request.absent ? milliseconds{0} : span(request.times.grace);
  const bool is_late = request.loaded_at > server_time{} && request.loaded_at < now;
  const server_time at = is_late ? request.loaded_at : now;
  if (is_late && at + fresh + grace <= now) {
    // Its lease is given back, so that nobody waits for it.
    if (!is_pending) return {{fill_outcome::refused, now}};
    return {{fill_outcome::refused, now},
            key_change{.does = key_change::kind::remove},
            wakes_somebody(read)};
  }
  const auto load_us = std::clamp<std::int64_t>(request.load_time.count(), 0, 0xFFFF'FFFF);
  const envelope head{.kind = request.absent ? kind::absent : kind::value,
                      .load_us = static_cast<std::uint32_t>(load_us),
                      .stored_at = at,
                      .until = at + fresh,
                      .produced_by = request.produced_by,
                      .grace = grace,
                      .digest = request.digest,
                      .checksum = entry::checksum_of(request.payload, request.digest)};
  return {{fill_outcome::stored, now},
          store_of(head, request.payload, request.times.key_ttl),
          wakes_somebody(read)};
}

plain_decision<step_reply> decide_failure(const failure_request& request, stored_bytes stored,
                                          server_time now) {
  const decoded read = read_of(stored);
  if (!is_held(read, request.held)) return not_applied();
  const envelope head{.kind = kind::failed,
                      .failure = request.failure,
                      .attempts = request.attempts,
                      .stored_at = now,
                      .until = now + span(request.pause),
                      .produced_by = request.held,
                      .digest = request.digest,
                      .checksum = entry::checksum_of(request.text, request.digest)};
  return applied(store_of(head, request.text, request.key_ttl), read);
}

plain_decision<step_reply> decide_release(const token& held, stored_bytes stored) {
  const decoded read = read_of(stored);
  if (!is_held(read, held)) return not_applied();
  return applied({.does = key_change::kind::remove}, read);
}

plain_decision<step_reply> decide_uncacheable(const token& held, milliseconds ttl,
                                              stored_bytes stored, server_time now) {
  const decoded read = read_of(stored);
  if (!is_held(read, held)) return not_applied();
  const envelope head{.kind = kind::uncacheable,
                      .stored_at = now,
                      .until = now + key_span(ttl),
                      .produced_by = held,
                      .digest = read.head.digest};
  return applied(store_of(head, {}, ttl), read);
}

plain_decision<step_reply> decide_expire(const token& fresh, stored_bytes stored, server_time now) {
  DROVER_ASSERT(!fresh.is_none());
  const decoded read = read_of(stored);
  if (read.format == decoding::foreign) return not_applied();
  if (!is_ours(read, kind::value) || read.head.grace <= milliseconds{0}) {
    return {{.applied = true}, key_change{.does = key_change::kind::remove}};
  }
  std::string bytes{*stored};
  bytes[flags_offset] = static_cast<char>(static_cast<std::uint8_t>(bytes[flags_offset]) |
                                          envelope::flag_expired_by_hand);
  base::store_big_endian(bytes, until_offset, number_of(std::min(read.head.until, now)));
  write_token(bytes, fresh);
  return {{.applied = true}, key_change{key_change::kind::replace, std::move(bytes)}};
}

plain_decision<step_reply> decide_mark_extend(const token& held, milliseconds ttl,
                                              stored_bytes stored) {
  if (stored != held.view()) return not_applied();
  return {{.applied = true},
          key_change{key_change::kind::store, std::string{held.view()}, key_span(ttl)}};
}

plain_decision<step_reply> decide_mark_release(const token& held, stored_bytes stored) {
  if (stored != held.view()) return not_applied();
  return {{.applied = true}, key_change{.does = key_change::kind::remove}};
}

}  // namespace drover::lease
