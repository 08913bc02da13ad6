// SPDX-License-Identifier: MIT
// Finds the Redis server that an application's environment variables name, and replaces it by the
// proxy. Pure.
//
// A variable is recognised by its value if that is a Redis URL (redis://, rediss://, valkey://).
// Otherwise it is recognised by its name: ...REDIS_HOST with ...REDIS_PORT, ...REDIS_ADDR,
// ...REDIS_ADDRESS, ...REDIS_ENDPOINT, ...REDIS_SOCKET, and the same with VALKEY.
#pragma once

#include <string>
#include <vector>

#include "audit/proxy/address.hpp"

namespace drover::audit {

/// Variables as in environ(7): "NAME=VALUE".
using environment = std::vector<std::string>;

struct named_server {
  /// The variable that names the server. Empty: there is none.
  std::string variable = {};
  address server = {};
  bool is_tls = false;
};

/// The server that the variables name. REDIS_URL comes first, then the other variables with a URL,
/// then REDIS_HOST, then the other hosts and addresses, each group in the order of the names.
[[nodiscard]] named_server server_named_by(const environment& variables);

/// What the URL of the proxy has besides its address.
struct url_form {
  std::string scheme = "redis";
  /// From the first / on. It replaces the path of a URL in a variable, unless it is empty.
  std::string path{};
};

struct rewriting {
  address proxy;
  /// The audited server. Variables that name another server are not changed. nullptr: all variables
  /// are changed.
  const address* only_server = nullptr;
  /// Removes users and passwords, because the audited server has none.
  bool drops_credentials = false;
  url_form form{};
};

struct rewritten {
  environment variables;
  /// Names of the changed variables, sorted.
  std::vector<std::string> changed;
  /// Names of the variables that name another server, sorted.
  std::vector<std::string> unchanged;
};

/// Replaces the server in the variables by the proxy. The user, password, database and options of a
/// URL are kept. REDIS_URL is always set, and so are REDIS_HOST and REDIS_PORT for a proxy on a
/// port, because the application may read them.
[[nodiscard]] rewritten rewrite(const environment& variables, const rewriting& replacement);

/// `text` with {} replaced by the proxy's URL, {host}, {port} and {address} by its parts.
[[nodiscard]] std::string fill_placeholders(std::string text, const address& proxy,
                                            const url_form& form = {});

}  // namespace drover::audit
