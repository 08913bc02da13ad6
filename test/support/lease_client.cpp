// SPDX-License-Identifier: MIT
#include "support/lease_client.hpp"

#include <stdexcept>
#include <utility>
#include <vector>

namespace drover::test {

using namespace std::chrono_literals;

entry::token token_of(char letter) {
  entry::token out;
  out.bytes.fill(letter);
  return out;
}

lease_client::lease_client(const redis_server& server, bool tracking) : wire_{server.connect3()} {
  std::string request;
  if (tracking) lease::write_tracking(request, true);
  lease::write_load_scripts(request);
  wire_.send(request);
  for (const resp::message& reply : wire_.read_replies(lease::scripts().size() + tracking)) {
    if (reply.root().is_error()) throw std::runtime_error{std::string{reply.root().text()}};
  }
}

lease::lease_request lease_client::lease_of(const entry::token& attempt) const {
  return {.value_key = key,
          .attempt = attempt,
          .lease_ttl = 1min,
          .pending_ttl = 1h,
          .client_id = 7,
          .digest = digest};
}

lease::fill_request lease_client::fill_of(const entry::token& held,
                                          std::string_view payload) const {
  return refresh_of(held, held, payload);
}

lease::fill_request lease_client::refresh_of(const entry::token& base,
                                             const entry::token& produced_by,
                                             std::string_view payload) const {
  return {.value_key = key,
          .expected = base,
          .produced_by = produced_by,
          .load_time = 1500us,
          .times = {.fresh = 1min, .grace = 2min, .key_ttl = 3min},
          .digest = digest,
          .payload = payload,
          .wake_channel = channel};
}

lease::failure_request lease_client::failure_of(const entry::token& held) const {
  return {.value_key = key,
          .held = held,
          .pause = 1min,
          .key_ttl = 3min,
          .digest = digest,
          .text = {},
          .wake_channel = channel};
}

resp::message lease_client::exchange(const std::string& request) {
  wire_.send(request);
  return wire_.read_reply();
}

result<lease::lease_reply> lease_client::lease(const lease::lease_request& fields, bool tracked) {
  std::string request;
  lease::write_lease(request, fields, tracked);
  wire_.send(request);
  if (tracked) {
    const resp::message caching = wire_.read_reply();
    if (caching.root().is_error()) return lease::fault_of(caching.root().text());
  }
  return lease::read_lease(wire_.read_reply());
}

result<lease::fill_reply> lease_client::fill(const lease::fill_request& fields) {
  std::string request;
  lease::write_fill(request, fields);
  return lease::read_fill(exchange(request));
}

result<lease::step_reply> lease_client::renew(const entry::token& held, milliseconds ttl,
                                              std::uint64_t client_id) {
  std::string request;
  lease::write_renew(request, key, held, ttl, client_id);
  return lease::read_step(exchange(request));
}

result<lease::step_reply> lease_client::promote(const entry::token& base, const entry::token& held,
                                                milliseconds ttl) {
  std::string request;
  lease::write_promote(request, key, base, held, ttl, 1h, 7);
  return lease::read_step(exchange(request));
}

result<lease::step_reply> lease_client::fail(const lease::failure_request& fields) {
  std::string request;
  lease::write_failure(request, fields);
  return lease::read_step(exchange(request));
}

result<lease::step_reply> lease_client::release(const entry::token& held) {
  std::string request;
  lease::write_release(request, key, held, channel);
  return lease::read_step(exchange(request));
}

result<lease::step_reply> lease_client::mark_uncacheable(const entry::token& held,
                                                         milliseconds ttl) {
  std::string request;
  lease::write_uncacheable(request, key, held, ttl, channel);
  return lease::read_step(exchange(request));
}

result<lease::step_reply> lease_client::expire(const entry::token& fresh) {
  std::string request;
  lease::write_expire(request, key, fresh);
  return lease::read_step(exchange(request));
}

result<void> lease_client::invalidate() {
  const std::vector<std::string> keys{std::string{key}, std::string{refresh_mark_key}};
  std::string request;
  lease::write_invalidate(request, keys);
  return lease::read_acknowledged(exchange(request));
}

result<lease::refresh_mark_reply> lease_client::take_refresh_mark(const entry::token& attempt,
                                                                  milliseconds ttl) {
  std::string request;
  lease::write_refresh_mark(request, refresh_mark_key, key, attempt, ttl);
  resp::message set = exchange(request);
  return lease::read_refresh_mark(std::move(set), wire_.read_reply());
}

result<lease::step_reply> lease_client::extend_refresh_mark(const entry::token& held,
                                                            milliseconds ttl) {
  std::string request;
  lease::write_refresh_mark_extend(request, refresh_mark_key, held, ttl);
  return lease::read_step(exchange(request));
}

result<lease::step_reply> lease_client::release_refresh_mark(const entry::token& held) {
  std::string request;
  lease::write_refresh_mark_release(request, refresh_mark_key, held);
  return lease::read_step(exchange(request));
}

std::optional<std::string> lease_client::stored() {
  std::string request;
  lease::write_get(request, key);
  auto read = lease::read_get(exchange(request));
  if (!read) throw std::runtime_error{read.error().text};
  return *std::move(read);
}

entry::envelope lease_client::head() {
  const std::string bytes = stored().value_or("");
  const entry::decoded read = entry::decode(bytes);
  if (read.format != entry::decoding::ours) throw std::runtime_error{"no entry of ours is stored"};
  return read.head;
}

void lease_client::store(std::string_view bytes) { wire_.command({"SET", key, bytes}); }

void lease_client::store(const entry::envelope& head, std::string_view payload) {
  store(entry::encode(head, payload));
}

server_time lease_client::now() {
  std::string request;
  lease::write_time(request);
  const auto read = lease::read_time(exchange(request));
  if (!read) throw std::runtime_error{read.error().text};
  return *read;
}

milliseconds lease_client::key_ttl() {
  return milliseconds{wire_.command({"PTTL", key}).root().integer()};
}

}  // namespace drover::test
