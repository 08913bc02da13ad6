// SPDX-License-Identifier: MIT
// Where a proxy listens, and where its server is: a TCP port or a unix socket. No credentials:
// those pass through unread.
#pragma once

#include <drover/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace drover::audit {

struct address {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;  ///< 0: to listen on any that is free
  std::string path{};         ///< of a unix socket; not empty: host and port mean nothing

  [[nodiscard]] bool is_unix() const noexcept { return !path.empty(); }
  friend bool operator==(const address&, const address&) = default;
};

/// Reads "HOST:PORT", "[IPv6]:PORT", ":PORT" and "PORT" (on 127.0.0.1), "unix:///PATH", "unix:PATH"
/// and "/PATH". The fault names the text and says what it should be.
[[nodiscard]] result<address> parse_address(std::string_view text);

/// As `parse_address` reads it.
[[nodiscard]] std::string describe(const address& at);

}  // namespace drover::audit
