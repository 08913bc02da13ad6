// SPDX-License-Identifier: MIT
// All that the model of a Redis server remembers: keys, connections, tracking, loaded scripts, and
// the states that a test may put it into. Data only, and copyable: a copy is a second server with
// the same past. Sorted containers everywhere, so that nothing depends on addresses or hashes.
// Threads: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "resp/request_reader.hpp"

namespace drover::world {

/// The servers whose replies the model gives: they differ in some texts and in the order of pushes.
enum class server_family : std::uint8_t { redis_7_0, redis_8_0, valkey_8_1 };

using client_id = std::uint64_t;
/// Of a connection. Unlike a client id it is never used again, not even after a restart.
using connection_number = std::uint64_t;

struct server_settings {
  server_family family = server_family::redis_7_0;
  std::string version = "7.0.15";  ///< as HELLO and INFO report it
  std::string run_id = std::string(40, '0');
  microseconds started{};  ///< since 1970
  std::string password{};  ///< of the user `default`; empty: any password is accepted
  bool is_append_only = false;
  client_id first_client_id = 1;  ///< after every start
};

/// What is wrong with the server. All of it may change at any moment.
struct server_state {
  bool is_loading = false;
  bool is_out_of_memory = false;  ///< over its limit, and may not evict; a replica does not care
  bool is_replica = false;        ///< refuses writes, and removes no key that has ended
  bool is_cut_off = false;        ///< a replica without its primary that serves no stale data
  /// Commands that the user `default` may not run, in lower case: "get", "client|list".
  std::set<std::string, std::less<>> refused_commands;

  friend bool operator==(const server_state&, const server_state&) = default;
};

/// What one key holds. Hashes are here only to be of the wrong type.
struct stored_value {
  std::string bytes;
  std::map<std::string, std::string, std::less<>> fields;
  bool is_hash = false;
  std::optional<std::int64_t> ends_ms;  ///< since 1970

  friend bool operator==(const stored_value&, const stored_value&) = default;
};

using database = std::map<std::string, stored_value, std::less<>>;

/// How a connection stands: what the server remembers of it between two requests.
struct session_state {
  client_id id = 0;
  bool is_resp3 = false;
  bool is_authenticated = true;
  std::size_t database_index = 0;
  std::string name;
  std::set<std::string, std::less<>> channels;
  bool is_tracking = false;
  bool opts_in = false;
  bool opts_out = false;
  bool has_no_loop = false;
  bool has_caching = false;  ///< CLIENT CACHING was called for the next command
  bool is_in_transaction = false;
  bool has_queued_error = false;  ///< a command of the transaction was refused
  bool has_lost = false;          ///< a watched key was changed
  std::vector<std::vector<std::string>> queued;
  std::map<std::string, bool, std::less<>> watched;  ///< keys, and whether they had ended by then

  friend bool operator==(const session_state&, const session_state&) = default;
};

struct client {
  connection_number number = 0;
  session_state session;
  resp::request_reader reader{};
  resp::request partial;
  std::string output;
  bool is_open = true;
  bool closes_after_reply = false;
};

inline constexpr std::size_t database_count = 16;

struct model_state {
  server_settings settings;
  server_state state;
  std::array<database, database_count> databases;
  std::map<connection_number, client> clients;
  connection_number next_number = 1;
  client_id next_client_id = 1;
  /// Who is to be told of a change, by key. Databases share it, as they do in Redis.
  std::map<std::string, std::set<connection_number>, std::less<>> tracked;
  std::set<connection_number> watchers;       ///< connections that watch keys
  std::set<std::string_view> loaded_scripts;  ///< by SHA1; views of the library's own table
  std::size_t keys_loaded = 0;                ///< at the last start
  bool is_paused = false;
  std::vector<std::pair<connection_number, std::string>>
      held;  ///< what arrived while it was paused
};

}  // namespace drover::world
