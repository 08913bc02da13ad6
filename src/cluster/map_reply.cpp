// SPDX-License-Identifier: MIT
#include "cluster/map_reply.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "cluster/host_text.hpp"
#include "cluster/reply_fields.hpp"

namespace drover::cluster {
namespace {

constexpr std::size_t id_text_max = 128;

fault useless_map(std::string text) { return fault{fault_code::unsupported, std::move(text)}; }

fault refused_map(std::string_view error) {
  if (error.starts_with("NOPERM")) return useless_map("the user may not run CLUSTER (NOPERM)");
  if (error.starts_with("NOAUTH")) return useless_map("it wants a password (NOAUTH)");
  if (error.find("cluster support disabled") != std::string_view::npos) {
    return useless_map("the server is not part of a cluster");
  }
  if (error.starts_with("LOADING")) return fault{fault_code::unreachable, "it is loading its data"};
  return useless_map("it refuses to name the nodes of the cluster");
}

std::optional<std::uint16_t> slot_in(resp::view value) {
  const auto number = number_in(value);
  if (!number || *number < 0 || *number >= std::int64_t{slot_count}) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

std::string_view text_in(resp::view value) noexcept {
  return value.is_string() ? value.text() : std::string_view{};
}

/// What a reply tells of one node.
struct node_facts {
  std::string_view endpoint;
  std::string_view ip;
  std::string_view id;
  std::string_view role;
  std::string_view health;
  std::int64_t port = 0;
  std::int64_t tls_port = 0;
  std::int64_t offset = 0;

  [[nodiscard]] bool is_primary() const noexcept { return role == "master" || role == "primary"; }
  [[nodiscard]] bool has_failed() const noexcept {
    return health.starts_with("fail");  // "fail", and "failed" of early versions
  }
  /// The order in which the primaries of one shard are preferred.
  [[nodiscard]] int rank() const noexcept {
    if (has_failed()) return 0;
    return health == "loading" ? 1 : 2;
  }
};

std::optional<base::host_port> address_of(const node_facts& facts, const map_source& from) {
  const std::int64_t port = from.tls ? facts.tls_port : facts.port;
  if (port <= 0 || port > 65535) return std::nullopt;
  std::string_view host = facts.endpoint;
  if (host == "?") host = facts.ip;
  if (host.empty()) host = from.asked.host;
  if (!is_host_text(host)) return std::nullopt;
  return base::host_port{std::string{host}, static_cast<std::uint16_t>(port)};
}

node node_of(const node_facts& facts, base::host_port at) {
  const bool is_id = facts.id.size() <= id_text_max;
  return {std::move(at), std::string{is_id ? facts.id : std::string_view{}}, facts.has_failed()};
}

std::optional<node_facts> node_of_shard(resp::view fields) {
  node_facts facts;
  if (!is_fields(fields)) return std::nullopt;
  const bool is_read = all_fields(fields, [&](std::string_view name, resp::view value) {
    if (name == "endpoint") facts.endpoint = text_in(value);
    if (name == "ip") facts.ip = text_in(value);
    if (name == "id") facts.id = text_in(value);
    if (name == "role") facts.role = text_in(value);
    if (name == "health") facts.health = text_in(value);
    if (name == "port") facts.port = number_in(value).value_or(0);
    if (name == "tls-port") facts.tls_port = number_in(value).value_or(0);
    if (name == "replication-offset") facts.offset = number_in(value).value_or(0);
    return true;
  });
  return is_read ? std::optional{facts} : std::nullopt;
}

/// Gives the slots of a list of firsts and lasts to the primary.
bool assign_ranges(slot_map& map, resp::view ranges, std::optional<std::size_t> primary) {
  if (!is_list(ranges) || ranges.size() % 2 != 0) return false;
  constexpr std::uint16_t none = 0xFFFF;
  std::uint16_t first = none;
  return all_children(ranges, [&](resp::view end) {
    const std::uint16_t slot = slot_in(end).value_or(none);
    if (slot == none) return false;
    if (first == none) {
      first = slot;
      return true;
    }
    if (first > slot) return false;
    if (primary) map.assign(first, slot, *primary);
    first = none;
    return true;
  });
}

bool read_shard(slot_map& map, resp::view shard, const map_source& from) {
  if (!is_fields(shard)) return false;
  std::optional<resp::view> ranges;
  std::optional<resp::view> nodes;
  const bool is_read = all_fields(shard, [&](std::string_view name, resp::view value) {
    if (name == "slots") ranges = value;
    if (name == "nodes") nodes = value;
    return true;
  });
  if (!is_read || !ranges || !nodes || !is_list(*nodes)) return false;
  struct candidate {
    node_facts facts;
    std::size_t number = 0;
  };
  std::optional<candidate> best;
  const bool are_nodes = all_children(*nodes, [&](resp::view fields) {
    const auto facts = node_of_shard(fields);
    if (!facts) return false;
    auto at = address_of(*facts, from);
    if (!at) return true;
    if (!facts->is_primary()) {
      if (!facts->has_failed()) map.add_replica(*std::move(at));
      return true;
    }
    const auto number = map.add_primary(node_of(*facts, *std::move(at)));
    if (!number) return true;
    const bool is_better =
        !best || facts->rank() > best->facts.rank() ||
        (facts->rank() == best->facts.rank() && facts->offset > best->facts.offset);
    if (is_better) best = candidate{*facts, *number};
    return true;
  });
  return are_nodes &&
         assign_ranges(map, *ranges, best ? std::optional{best->number} : std::nullopt);
}

/// A node in CLUSTER SLOTS: endpoint, port, and in newer versions the id and a list of details. The
/// port is that of the kind of connection that was used.
std::optional<node_facts> node_of_range(resp::view fields) {
  node_facts facts;
  if (!is_list(fields) || fields.size() < 2) return std::nullopt;
  if (!fields[0].is_string() && !fields[0].is_null()) return std::nullopt;
  facts.endpoint = text_in(fields[0]);
  facts.port = facts.tls_port = number_in(fields[1]).value_or(0);
  if (fields.size() > 2) facts.id = text_in(fields[2]);
  if (fields.size() > 3 && is_fields(fields[3])) {
    static_cast<void>(all_fields(fields[3], [&](std::string_view name, resp::view value) {
      if (name == "ip") facts.ip = text_in(value);
      return true;
    }));
  }
  return facts;
}

bool read_range(slot_map& map, resp::view range, const map_source& from) {
  if (!is_list(range) || range.size() < 2) return false;
  std::optional<std::uint16_t> first;
  std::optional<std::uint16_t> last;
  std::optional<std::size_t> primary;
  std::size_t index = 0;
  const bool is_read = all_children(range, [&](resp::view child) {
    ++index;
    if (index <= 2) {
      auto& slot = index == 1 ? first : last;
      slot = slot_in(child);
      return slot.has_value();
    }
    const auto facts = node_of_range(child);
    if (!facts) return false;
    auto at = address_of(*facts, from);
    if (!at) return true;
    if (index == 3) {
      primary = map.add_primary(node_of(*facts, *std::move(at)));
    } else {
      map.add_replica(*std::move(at));
    }
    return true;
  });
  if (!is_read || *first > *last) return false;
  if (primary) map.assign(*first, *last, *primary);
  return true;
}

template <class Read>
result<slot_map> read_map(resp::view reply, const map_source& from, Read read) {
  if (reply.is_error()) return refused_map(reply.text());
  slot_map map;
  const bool is_map =
      is_list(reply) && all_children(reply, [&](resp::view part) { return read(map, part, from); });
  if (!is_map) return useless_map("its reply is not a map of the hash slots");
  if (map.covered() == 0) return useless_map("no hash slot of the cluster has an owner");
  return map;
}

}  // namespace

result<slot_map> read_cluster_shards(resp::view reply, const map_source& from) {
  return read_map(reply, from, read_shard);
}

result<slot_map> read_cluster_slots(resp::view reply, const map_source& from) {
  return read_map(reply, from, read_range);
}

bool is_unknown_command(resp::view reply) {
  if (!reply.is_error()) return false;
  const std::string_view error = reply.text();
  return error.find("unknown subcommand") != std::string_view::npos ||
         error.find("unknown command") != std::string_view::npos ||
         error.find("Unknown subcommand") != std::string_view::npos;
}

}  // namespace drover::cluster
