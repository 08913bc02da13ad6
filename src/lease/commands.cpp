// SPDX-License-Identifier: MIT
#include "lease/commands.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "resp/writer.hpp"

namespace drover::lease {
namespace {

using resp::begin_command;
using resp::write_argument;
using resp::write_command;

/// The longest time that is sent, because Redis refuses a ttl whose end overflows.
constexpr milliseconds longest{std::chrono::hours{24} * 36'525};

std::int64_t at_least(milliseconds least, milliseconds time) {
  return std::clamp(time, least, longest).count();
}
/// The ttl of a key, at least 1, because Redis refuses 0.
std::int64_t ttl_of(milliseconds time) { return at_least(milliseconds{1}, time); }
std::int64_t span_of(milliseconds time) { return at_least(milliseconds{0}, time); }

template <class Unsigned>
std::string big_endian(Unsigned number) {
  std::string bytes(sizeof(Unsigned), '\0');
  base::store_big_endian(bytes, 0, number);
  return bytes;
}

/// A moment, clamped to the range in which the scripts count exactly.
std::int64_t moment_of(server_time at) {
  constexpr std::int64_t last = std::int64_t{1} << 53U;
  return std::clamp<std::int64_t>(at.time_since_epoch().count(), 0, last);
}

std::int64_t saturated_us(microseconds time) {
  return std::clamp<std::int64_t>(time.count(), 0, 0xFFFF'FFFF);
}

/// The bytes of the token, or an empty argument for no token.
std::string_view or_empty(const entry::token& which) {
  return which.is_none() ? std::string_view{} : which.view();
}

void begin_script(std::string& out, script_id which, std::string_view key, std::size_t arguments) {
  begin_command(out, 4 + arguments);
  write_argument(out, "EVALSHA");
  write_argument(out, script_of(which).sha1);
  write_argument(out, "1");
  write_argument(out, key);
}

void write_list(std::string& out, std::string_view verb, std::span<const std::string> rest) {
  DROVER_ASSERT(!rest.empty());
  begin_command(out, 1 + rest.size());
  write_argument(out, verb);
  for (const std::string& argument : rest) write_argument(out, argument);
}

}  // namespace

void write_get(std::string& out, std::string_view value_key) {
  write_command(out, {"GET", value_key});
}

void write_time(std::string& out) { write_command(out, {"TIME"}); }

void write_asking(std::string& out) { write_command(out, {"ASKING"}); }

void write_ping(std::string& out, std::uint64_t nonce) {
  write_command(out, {"PING", big_endian(nonce)});
}

void write_lease(std::string& out, const lease_request& request, bool tracked) {
  DROVER_ASSERT(!request.attempt.is_none());
  if (tracked) write_command(out, {"CLIENT", "CACHING", "YES"});
  begin_script(out, script_id::lease, request.value_key, 10);
  write_argument(out, request.attempt.view());
  write_argument(out, span_of(request.lease_ttl));
  write_argument(out, ttl_of(request.pending_ttl));
  write_argument(out, request.notify ? "1" : "0");
  write_argument(out, or_empty(request.previous));
  write_argument(out, or_empty(request.refused));
  write_argument(out, big_endian(request.client_id));
  write_argument(out, big_endian(request.digest));
  write_argument(out, moment_of(request.stored_from));
  write_argument(out, span_of(entry::longest_failure_pause(request.failure_pause_max)));
}

void write_renew(std::string& out, std::string_view value_key, const entry::token& held,
                 milliseconds lease_ttl, std::uint64_t client_id) {
  begin_script(out, script_id::renew, value_key, 3);
  write_argument(out, held.view());
  write_argument(out, span_of(lease_ttl));
  write_argument(out, big_endian(client_id));
}

void write_promote(std::string& out, std::string_view value_key, const entry::token& base,
                   const entry::token& held, milliseconds lease_ttl, milliseconds pending_ttl,
                   std::uint64_t client_id) {
  begin_script(out, script_id::promote, value_key, 5);
  write_argument(out, base.view());
  write_argument(out, held.view());
  write_argument(out, span_of(lease_ttl));
  write_argument(out, ttl_of(pending_ttl));
  write_argument(out, big_endian(client_id));
}

void write_fill(std::string& out, const fill_request& request) {
  DROVER_ASSERT(!request.produced_by.is_none());
  out.reserve(out.size() + request.payload.size() + request.value_key.size() + 512);
  begin_script(out, script_id::fill, request.value_key, 12);
  write_argument(out, request.expected.view());
  write_argument(out, request.produced_by.view());
  write_argument(out, request.absent ? "2" : "0");
  write_argument(out, saturated_us(request.load_time));
  write_argument(out, span_of(request.times.fresh));
  write_argument(out, request.absent ? std::int64_t{0} : span_of(request.times.grace));
  write_argument(out, ttl_of(request.times.key_ttl));
  write_argument(out, big_endian(request.digest));
  write_argument(out, big_endian(entry::checksum_of(request.payload, request.digest)));
  write_argument(out, request.payload);
  write_argument(out, request.wake_channel);
  write_argument(out, moment_of(request.loaded_at));
}

void write_failure(std::string& out, const failure_request& request) {
  begin_script(out, script_id::failure, request.value_key, 9);
  write_argument(out, request.held.view());
  write_argument(out, std::int64_t{request.attempts});
  write_argument(out, static_cast<std::int64_t>(request.failure));
  write_argument(out, span_of(request.pause));
  write_argument(out, ttl_of(request.key_ttl));
  write_argument(out, big_endian(request.digest));
  write_argument(out, big_endian(entry::checksum_of(request.text, request.digest)));
  write_argument(out, request.text);
  write_argument(out, request.wake_channel);
}

void write_release(std::string& out, std::string_view value_key, const entry::token& held,
                   std::string_view wake_channel) {
  begin_script(out, script_id::release, value_key, 2);
  write_argument(out, held.view());
  write_argument(out, wake_channel);
}

void write_uncacheable(std::string& out, std::string_view value_key, const entry::token& held,
                       milliseconds ttl, std::string_view wake_channel) {
  begin_script(out, script_id::uncacheable, value_key, 3);
  write_argument(out, held.view());
  write_argument(out, ttl_of(ttl));
  write_argument(out, wake_channel);
}

void write_expire(std::string& out, std::string_view value_key, const entry::token& fresh) {
  DROVER_ASSERT(!fresh.is_none());
  begin_script(out, script_id::expire, value_key, 1);
  write_argument(out, fresh.view());
}

void write_invalidate(std::string& out, std::span<const std::string> keys) {
  write_list(out, "UNLINK", keys);
}

void write_refresh_mark(std::string& out, std::string_view refresh_mark_key,
                        std::string_view value_key, const entry::token& attempt,
                        milliseconds lease_ttl, bool asking) {
  if (asking) write_asking(out);
  begin_command(out, 6);
  write_argument(out, "SET");
  write_argument(out, refresh_mark_key);
  write_argument(out, attempt.view());
  write_argument(out, "NX");
  write_argument(out, "PX");
  write_argument(out, ttl_of(lease_ttl));
  if (asking) write_asking(out);
  write_command(out, {"GETRANGE", value_key, "0", "63"});
}

void write_refresh_mark_extend(std::string& out, std::string_view refresh_mark_key,
                               const entry::token& held, milliseconds ttl) {
  begin_script(out, script_id::mark_extend, refresh_mark_key, 2);
  write_argument(out, held.view());
  write_argument(out, ttl_of(ttl));
}

void write_refresh_mark_release(std::string& out, std::string_view refresh_mark_key,
                                const entry::token& held) {
  begin_script(out, script_id::mark_release, refresh_mark_key, 1);
  write_argument(out, held.view());
}

void write_holders(std::string& out, std::span<const std::uint64_t> client_ids) {
  DROVER_ASSERT(!client_ids.empty());
  begin_command(out, 3 + client_ids.size());
  write_argument(out, "CLIENT");
  write_argument(out, "LIST");
  write_argument(out, "ID");
  for (const std::uint64_t id : client_ids) write_argument(out, std::to_string(id));
}

void write_tracking(std::string& out, bool noloop) {
  if (noloop) {
    write_command(out, {"CLIENT", "TRACKING", "ON", "OPTIN", "NOLOOP"});
  } else {
    write_command(out, {"CLIENT", "TRACKING", "ON", "OPTIN"});
  }
}

void write_canary(std::string& out, std::string_view canary_key) {
  write_tracking(out, false);
  write_command(out, {"CLIENT", "CACHING", "YES"});
  write_get(out, canary_key);
  write_command(out, {"SET", canary_key, "1", "PX", "1000"});
  write_tracking(out, true);
}

void write_subscribe(std::string& out, std::string_view wake_channel) {
  write_command(out, {"SUBSCRIBE", wake_channel});
}

void write_unsubscribe(std::string& out, std::string_view wake_channel) {
  write_command(out, {"UNSUBSCRIBE", wake_channel});
}

void write_load_scripts(std::string& out) {
  for (const script& loaded : scripts()) write_command(out, {"SCRIPT", "LOAD", loaded.text});
}

}  // namespace drover::lease
