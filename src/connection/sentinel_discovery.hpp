// SPDX-License-Identifier: MIT
// Finds the primary of a service: asks all sentinels at once, and resolves what they name. Blocks.
//
// Threads: any; each call has connections of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "connection/resolver.hpp"
#include "connection/sentinel.hpp"
#include "connection/tls.hpp"

namespace drover::connection {

struct sentinel_settings {
  std::vector<host_port> sentinels;
  std::string service;
  std::string user;              ///< of the sentinels; empty: the default user
  std::string password;          ///< of the sentinels; empty: no AUTH
  milliseconds answer_max{500};  ///< the longest wait for the sentinels
  /// After the first answer, the others are awaited for this long: one of them may know a later
  /// configuration.
  milliseconds others_max{50};
  std::shared_ptr<tls_context> tls{};             ///< for the sentinels; null: without TLS
  resolver::look_up look_up = look_up_addresses;  ///< for the names of all hosts
};

/// The addresses of the primary, the likeliest first, each with the host as the sentinels name it.
/// Without addresses `why` gives the reason,
/// with each sentinel's: "no sentinel names a primary: 10.0.0.1:26379: no connection in time; ...".
/// Throws std::bad_alloc.
[[nodiscard]] resolved discover_primary(const sentinel_settings& with);

}  // namespace drover::connection
