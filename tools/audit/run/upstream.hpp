// SPDX-License-Identifier: MIT
// Explores the servers to audit before anything listens: whether they can be reached, whether the
// one that was named is a node of a cluster, and which other servers belong to it.
#pragma once

#include <drover/tls_options.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "audit/proxy/address.hpp"
#include "audit/proxy/proxy.hpp"
#include "audit/run/server_choice.hpp"
#include "connection/tls.hpp"

namespace drover::audit {

struct upstream {
  chosen_server chosen;
  /// Of a server that a command names; or a cluster, also if only one node was named.
  upstream_kind kind = upstream_kind::server;
  /// The first server of the proxy.
  address first;
  /// TLS with `first`. nullptr: without.
  std::shared_ptr<connection::tls_context> tls;
  /// The servers of a cluster, or sentinels with their servers.
  std::optional<several_servers> several;

  /// For messages: "127.0.0.1:6379", "the cluster at 127.0.0.1:7000 (6 nodes)".
  [[nodiscard]] std::string in_words() const;
};

/// `own`: the options of TLS. `say` prints a message. Throws text::usage_error that names the cause
/// and the remedy, and no password. Blocks: for some seconds for each server that was named.
[[nodiscard]] upstream explore(chosen_server chosen, const tls_options& own,
                               const std::function<void(const std::string& line)>& say);

/// Whether an option of TLS with the server was given.
[[nodiscard]] bool has_tls_options(const tls_options& own);
/// `text` of the library with the options of the command in place of those of the library.
[[nodiscard]] std::string with_options_of_command(std::string text);

}  // namespace drover::audit
