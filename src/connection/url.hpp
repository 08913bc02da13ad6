// SPDX-License-Identifier: MIT
// Where the server is: redis://[user[:password]@]host[:port][/db], or unix:///path[?db=n]. Pure.
#pragma once

#include <drover/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace drover::connection {

struct endpoint {
  std::string host{};  ///< empty: a unix socket
  std::uint16_t port = 6379;
  std::string path{};    ///< of the unix socket
  std::string user{};    ///< empty: the default user
  std::string password{};  ///< empty: no AUTH
  std::uint32_t database = 0;
};

/// The fault's text says what is wrong and what is supported; it never repeats the URL, which may
/// hold a password.
[[nodiscard]] result<endpoint> parse_url(std::string_view url);

/// For people and logs: without user and password.
[[nodiscard]] std::string describe(const endpoint& at);

}  // namespace drover::connection
