// SPDX-License-Identifier: MIT
#include "audit/run/tls_bridge.hpp"

#include <utility>

namespace drover::audit {

tls_bridge::tls_bridge(const address& server, std::shared_ptr<connection::tls_context> tls,
                       std::function<void(const std::string& line)> say)
    : proxy_{settings(server, std::move(tls), std::move(say))} {}

proxy_settings tls_bridge::settings(const address& server,
                                    std::shared_ptr<connection::tls_context> tls,
                                    std::function<void(const std::string& line)> say) const {
  proxy_settings with;
  with.listen = address{"", 0, (folder_.path() / "tls.sock").string()};
  with.server = server;
  with.server_tls = std::move(tls);
  with.say = std::move(say);
  return with;
}

}  // namespace drover::audit
