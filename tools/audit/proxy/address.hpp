// SPDX-License-Identifier: MIT
// The address of a proxy or of its server: a TCP port or a Unix socket. It contains no credentials,
// because they pass through unread.
#pragma once

#include <drover/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace drover::audit {

struct address {
  std::string host = "127.0.0.1";
  /// 0: listen on a free port.
  std::uint16_t port = 6379;
  /// The path of a Unix socket. If it is not empty, host and port are not used.
  std::string path{};

  [[nodiscard]] bool is_unix() const noexcept { return !path.empty(); }
  friend bool operator==(const address&, const address&) = default;
};

/// Reads "HOST:PORT", "[IPv6]:PORT", ":PORT" and "PORT" (on 127.0.0.1), "unix:///PATH", "unix:PATH"
/// and "/PATH". The fault names the text and the valid forms.
[[nodiscard]] result<address> parse_address(std::string_view text);

/// A text that `parse_address` reads.
[[nodiscard]] std::string describe(const address& at);

}  // namespace drover::audit
