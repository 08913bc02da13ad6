// SPDX-License-Identifier: MIT
#include "support/cluster_servers.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <thread>
#include <utility>

namespace drover::test {
namespace {

using namespace std::chrono_literals;

/// Only a cluster that never gets there takes this long.
constexpr auto cluster_patience = 60s;

void await(const std::function<bool()>& holds, const char* condition) {
  const auto deadline = std::chrono::steady_clock::now() + cluster_patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error{condition};
    std::this_thread::sleep_for(10ms);
  }
}

/// Sends one command, which must succeed.
resp::message must(raw_client& client, std::initializer_list<std::string_view> arguments) {
  resp::message reply = client.command(arguments);
  if (!reply.root().is_error()) return reply;
  throw std::runtime_error{std::string{*(arguments.begin() + 1)} + ": " +
                           std::string{reply.root().text()}};
}

void must(const redis_server& node, std::initializer_list<std::string_view> arguments) {
  raw_client client = node.connect();
  static_cast<void>(must(client, arguments));
}

/// The primary of each node by their ids; that of a primary is empty.
std::map<std::string, std::string> roles_in(const cluster_view& seen) {
  std::map<std::string, std::string> roles;
  for (const seen_node& node : seen.nodes) roles[node.id] = node.primary_id;
  return roles;
}

bool is_in_step(const redis_server& node) {
  const resp::message info = node.command({"INFO", "replication"});
  const std::string_view text = info.root().text();
  return text.find("role:master") != std::string_view::npos ||
         text.find("master_link_status:up") != std::string_view::npos;
}

}  // namespace

