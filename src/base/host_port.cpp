// SPDX-License-Identifier: MIT
#include "base/host_port.hpp"

namespace drover::base {

std::string describe(const host_port& at) {
  const bool is_ipv6 = at.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + at.host + "]" : at.host) + ":" + std::to_string(at.port);
}

}  // namespace drover::base
