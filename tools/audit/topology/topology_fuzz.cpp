// SPDX-License-Identifier: MIT
// Feeds arbitrary bytes to the rewriting of addresses. The result must not depend on the size of
// the slices, and without a listener no byte may change. The first byte of the input selects the
// role of the server, the second is the size of the slices, the third is the length of the requests
// that follow; the rest are the server's bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/topology/directory_for_test.hpp"
#include "audit/topology/reply_rewriter.hpp"

namespace {

using namespace drover::audit;

void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", rule);
  std::abort();
}

class no_listeners final : public node_directory {
 public:
  std::optional<std::uint16_t> port_for(const named_node& /*node*/) override {
    return std::nullopt;
  }
};

std::string passed(server_role role, node_directory& nodes, std::string_view requests,
                   std::string_view replies, std::size_t slice_max) {
  reply_rewriter subject{role, {.proxy_host = "127.0.0.1", .server_host = "h"}, nodes};
  subject.requested(requests);
  std::string out;
  while (!replies.empty()) {
    const std::size_t size = std::min(slice_max, replies.size());
    out += subject.replied(replies.substr(0, size));
    replies.remove_prefix(size);
  }
  return out + subject.take_held();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const auto role = data[0] % 2 == 0 ? server_role::cluster_node : server_role::sentinel;
  const std::size_t slice = std::max<std::size_t>(data[1], 1);
  std::string_view rest{reinterpret_cast<const char*>(data) + 3, size - 3};
  const std::string_view requests = rest.substr(0, data[2]);
  const std::string_view replies = rest.substr(requests.size());
  testing::directory_for_test nodes;
  const std::string whole = passed(role, nodes, requests, replies, replies.size());
  require(passed(role, nodes, requests, replies, slice) == whole, "slices do not matter");
  no_listeners none;
  require(passed(role, none, requests, replies, slice) == replies,
          "without listeners nothing changes");
  return 0;
}
