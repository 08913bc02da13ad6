// SPDX-License-Identifier: MIT
// Listeners for tests: the port of a server plus 10000, and plus 20000 for a sentinel.
#pragma once

#include <string>
#include <vector>

#include "audit/topology/node_directory.hpp"

namespace drover::audit::testing {

class directory_for_test final : public node_directory {
 public:
  std::optional<std::uint16_t> port_for(const named_node& node) override {
    asked.push_back(node.host + ':' + std::to_string(node.port) +
                    (node.other_host.empty() ? "" : "=" + node.other_host));
    if (node.port > 20'000) return std::nullopt;
    const unsigned distance = node.kind == node_kind::sentinel ? 20'000 : 10'000;
    return static_cast<std::uint16_t>(node.port + distance);
  }

  std::vector<std::string> asked;
};

}  // namespace drover::audit::testing