cluster_servers::cluster_servers(options with) : with_{std::move(with)} {
  const unsigned count = with_.primaries * (1 + with_.replicas_each);
  for (unsigned i = 0; i < count; ++i) start_node();
  for (unsigned i = 0; i < with_.primaries; ++i) {
    const std::size_t first = cluster_slots * i / with_.primaries;
    const std::size_t last = cluster_slots * (i + 1) / with_.primaries - 1;
    must(*nodes[i], {"CLUSTER", "ADDSLOTSRANGE", std::to_string(first), std::to_string(last)});
  }
  // Different epochs from the start, or the nodes have to settle it among themselves.
  for (unsigned i = 0; i < count; ++i) {
    must(*nodes[i], {"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
  }
  for (unsigned i = 1; i < count; ++i) introduce(*nodes[i]);
  await_acquaintance();
  for (unsigned i = with_.primaries; i < count; ++i) {
    must(*nodes[i], {"CLUSTER", "REPLICATE", id_of(*nodes[i % with_.primaries])});
  }
  await_settled();
}

redis_server::options cluster_servers::server_options(std::uint16_t bus_port) const {
  redis_server::options server{
      .tcp = true, .arguments = {}, .program = with_.program, .tls = with_.tls};
  server.arguments = {"--cluster-enabled", "yes", "--cluster-port", std::to_string(bus_port),
                      "--cluster-node-timeout", std::to_string(with_.node_timeout.count()),
                      "--cluster-require-full-coverage", with_.needs_all_slots ? "yes" : "no",
                      "--cluster-allow-replica-migration", "no", "--repl-diskless-sync-delay", "0",
                      // A replica may follow however long it had no primary.
                      "--cluster-replica-validity-factor", "0"};
  server.arguments.insert(server.arguments.end(), with_.arguments.begin(), with_.arguments.end());
  return server;
}

redis_server& cluster_servers::start_node() {
  const std::uint16_t bus_port = free_port();
  nodes.push_back(std::make_unique<redis_server>(server_options(bus_port)));
  bus_ports_.emplace_back(nodes.back().get(), bus_port);
  return *nodes.back();
}

// A node that has met one of the others hears of the rest from it.
void cluster_servers::introduce(const redis_server& newcomer) {
  const auto bus = std::ranges::find(bus_ports_, &newcomer,
                                     &std::pair<const redis_server*, std::uint16_t>::first);
  const auto known = std::ranges::find_if(
      nodes, [&](const auto& node) { return node.get() != &newcomer && runs(*node); });
  must(**known, {"CLUSTER", "MEET", "127.0.0.1", std::to_string(newcomer.port()),
                 std::to_string(bus->second)});
}

void cluster_servers::await_acquaintance() {
  const auto knows_all = [&](const redis_server& node) {
    const cluster_view seen = view_of(node);
    return seen.nodes.size() == nodes.size() &&
           std::ranges::all_of(seen.nodes, [&](const seen_node& other) {
             return !runs(node_at(other.port)) || (!other.is_doubtful && other.is_connected);
           });
  };
  await(
      [&] {
        return std::ranges::all_of(
            nodes, [&](const auto& node) { return !runs(*node) || knows_all(*node); });
      },
      "the nodes do not know each other");
}

std::string cluster_servers::url() const {
  std::string text = with_.tls ? "rediss+cluster://" : "redis+cluster://";
  for (const auto& node : nodes) {
    if (text.back() != '/') text += ',';
    text += "127.0.0.1:" + std::to_string(with_.tls ? node->tls_port() : node->port());
  }
  return text;
}

bool cluster_servers::runs(const redis_server& node) const {
  return node.pid() != 0 && std::ranges::find(frozen_, &node) == frozen_.end();
}

redis_server& cluster_servers::any_running() const {
  const auto found = std::ranges::find_if(nodes, [&](const auto& node) { return runs(*node); });
  if (found == nodes.end()) throw std::runtime_error{"no node runs"};
  return **found;
}

redis_server& cluster_servers::node_at(std::uint16_t port) const {
  const auto found = std::ranges::find_if(nodes, [&](const auto& node) {
    return node->port() == port || (node->tls_port() != 0 && node->tls_port() == port);
  });
  if (found == nodes.end()) throw std::runtime_error{"no node at port " + std::to_string(port)};
  return **found;
}

cluster_view cluster_servers::view_of(const redis_server& node) const {
  const resp::message reply = node.command({"CLUSTER", "NODES"});
  return read_cluster_nodes(reply.root().text());
}

cluster_view cluster_servers::view() { return view_of(any_running()); }

std::string cluster_servers::id_of(const redis_server& node) const {
  const resp::message reply = node.command({"CLUSTER", "MYID"});
  return std::string{reply.root().text()};
}

redis_server& cluster_servers::owner_of(std::uint16_t slot) {
  const cluster_view seen = view();
  const seen_node* const owner = seen.owner_of(slot);
  if (owner == nullptr) throw std::runtime_error{"no owner of slot " + std::to_string(slot)};
  return node_at(owner->port);
}

std::uint16_t cluster_servers::slot_of(std::string_view redis_key) {
  const resp::message reply = any_running().command({"CLUSTER", "KEYSLOT", redis_key});
  return static_cast<std::uint16_t>(reply.root().integer());
}

redis_server& cluster_servers::owner_of(std::string_view redis_key) {
  return owner_of(slot_of(redis_key));
}

redis_server& cluster_servers::replica_of(const redis_server& primary) {
  const cluster_view seen = view();
  const std::string id = seen.at_port(primary.port()).id;
  for (const seen_node& node : seen.nodes) {
    if (node.primary_id == id && runs(node_at(node.port))) return node_at(node.port);
  }
  throw std::runtime_error{"the primary has no replica that runs"};
}

bool cluster_servers::is_settled() {
  const cluster_view first = view();
  for (std::uint16_t slot = 0; slot < cluster_slots; ++slot) {
    const seen_node* const owner = first.owner_of(slot);
    if (owner == nullptr || owner->has_failed || !runs(node_at(owner->port))) return false;
  }
  return std::ranges::all_of(nodes, [&](const auto& node) {
    if (!runs(*node)) return true;
    const cluster_view seen = view_of(*node);
    const resp::message info = node->command({"CLUSTER", "INFO"});
    return seen.owners == first.owners && roles_in(seen) == roles_in(first) &&
           info.root().text().find("cluster_state:ok") != std::string_view::npos &&
           is_in_step(*node);
  });
}

void cluster_servers::await_settled() {
  await([&] { return is_settled(); }, "the nodes do not agree");
}

void cluster_servers::kill9(redis_server& node) {
  std::erase(frozen_, &node);
  node.kill9();
}

void cluster_servers::freeze(redis_server& node) {
  frozen_.push_back(&node);
  node.pause();
}

void cluster_servers::thaw(redis_server& node) {
  node.resume();
  std::erase(frozen_, &node);
}

void cluster_servers::restart(redis_server& node) {
  std::erase(frozen_, &node);
  node.restart();
}

void cluster_servers::fail_over_to(redis_server& replica, failover how) {
  raw_client client = replica.connect();
  switch (how) {
    case failover::agreed: must(client, {"CLUSTER", "FAILOVER"}); break;
    case failover::forced: must(client, {"CLUSTER", "FAILOVER", "FORCE"}); break;
    case failover::taken_over: must(client, {"CLUSTER", "FAILOVER", "TAKEOVER"}); break;
  }
}

std::vector<slot_move> cluster_servers::moves_between(redis_server& from, redis_server& to,
                                                      std::size_t count) {
  const cluster_view seen = view();
  const std::string id = seen.at_port(from.port()).id;
  std::vector<slot_move> moves;
  for (std::uint16_t slot = 0; slot < cluster_slots && moves.size() < count; ++slot) {
    if (seen.owners[slot] == id) moves.push_back({slot, &from, &to});
  }
  return moves;
}

void cluster_servers::begin_moves(const std::vector<slot_move>& moves) {
  for (const slot_move& move : moves) {
    const std::string slot = std::to_string(move.slot);
    must(*move.to, {"CLUSTER", "SETSLOT", slot, "IMPORTING", id_of(*move.from)});
    must(*move.from, {"CLUSTER", "SETSLOT", slot, "MIGRATING", id_of(*move.to)});
  }
}

std::size_t cluster_servers::move_keys(const std::vector<slot_move>& moves, std::size_t keys_max) {
  std::size_t moved = 0;
  for (const slot_move& move : moves) {
    raw_client source = move.from->connect();
    const resp::message keys = must(
        source, {"CLUSTER", "GETKEYSINSLOT", std::to_string(move.slot), std::to_string(keys_max)});
    for (std::size_t i = 0; i < keys.root().size(); ++i) {
      must(source, {"MIGRATE", "127.0.0.1", std::to_string(move.to->port()), keys.root()[i].text(),
                    "0", "10000"});
      ++moved;
    }
  }
  return moved;
}

void cluster_servers::end_moves(const std::vector<slot_move>& moves) {
  for (const slot_move& move : moves) {
    const std::string slot = std::to_string(move.slot);
    const std::string id = id_of(*move.to);
    must(*move.to, {"CLUSTER", "SETSLOT", slot, "NODE", id});
    must(*move.from, {"CLUSTER", "SETSLOT", slot, "NODE", id});
  }
}

// Callers may store keys in a slot until it has moved. The source then refuses to give it away.
void cluster_servers::move_slots(const std::vector<slot_move>& moves) {
  begin_moves(moves);
  while (move_keys(moves, 1000) > 0) {
  }
  end_moves(moves);
}

redis_server& cluster_servers::add_node() {
  redis_server& added = start_node();
  introduce(added);
  await_acquaintance();
  // It takes part when it has heard from most of the primaries.
  await(
      [&] {
        const resp::message info = added.command({"CLUSTER", "INFO"});
        return info.root().text().find("cluster_state:ok") != std::string_view::npos;
      },
      "the new node does not take part");
  return added;
}

void cluster_servers::remove_node(redis_server& node) {
  const std::string id = id_of(node);
  const cluster_view seen = view();
  if (std::ranges::find(seen.owners, id) != seen.owners.end()) {
    throw std::runtime_error{"the node still has slots"};
  }
  // A node that still runs would introduce itself again.
  kill9(node);
  std::erase_if(bus_ports_, [&](const auto& known) { return known.first == &node; });
  std::erase_if(nodes, [&](const auto& owned) { return owned.get() == &node; });
  for (const auto& other : nodes) {
    if (runs(*other)) must(*other, {"CLUSTER", "FORGET", id});
  }
}

}  // namespace drover::test
