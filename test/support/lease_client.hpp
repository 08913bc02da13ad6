// SPDX-License-Identifier: MIT
// The requests of one process of a fleet for one key, over its own connection: the library's
// commands and replies without its store. Requests have simple defaults, and tests change single
// fields.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "entry/envelope.hpp"
#include "lease/commands.hpp"
#include "support/raw_client.hpp"
#include "support/redis_server.hpp"

namespace drover::test {

/// A token that is all `letter`.
[[nodiscard]] entry::token token_of(char letter);

/// Threads: one at a time.
class lease_client {
 public:
  /// Connects with RESP3 and loads the scripts; with `tracking`, TRACKING ON OPTIN NOLOOP.
  explicit lease_client(const redis_server& server, bool tracking = true);

  static constexpr std::string_view key = "t:1.0:v:{=k}";
  static constexpr std::string_view refresh_mark_key = "t:1.0:l:{=k}";
  static constexpr std::string_view channel = "t:1.0:w:{=k}";
  static constexpr std::uint64_t digest = 0x00FF'0D0A'FE00'8001U;

  [[nodiscard]] lease::lease_request lease_of(const entry::token& attempt) const;
  [[nodiscard]] lease::fill_request fill_of(const entry::token& held,
                                            std::string_view payload) const;
  [[nodiscard]] lease::fill_request refresh_of(const entry::token& base,
                                               const entry::token& produced_by,
                                               std::string_view payload) const;
  [[nodiscard]] lease::failure_request failure_of(const entry::token& held) const;

  result<lease::lease_reply> lease(const lease::lease_request& fields, bool tracked = true);
  result<lease::lease_reply> lease(const entry::token& attempt) { return lease(lease_of(attempt)); }
  result<lease::fill_reply> fill(const lease::fill_request& fields);
  result<lease::step_reply> renew(const entry::token& held, milliseconds ttl,
                                  std::uint64_t client_id = 7);
  result<lease::step_reply> promote(const entry::token& base, const entry::token& held,
                                    milliseconds ttl = std::chrono::minutes{1});
  result<lease::step_reply> fail(const lease::failure_request& fields);
  result<lease::step_reply> release(const entry::token& held);
  result<lease::step_reply> mark_uncacheable(const entry::token& held, milliseconds ttl);
  result<lease::step_reply> expire(const entry::token& fresh);
  result<void> invalidate();
  result<lease::refresh_mark_reply> take_refresh_mark(const entry::token& attempt,
                                                      milliseconds ttl);
  result<lease::step_reply> extend_refresh_mark(const entry::token& held, milliseconds ttl);
  result<lease::step_reply> release_refresh_mark(const entry::token& held);

  /// The stored bytes; nullopt when the key does not exist. Read without tracking.
  [[nodiscard]] std::optional<std::string> stored();
  /// The stored envelope. Throws std::runtime_error when the key has no entry of the library.
  [[nodiscard]] entry::envelope head();
  void store(std::string_view bytes);
  void store(const entry::envelope& head, std::string_view payload);
  [[nodiscard]] server_time now();
  [[nodiscard]] milliseconds key_ttl();

  [[nodiscard]] raw_client& wire() noexcept { return wire_; }

 private:
  resp::message exchange(const std::string& request);

  raw_client wire_;
};

}  // namespace drover::test
