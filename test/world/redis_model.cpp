// SPDX-License-Identifier: MIT
#include "world/redis_model.hpp"

#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "world/command_table.hpp"
#include "world/pushes.hpp"

namespace drover::world {
namespace {

void run_one(model_state& server, client& sender, const request_times& now) {
  // Taken out first: a request that throws may not be a part of the next one.
  const resp::request whole = std::exchange(sender.partial, {});
  std::vector<std::string_view> arguments;
  for (std::size_t i = 0; i < whole.arguments.size(); ++i) arguments.push_back(whole[i]);
  running request{.server = server,
                  .sender = sender,
                  .at = now,
                  .arguments = arguments,
                  .own_invalidations = {},
                  .own_messages = {}};
  run_request(request);
}

bool has_ended(const stored_value& value, microseconds now) {
  return value.ends_ms && std::chrono::floor<milliseconds>(now).count() > *value.ends_ms;
}

std::vector<session_state> open_sessions(const model_state& server) {
  std::vector<session_state> open;
  for (const auto& [number, known] : server.clients) {
    if (known.is_open) open.push_back(known.session);
  }
  return open;
}

}  // namespace

void connection::receive(std::string_view bytes, request_times now) {
  to_->receive(number_, bytes, now);
}

std::string connection::take_output() {
  const auto found = to_->state_.clients.find(number_);
  if (found == to_->state_.clients.end()) return {};
  return std::exchange(found->second.output, {});
}

client_id connection::id() const {
  const auto found = to_->state_.clients.find(number_);
  return found == to_->state_.clients.end() ? 0 : found->second.session.id;
}

bool connection::is_open() const {
  const auto found = to_->state_.clients.find(number_);
  return found != to_->state_.clients.end() && found->second.is_open;
}

void connection::close() { to_->state_.clients.erase(number_); }

redis_model::redis_model(server_settings with) {
  state_.next_client_id = with.first_client_id;
  state_.settings = std::move(with);
}

connection redis_model::connect() { return connect_as(state_.next_client_id); }

connection redis_model::connect_as(client_id id) {
  DROVER_ASSERT(id >= state_.next_client_id);
  state_.next_client_id = id + 1;
  const connection_number number = state_.next_number++;
  client& added = state_.clients[number];
  added.number = number;
  added.session.id = id;
  added.session.is_authenticated = state_.settings.password.empty();
  return connection_of(number);
}

void redis_model::receive(connection_number number, std::string_view bytes,
                          const request_times& now) {
  if (state_.is_paused) {
    state_.held.emplace_back(number, bytes);
    return;
  }
  const auto found = state_.clients.find(number);
  if (found == state_.clients.end()) return;
  client& sender = found->second;
  while (sender.is_open) {
    const auto [status, consumed] = sender.reader.read(bytes, sender.partial);
    bytes.remove_prefix(consumed);
    if (status == resp::request_reader::status::need_more) return;
    if (status == resp::request_reader::status::broken) {
      throw unsupported_request{"the model of the server knows no requests that are not RESP: " +
                                std::string{sender.reader.error()}};
    }
    run_one(state_, sender, now);
    if (sender.closes_after_reply) sender.is_open = false;
  }
}

void redis_model::expire_due(microseconds now) {
  if (state_.state.is_replica) return;
  for (database& keys : state_.databases) {
    for (auto at = keys.begin(); at != keys.end();) {
      if (!has_ended(at->second, now)) {
        ++at;
        continue;
      }
      const std::string key = at->first;
      at = keys.erase(at);
      tell_of_change(state_, nullptr, key);
    }
  }
}

bool redis_model::evict(std::string_view key, std::size_t database_index) {
  database& keys = state_.databases.at(database_index);
  const auto found = keys.find(key);
  if (found == keys.end()) return false;
  keys.erase(found);
  tell_of_change(state_, nullptr, key);
  return true;
}

void redis_model::replace(std::string_view key, std::string bytes) {
  state_.databases.front().find(key)->second.bytes = std::move(bytes);
}

void redis_model::restart(data what_remains, std::string run_id, microseconds now) {
  state_.settings.run_id = std::move(run_id);
  state_.settings.started = now;
  state_.keys_loaded = 0;
  for (database& keys : state_.databases) {
    if (what_remains == data::lost) keys.clear();
    std::erase_if(keys, [now](const auto& entry) { return has_ended(entry.second, now); });
    state_.keys_loaded += keys.size();
  }
  for (auto& [number, known] : state_.clients) known.is_open = false;
  state_.next_client_id = state_.settings.first_client_id;
  state_.tracked.clear();
  state_.watchers.clear();
  state_.loaded_scripts.clear();
  state_.held.clear();
  state_.is_paused = false;
}

void redis_model::resume(request_times now) {
  state_.is_paused = false;
  for (const auto& [number, bytes] : std::exchange(state_.held, {})) receive(number, bytes, now);
}

void redis_model::kill(const connection& ended) {
  const auto found = state_.clients.find(ended.number_);
  if (found != state_.clients.end()) found->second.is_open = false;
}

const stored_value* redis_model::find(std::string_view key, std::size_t database_index) const {
  const database& keys = state_.databases.at(database_index);
  const auto found = keys.find(key);
  return found == keys.end() ? nullptr : &found->second;
}

bool redis_model::is_like(const redis_model& other) const {
  const model_state& theirs = other.state_;
  return state_.state == theirs.state && state_.databases == theirs.databases &&
         state_.tracked == theirs.tracked && state_.loaded_scripts == theirs.loaded_scripts &&
         state_.settings.run_id == theirs.settings.run_id && state_.is_paused == theirs.is_paused &&
         state_.held == theirs.held && open_sessions(state_) == open_sessions(theirs);
}

}  // namespace drover::world
