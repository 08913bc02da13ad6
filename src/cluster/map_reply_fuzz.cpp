// SPDX-License-Identifier: MIT
// Reads any replies as maps of the hash slots: it must not crash, and the owners in a map that it
// accepts have a host and a port.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "cluster/host_text.hpp"
#include "cluster/map_reply.hpp"
#include "resp/reader.hpp"

namespace {

using namespace drover;

void check(const cluster::slot_map& map) {
  std::size_t covered = 0;
  for (std::size_t slot = 0; slot < cluster::slot_count; ++slot) {
    const cluster::node* const owner = map.owner_of(static_cast<std::uint16_t>(slot));
    if (owner == nullptr) continue;
    ++covered;
    if (owner->at.port == 0) std::abort();
  }
  if (covered == 0 || covered != map.covered()) std::abort();
  for (const cluster::node& primary : map.primaries()) {
    if (primary.at.port == 0 || !cluster::is_host_text(primary.at.host)) std::abort();
  }
  for (const base::host_port& replica : map.replicas()) {
    if (replica.port == 0 || !cluster::is_host_text(replica.host)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes{reinterpret_cast<const char*>(data), size};
  cluster::slot_map before;
  resp::reader reader;
  resp::message reply;
  while (!bytes.empty()) {
    const resp::reader::step step = reader.read(bytes, reply);
    bytes.remove_prefix(step.consumed);
    if (step.status != resp::reader::status::complete) break;
    for (const bool tls : {false, true}) {
      const cluster::map_source from{.asked = {"asked.example", 6379}, .tls = tls};
      for (auto* const read : {cluster::read_cluster_shards, cluster::read_cluster_slots}) {
        auto map = read(reply.root(), from);
        if (!map) {
          if (map.error().text.empty()) std::abort();
          continue;
        }
        check(*map);
        if (cluster::moved_slots(*map, *map).any()) std::abort();
        if (cluster::moved_slots(before, *map) != cluster::moved_slots(*map, before)) std::abort();
        before = *std::move(map);
      }
    }
    reply.clear();
  }
  return 0;
}
