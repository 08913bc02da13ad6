// SPDX-License-Identifier: MIT
#include "audit/engine/connection_book.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace drover::audit {

namespace {

/// After this many overlaps a connection counts as multiplexed. A single overlap may be one
/// pipeline that arrived in two reads.
constexpr unsigned overlaps_of_multiplexing = 3;
constexpr std::size_t name_max = 128;

/// "10.0.0.7:51234" -> "10.0.0.7". The port differs from connection to connection.
std::string without_port(const std::string& peer) {
  const std::size_t colon = peer.rfind(':');
  if (colon == std::string::npos || colon + 1 == peer.size()) return peer;
  const bool is_port = std::all_of(peer.begin() + static_cast<std::ptrdiff_t>(colon) + 1,
                                   peer.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_port ? peer.substr(0, colon) : peer;
}

/// True if the proxy names a local peer like this when it does not know the process.
bool is_local_address(std::string_view peer) {
  constexpr std::array<std::string_view, 4> prefixes{"127.", "[::1]", "[::ffff:127.", "unix"};
  return peer.empty() ||
         std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return peer.starts_with(prefix); });
}

/// True if the program runs an event loop, and so may have many callers at once.
bool runs_event_loop(std::string_view program) {
  constexpr std::array<std::string_view, 3> known{"node", "deno", "bun"};
  const std::string_view name = program.substr(0, program.find_first_of(" ("));
  return std::find(known.begin(), known.end(), name) != known.end();
}

std::string cut(std::string text) {
  if (text.size() > name_max) text.resize(name_max);
  return text;
}

/// The name without the digits and separators at its end, because clients often number their
/// connections: "worker-17" -> "worker".
std::string stem(std::string name) {
  while (!name.empty() && ((name.back() >= '0' && name.back() <= '9') || name.back() == '-' ||
                           name.back() == '_' || name.back() == ':' || name.back() == '#')) {
    name.pop_back();
  }
  return name;
}

}  // namespace

connection_book::connection_book(std::size_t connections_max) : max_(connections_max) {
  processes_.emplace_back().label = "(unknown)";
  processes_.back().is_local = true;
}

std::uint32_t connection_book::process_of(const std::string& identity, const std::string& label,
                                          std::int64_t pid) {
  const auto at = identities_.find(identity);
  if (at != identities_.end()) return at->second;
  if (processes_.size() >= max_) return 0;
  const auto index = static_cast<std::uint32_t>(processes_.size());
  processes_.emplace_back().label = cut(label);
  processes_.back().pid = pid;
  identities_.emplace(identity, index);
  return index;
}

void connection_book::place(connection_facts& client, std::int64_t pid) {
  if (pid != 0) {
    any_pid_ = true;
    const std::string number = std::to_string(pid);
    client.process =
        process_of("pid " + number,
                   client.peer.empty() ? "pid " + number : client.peer + " (" + number + ")", pid);
    return;
  }
  const std::string name = stem(client.name);
  std::string identity = without_port(client.peer);
  if (!name.empty()) identity += (identity.empty() ? "" : " ") + name;
  client.process = identity.empty() ? 0 : process_of(identity, identity, 0);
  processes_[client.process].is_local = is_local_address(client.peer);
}

connection_facts& connection_book::get(std::uint64_t connection) {
  if (last_ != nullptr && last_->connection == connection) return *last_;
  auto at = connections_.find(connection);
  if (at == connections_.end()) {
    // Beyond the limit any other connection is forgotten.
    if (connections_.size() >= max_) connections_.erase(connections_.begin());
    at = connections_.emplace(connection, connection_facts{}).first;
    at->second.connection = connection;
    ++connection_count_;
  }
  last_ = &at->second;
  return *last_;
}

void connection_book::opened(const connection_opened& opened) {
  connection_facts& client = get(opened.connection);
  client.peer = cut(opened.process);
  client.pid = opened.pid;
  place(client, opened.pid);
  process_facts& process = processes_[client.process];
  ++process.connections;
  if (opened.pid != 0 && runs_event_loop(opened.process)) process.is_concurrent = true;
}

void connection_book::named(const connection_named& named) {
  connection_facts& client = get(named.connection);
  if (!named.name.empty()) client.name = cut(named.name);
  if (!named.library.empty()) {
    client.library =
        cut(named.library_version.empty() ? named.library
                                          : named.library + " " + named.library_version);
  }
  if (client.pid == 0) place(client, 0);
  process_facts& process = processes_[client.process];
  if (process.library.empty()) process.library = client.library;
}

void connection_book::closed(const connection_closed& closed) {
  if (last_ != nullptr && last_->connection == closed.connection) last_ = nullptr;
  connections_.erase(closed.connection);
}

void connection_book::mark_notified(std::uint64_t connection) {
  processes_[get(connection).process].is_notified = true;
}

connection_facts& connection_book::count_command(const event& command) {
  connection_facts& client = get(command.connection);
  if (command.batch != client.last_batch) {
    if (command.sent < client.last_done && ++client.overlaps == overlaps_of_multiplexing) {
      client.multiplexed = true;
      ++multiplexed_count_;
    }
    client.last_batch = command.batch;
  }
  client.last_done = std::max(client.last_done, command.done);
  process_facts& process = processes_[client.process];
  ++process.commands;
  if (client.multiplexed) process.is_concurrent = true;
  if (process.last_connection != command.connection && command.sent < process.last_done &&
      ++process.overlaps == overlaps_of_multiplexing) {
    process.is_concurrent = true;
  }
  if (command.done >= process.last_done) {
    process.last_done = command.done;
    process.last_connection = command.connection;
  }
  return client;
}

const connection_facts* connection_book::find(std::uint64_t connection) const {
  const auto at = connections_.find(connection);
  return at == connections_.end() ? nullptr : &at->second;
}

bool connection_book::is_multiplexed(std::uint64_t connection) const {
  const connection_facts* const client = find(connection);
  return client != nullptr && client->multiplexed;
}

bool connection_book::is_unplaced(std::uint32_t process) const {
  if (!any_pid_ || process >= processes_.size()) return false;
  return processes_[process].pid == 0 && processes_[process].is_local;
}

bool connection_book::may_be_same_process(std::uint32_t a, std::uint32_t b) const {
  if (a == b) return true;
  if (a >= processes_.size() || b >= processes_.size()) return false;
  const bool has_unplaced = is_unplaced(a) || is_unplaced(b);
  const auto is_local_process = [&](std::uint32_t p) {
    return processes_[p].pid != 0 || processes_[p].is_local;
  };
  return has_unplaced && is_local_process(a) && is_local_process(b);
}

std::uint64_t connection_book::processes_seen() const {
  std::uint64_t count = 0;
  for (std::uint32_t i = 0; i < processes_.size(); ++i) {
    if (processes_[i].commands > 0 && !is_unplaced(i)) ++count;
  }
  return count;
}

}  // namespace drover::audit
