// SPDX-License-Identifier: MIT
// Stands in front of a server with TLS for a proxy that speaks none. It listens on a Unix socket in
// a folder of its own, so that no other user can connect.
//
// Threads: one at a time. The bridge has a thread of its own.
#pragma once

#include <drover/result.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "audit/proxy/address.hpp"
#include "audit/proxy/proxy.hpp"
#include "connection/tls.hpp"
#include "process/scratch_folder.hpp"

namespace drover::audit {

class tls_bridge {
 public:
  tls_bridge(const address& server, std::shared_ptr<connection::tls_context> tls,
             std::function<void(const std::string& line)> say);
  tls_bridge(const tls_bridge&) = delete;
  tls_bridge& operator=(const tls_bridge&) = delete;

  /// Returns the address of the bridge. May be called once.
  [[nodiscard]] result<address> start() { return proxy_.start(); }

 private:
  [[nodiscard]] proxy_settings settings(const address& server,
                                        std::shared_ptr<connection::tls_context> tls,
                                        std::function<void(const std::string& line)> say) const;

  process::scratch_folder folder_;
  proxy proxy_;
};

}  // namespace drover::audit
