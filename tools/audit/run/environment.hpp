// SPDX-License-Identifier: MIT
// The variables by which applications are told where Redis is: which server they name, and the same
// variables with the proxy in its place. Pure.
//
// A variable is known by its value if that is a Redis URL (redis://, rediss://, valkey://), else by
// its name: ...REDIS_HOST with ...REDIS_PORT, ...REDIS_ADDR, ...REDIS_ADDRESS, ...REDIS_ENDPOINT,
// ...REDIS_SOCKET, and the same with VALKEY.
#pragma once

#include <string>
#include <vector>

#include "audit/proxy/address.hpp"

namespace drover::audit {

/// Variables as in environ(7): "NAME=VALUE".
using environment = std::vector<std::string>;

struct server_found {
  std::string variable = {};  ///< that names it; empty: none does
  address server = {};
  bool is_tls = false;
};

/// The server that the variables name: REDIS_URL's if it is set, else the first other URL's, else
/// REDIS_HOST's, else the first other host's or address's, each in the order of their names.
[[nodiscard]] server_found server_named_by(const environment& variables);

struct rewriting {
  address proxy;
  /// Variables that name another server than this stay as they are; nullptr: none stays.
  const address* only_of = nullptr;
  bool drops_credentials = false;  ///< the server behind the proxy knows no passwords
};

struct rewritten {
  environment variables;
  std::vector<std::string> changed;  ///< names, sorted
  std::vector<std::string> left;     ///< names of those that name another server, sorted
};

/// The variables with the proxy in place of the server; user, password, database and options of a
/// URL are kept. REDIS_URL is set even if it was not, and so are REDIS_HOST and REDIS_PORT for a
/// proxy on a port: an application may look for them.
[[nodiscard]] rewritten rewrite(const environment& variables, const rewriting& how);

/// `text` with {} replaced by the proxy's URL, {host}, {port} and {address} by its parts.
[[nodiscard]] std::string filled_in(std::string text, const address& proxy);

}  // namespace drover::audit
