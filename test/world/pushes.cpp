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

void remember_reader(const running& by, std::string_view key) {
  const session_state& reader = by.by.session;
  if (!reader.is_tracking) return;
  if (reader.opts_in && !reader.has_caching) return;
  if (reader.opts_out && reader.has_caching) return;
  by.on.tracked[std::string{key}].insert(by.by.number);
}

void tell_of_change(model_state& on, running* by, std::string_view key) {
  const auto found = on.tracked.find(key);
  if (found == on.tracked.end()) return;
  const std::set<connection_number> readers = std::move(found->second);
  on.tracked.erase(found);
  for (const connection_number number : readers) {
    const auto reader = on.clients.find(number);
    if (reader == on.clients.end() || !reader->second.is_open) continue;
    client& to = reader->second;
    if (!to.session.is_tracking) continue;
    if (by == nullptr || &to != &by->by) {
      write_invalidation(to, std::string{key});
    } else if (!to.session.has_no_loop) {
      by->own_invalidations.emplace_back(key);
    }
  }
}

void tell_of_flush(running& by) {
  for (auto& [number, to] : by.on.clients) {
    if (!to.is_open || !to.session.is_tracking) continue;
    if (&to == &by.by) {
      by.own_invalidations.emplace_back(std::nullopt);
    } else {
      write_invalidation(to, std::nullopt);
    }
  }
  by.on.tracked.clear();
}

std::int64_t publish(running& by, std::string_view channel, std::string_view message) {
  std::int64_t receivers = 0;
  for (auto& [number, to] : by.on.clients) {
    if (!to.is_open || !to.session.channels.contains(channel)) continue;
    ++receivers;
    const bool waits = &to == &by.by && !by.is_redis_7();
    std::string& out = waits ? by.own_messages : to.output;
    write_head(out, '>', 3);
    write_bulk(out, "message");
    write_bulk(out, channel);
    write_bulk(out, message);
  }
  return receivers;
}

void write_own_pushes(running& by) {
  for (const auto& key : std::exchange(by.own_invalidations, {})) write_invalidation(by.by, key);
  by.out() += std::exchange(by.own_messages, {});
}

}  // namespace drover::world
