// SPDX-License-Identifier: MIT
// For builds with DROVER_WITH_TLS=OFF.
#include "connection/tls.hpp"
#include "connection/tls_sources.hpp"

namespace drover::connection {

result<std::shared_ptr<tls_context>> make_tls_context(const tls_options& /*with*/) {
  return refused_option(
      "url: rediss:// needs TLS, and this library was built without it; build it with "
      "-DDROVER_WITH_TLS=ON, or use redis:// or unix://");
}

}  // namespace drover::connection
