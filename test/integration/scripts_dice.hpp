// SPDX-License-Identifier: MIT
// Random requests and entries for the comparisons with scripts_model.hpp.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "base/random.hpp"
#include "entry/envelope.hpp"
#include "integration/scripts_model.hpp"
#include "lease/commands.hpp"
#include "support/lease_client.hpp"

namespace drover::test::scripts_model {

/// The fields of a LEASE, with the random parts of a request.
inline lease::lease_request lease_fields(const request& r) {
  return {.value_key = lease_client::key,
          .attempt = r.first,
          .lease_ttl = r.lease_ttl,
          .pending_ttl = 1h,
          .notify = r.flag,
          .previous = r.second,
          .refused = r.third,
          .client_id = r.number,
          .digest = digest,
          .stored_from = r.stored_from,
          .failure_pause_max = r.pause_max};
}

/// The views are valid as long as the request.
inline lease::fill_request fill_fields(const request& r) {
  return {.value_key = lease_client::key,
          .expected = r.first,
          .produced_by = r.second,
          .absent = r.flag,
          .load_time = microseconds{r.number},
          .times = {r.fresh, r.grace, 2h},
          .digest = digest,
          .payload = r.payload,
          .wake_channel = "w",
          .loaded_at = r.loaded_at};
}

/// The views are valid as long as the request.
inline lease::failure_request failure_fields(const request& r) {
  return {.value_key = lease_client::key,
          .held = r.first,
          .attempts = r.number,
          .failure = entry::failure_class::cancelled,
          .pause = r.lease_ttl,
          .key_ttl = 2h,
          .digest = digest,
          .text = r.payload,
          .wake_channel = "w"};
}

/// Draws random requests, and random entries that other clients may store under the key.
class dice {
 public:
  explicit dice(std::uint64_t seed) : source_{seed} {}

  std::uint64_t below(std::uint64_t end) { return source_.next() % end; }
  token some_token() { return token_of(static_cast<char>('a' + below(4))); }
  milliseconds some_time() {
    constexpr std::array<std::int64_t, 6> times{0, 1, 2, 5, 60'000, 600'000};
    return milliseconds{times[below(times.size())]};
  }
  std::uint32_t some_number() {
    constexpr std::array<std::uint32_t, 5> numbers{0, 1, 255, 0x0D0A'0D0A, 0xFFFF'FFFF};
    return numbers[below(numbers.size())];
  }
  std::string some_bytes() {
    std::string bytes(below(80), '\0');
    for (char& byte : bytes) byte = static_cast<char>(below(256));
    return bytes;
  }

  request some_request(server_time now) {
    constexpr std::array weighted{verb::lease,   verb::lease,     verb::lease,   verb::lease,
                                  verb::fill,    verb::fill,      verb::fill,    verb::renew,
                                  verb::promote, verb::failure,   verb::release, verb::uncacheable,
                                  verb::expire,  verb::invalidate};
    request random_request{.kind = weighted[below(weighted.size())],
                           .first = some_token(),
                           .second = some_token(),
                           .third = below(3) == 0 ? some_token() : token{},
                           .lease_ttl = some_time(),
                           .fresh = some_time(),
                           .grace = some_time(),
                           .flag = below(3) == 0,
                           .number = some_number(),
                           .payload = some_bytes(),
                           .stored_from = now - some_time(),
                           .pause_max = below(2) == 0 ? 1h : some_time(),
                           .loaded_at = now + some_time() - some_time()};
    if (below(3) == 0) random_request.loaded_at = {};
    if (random_request.kind == verb::fill && below(2) == 0)
      random_request.second = random_request.first;
    if (random_request.kind == verb::lease && below(2) == 0) random_request.second = {};
    return random_request;
  }

  /// Any string: an entry of the library, a newer one, a truncated one, or no entry.
  std::string some_entry(server_time now) {
    envelope head{.kind = static_cast<kind>(below(5)),
                  .flags = static_cast<std::uint8_t>(below(256)),
                  .stored_at = now - some_time(),
                  .until = now + some_time() - some_time(),
                  .produced_by = below(12) == 0 ? token{} : some_token(),
                  .digest = digest};
    const std::string payload = some_bytes();
    if (head.kind == kind::value) head.grace = some_time();
    if (is_value_or_absent(head)) head.load_us = some_number();
    const bool is_attempt = head.kind == kind::pending || head.kind == kind::failed;
    if (is_attempt) head.attempts = some_number();
    if (head.kind == kind::pending) head.holder_client_id = below(1000);
    if (head.kind != kind::pending) head.checksum = entry::checksum_of(payload, digest);
    std::string bytes = entry::encode(head, payload);
    switch (below(6)) {
      case 0: return some_bytes();
      case 1: return bytes.substr(0, below(64));
      case 2: bytes[1] = static_cast<char>(below(256)); return bytes;
      default: return bytes;
    }
  }

 private:
  base::seeded_random source_;
};

}  // namespace drover::test::scripts_model
