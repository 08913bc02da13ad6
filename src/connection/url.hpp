// SPDX-License-Identifier: MIT
// The URL of a server: redis://[user[:password]@]host[:port][/db], the same with rediss:// for TLS,
// or unix:///path[?db=n]. Pure.
#pragma once

#include <drover/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace drover::connection {

struct endpoint {
  std::string host{};  ///< empty for a unix socket
  std::uint16_t port = 6379;
  std::string path{};      ///< the path of the unix socket
  std::string user{};      ///< empty: the default user
  std::string password{};  ///< empty: no AUTH
  std::uint32_t database = 0;
  bool tls = false;  ///< the URL begins with rediss://
};

/// The text of a fault says what is wrong and what is supported. It never repeats the URL, which
/// may contain a password.
[[nodiscard]] result<endpoint> parse_url(std::string_view url);

/// As `parse_url`, for programs that do not speak TLS: rediss:// is refused.
[[nodiscard]] result<endpoint> parse_plain_url(std::string_view url);

/// A description for people and logs, without user and password.
[[nodiscard]] std::string describe(const endpoint& at);

}  // namespace drover::connection
