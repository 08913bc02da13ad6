// SPDX-License-Identifier: MIT
#include "world/pushes.hpp"

#include <set>
#include <string>
#include <utility>

#include "world/reply_writer.hpp"

namespace drover::world {
namespace {

void write_invalidation(client& to, const std::optional<std::string>& key) {
  if (!to.session.is_resp3) return;
  write_head(to.output, '>', 2);
  write_bulk(to.output, "invalidate");
  if (!key) return write_null(to.output, true);
  write_head(to.output, '*', 1);
  write_bulk(to.output, *key);
}

}  // namespace

void remember_reader(const running& request, std::string_view key) {
  const session_state& reader = request.sender.session;
  if (!reader.is_tracking) return;
  if (reader.opts_in && !reader.has_caching) return;
  if (reader.opts_out && reader.has_caching) return;
  request.server.tracked[std::string{key}].insert(request.sender.number);
}

void tell_of_change(model_state& server, running* request, std::string_view key) {
  for (const connection_number number : server.watchers) {
    const auto watcher = server.clients.find(number);
    if (watcher == server.clients.end()) continue;
    session_state& session = watcher->second.session;
    const auto watched = session.watched.find(key);
    if (watched == session.watched.end()) continue;
    const bool is_gone = !server.databases[session.database_index].contains(key);
    // The end of a key that had ended before it was watched is no change.
    if (!watched->second || !is_gone) session.has_lost = true;
    watched->second = false;
  }
  const auto found = server.tracked.find(key);
  if (found == server.tracked.end()) return;
  const std::set<connection_number> readers = std::move(found->second);
  server.tracked.erase(found);
  for (const connection_number number : readers) {
    const auto reader = server.clients.find(number);
    if (reader == server.clients.end() || !reader->second.is_open) continue;
    client& to = reader->second;
    if (!to.session.is_tracking) continue;
    if (request == nullptr || &to != &request->sender) {
      write_invalidation(to, std::string{key});
    } else if (!to.session.has_no_loop) {
      request->own_invalidations.emplace_back(key);
    }
  }
}

void tell_of_flush(running& request) {
  for (auto& [number, to] : request.server.clients) {
    if (!to.is_open || !to.session.is_tracking) continue;
    if (&to == &request.sender) {
      request.own_invalidations.emplace_back(std::nullopt);
    } else {
      write_invalidation(to, std::nullopt);
    }
  }
  request.server.tracked.clear();
}

std::int64_t publish(running& request, std::string_view channel, std::string_view message) {
  std::int64_t receivers = 0;
  for (auto& [number, to] : request.server.clients) {
    if (!to.is_open || !to.session.channels.contains(channel)) continue;
    ++receivers;
    const bool waits = &to == &request.sender && !request.is_redis_7();
    std::string& out = waits ? request.own_messages : to.output;
    write_head(out, '>', 3);
    write_bulk(out, "message");
    write_bulk(out, channel);
    write_bulk(out, message);
  }
  return receivers;
}

void write_own_pushes(running& request) {
  request.out() += std::exchange(request.own_messages, {});
  for (const auto& key : std::exchange(request.own_invalidations, {}))
    write_invalidation(request.sender, key);
}

}  // namespace drover::world
