// SPDX-License-Identifier: MIT
#include "audit/proxy/miss_barrier.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace drover::audit {
namespace {

constexpr std::array<std::string_view, 3> reads{"GET", "HGETALL", "GETEX"};
constexpr std::array<std::string_view, 5> stores{"SET", "SETEX", "PSETEX", "HSET", "HMSET"};

template <class Names>
bool is_among(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_nothing(const reply& answer) {
  return answer.kind == reply_kind::null ||
         (answer.kind == reply_kind::aggregate && answer.integer == 0);
}

bool is_something(const reply& answer) {
  return answer.kind == reply_kind::text || answer.kind == reply_kind::aggregate;
}

bool has_stored(const reply& answer) {
  return answer.kind == reply_kind::status || answer.kind == reply_kind::integer;
}

}  // namespace

bool miss_barrier::holds(const event& command, moment now) {
  if (command.transaction != 0 || command.arguments.empty()) return false;
  const field& first = command.arguments.front();
  if (first.kind != field_kind::key) return false;
  const bool reads_it = is_among(reads, command.command);
  if (!reads_it && !(is_among(stores, command.command) && has_stored(command.answer))) return false;
  identity name{command.database, first.text};
  auto entry = keys_.find(name);
  if (entry == keys_.end()) {
    if (keys_.size() >= limits_.keys_max) return false;
    entry = keys_.try_emplace(name).first;
  }
  state& key = entry->second;
  if (!reads_it) {
    note_store(key);
    return false;
  }
  if (is_nothing(command.answer)) return holds_miss(name, key, command.connection, now);
  if (!is_something(command.answer)) return false;
  if (key.current == phase::open) note_store(key);
  if (key.readers.size() < limits_.together_max) key.readers.insert(command.connection);
  return false;
}

void miss_barrier::note_store(state& key) {
  if (!key.was_missed) return;  // not a load: the value was stored without a miss before
  if (key.current == phase::gathering) {
    key.complete = true;  // a client that was not delayed has stored the value
    return;
  }
  if (key.current == phase::armed) return;
  key.current = phase::armed;
  key.readers.clear();
}

bool miss_barrier::holds_miss(const identity& name, state& key, std::uint64_t connection,
                              moment now) {
  key.was_missed = true;
  if (key.current == phase::armed && key.readers.size() >= 2) {
    key.current = phase::gathering;
    key.since = now;
    key.complete = false;
    gathering_.insert(name);
  } else if (key.current == phase::armed) {
    key.current = phase::open;  // a single reader does not wait for others
  }
  if (key.current != phase::gathering || key.complete) return false;
  key.held.insert(connection);
  key.complete = key.held.size() >= key.readers.size();
  return true;
}

void miss_barrier::forget(std::uint64_t connection) {
  for (const identity& name : gathering_) keys_[name].held.erase(connection);
}

std::vector<miss_barrier::opening> miss_barrier::openings(moment now) {
  std::vector<opening> out;
  for (auto at = gathering_.begin(); at != gathering_.end();) {
    state& key = keys_[*at];
    if (!key.complete && now - key.since < limits_.hold_max) {
      ++at;
      continue;
    }
    out.push_back({at->second, key.since, now, {key.held.begin(), key.held.end()}});
    key.held.clear();
    key.current = phase::open;
    at = gathering_.erase(at);
  }
  return out;
}

std::optional<moment> miss_barrier::next_opening() const {
  std::optional<moment> out;
  for (const identity& name : gathering_) {
    const moment end = keys_.find(name)->second.since + limits_.hold_max;
    if (!out || end < *out) out = end;
  }
  return out;
}

}  // namespace drover::audit
