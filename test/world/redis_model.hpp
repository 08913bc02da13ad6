// SPDX-License-Identifier: MIT
// A Redis server in memory, exact at the level of bytes for what this library sends. It has no
// socket, thread, clock or randomness: bytes and times go in, bytes come out. It is copyable.
//
// It knows the commands in command_table.cpp with the options that the library uses, and the
// library's ten scripts, which run natively. Anything else throws `unsupported_request`, which
// names the command: the model never guesses. test/integration/redis_model_test.cpp compares it
// with real servers.
//
// Not in the model: RESP2 subscriptions; BCAST and REDIRECT of CLIENT TRACKING; MULTI; blocking
// commands; output limits; a tracking table that is full; users besides `default`; the order in
// which UNSUBSCRIBE without a name leaves several channels; requests that are not RESP.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "world/model_state.hpp"
#include "world/running.hpp"

namespace drover::world {

class redis_model;

/// One connection to a model: a name for it, cheap to copy. Lifetime: the model outlives it.
class connection {
 public:
  /// Takes bytes that arrive, in slices of any size, and runs the requests that they complete.
  void receive(std::string_view bytes, request_times now);
  /// Replies and pushes since the last call, in the order in which the server sends them.
  [[nodiscard]] std::string take_output();
  /// False when the server has closed it; what it has sent before may still be taken.
  [[nodiscard]] bool is_open() const;
  /// The client hangs up.
  void close();
  /// 0 after `close`.
  [[nodiscard]] client_id id() const;

 private:
  friend class redis_model;
  connection(redis_model& to, connection_number number) noexcept : to_{&to}, number_{number} {}

  redis_model* to_;
  connection_number number_;
};

class redis_model {
 public:
  enum class data : std::uint8_t { kept, lost };

  explicit redis_model(server_settings with = {});

  /// Ids count up from `server_settings::first_client_id`, and begin again at a restart.
  [[nodiscard]] connection connect();
  /// The same, with a chosen id that is higher than those before.
  [[nodiscard]] connection connect_as(client_id id);
  /// The same connection in this model, which is a copy of the connection's.
  [[nodiscard]] connection counterpart_of(const connection& in_original) {
    return connection_of(in_original.number_);
  }

  /// Removes the keys that have ended, and tells who tracks them. Redis does so some time after
  /// their end, and at access in any case.
  void expire_due(microseconds now);
  /// Removes `key` as if for want of memory. False: there is no such key.
  bool evict(std::string_view key, std::size_t database_index = 0);
  /// Changes the bytes of a key that exists, as a fault of the memory would: nobody is told.
  void replace(std::string_view key, std::string bytes);
  /// Ends every connection, forgets scripts and tracking, and starts again as another process.
  /// `run_id` is the new one.
  void restart(data what_remains, std::string run_id, microseconds now);
  /// Takes over the keys of another model, as a snapshot that is read at a start.
  void restore_keys(const redis_model& snapshot) { state_.databases = snapshot.state_.databases; }
  /// Takes bytes, and runs nothing.
  void pause() noexcept { state_.is_paused = true; }
  /// Runs what has arrived since, in the order of arrival.
  void resume(request_times now);
  /// Ends one connection as CLIENT KILL does.
  void kill(const connection& ended);

  [[nodiscard]] server_state& state() noexcept { return state_.state; }
  [[nodiscard]] const server_settings& settings() const noexcept { return state_.settings; }
  [[nodiscard]] const database& keys() const noexcept { return state_.databases.front(); }
  /// nullptr: there is no such key. Keys that have ended but were not removed are still there.
  [[nodiscard]] const stored_value* find(std::string_view key,
                                         std::size_t database_index = 0) const;
  /// Whether the next requests would be answered alike. Unread bytes and outputs do not count.
  [[nodiscard]] bool is_like(const redis_model& other) const;

 private:
  friend class connection;
  connection connection_of(connection_number number) { return {*this, number}; }
  void receive(connection_number number, std::string_view bytes, const request_times& now);

  model_state state_;
};

}  // namespace drover::world
