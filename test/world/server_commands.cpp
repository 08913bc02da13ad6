// SPDX-License-Identifier: MIT
// The commands about the server itself.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "world/command_handlers.hpp"
#include "world/keys.hpp"
#include "world/reply_writer.hpp"

namespace drover::world {
namespace {

void authenticate(running& by, std::string_view user, std::string_view password) {
  const std::string& right = by.on.settings.password;
  if (user != "default" || (!right.empty() && password != right)) {
    throw error_reply{"WRONGPASS invalid username-password pair or user is disabled."};
  }
  by.by.session.is_authenticated = true;
}

/// RESP2 has no maps: twice as many values in an array.
void write_map_head(running& by, std::size_t pairs) {
  by.is_resp3() ? write_head(by.out(), '%', pairs) : write_head(by.out(), '*', 2 * pairs);
}

void write_field(running& by, std::string_view name, std::string_view value) {
  write_bulk(by.out(), name);
  write_bulk(by.out(), value);
}

void write_greeting(running& by) {
  const server_settings& settings = by.on.settings;
  const bool is_valkey = settings.family == server_family::valkey_8_1;
  write_map_head(by, 7);
  write_field(by, "server", is_valkey ? "valkey" : "redis");
  write_field(by, "version", settings.version);
  write_bulk(by.out(), "proto");
  write_integer(by.out(), by.is_resp3() ? 3 : 2);
  write_bulk(by.out(), "id");
  write_integer(by.out(), static_cast<std::int64_t>(by.by.session.id));
  write_field(by, "mode", "standalone");
  write_field(by, "role", by.on.state.is_replica ? "replica" : "master");
  write_bulk(by.out(), "modules");
  if (settings.family != server_family::redis_8_0) return write_head(by.out(), '*', 0);
  write_head(by.out(), '*', 1);
  write_map_head(by, 4);
  write_field(by, "name", "vectorset");
  write_bulk(by.out(), "ver");
  write_integer(by.out(), 1);
  write_field(by, "path", "");
  write_bulk(by.out(), "args");
  write_head(by.out(), '*', 0);
}

std::int64_t protocol_in(std::string_view text) {
  const std::int64_t number =
      integer_in(text, "ERR Protocol version is not an integer or out of range");
  if (number < 2 || number > 3) throw error_reply{"NOPROTO unsupported protocol version"};
  return number;
}

/// Redis 7.0 applies each option when it reads it, even if a later one is wrong.
void read_hello_options(running& by) {
  const auto& words = by.arguments;
  std::optional<std::string_view> name;
  std::optional<std::size_t> credentials;
  const auto apply = [&] {
    if (credentials) authenticate(by, words[*credentials], words[*credentials + 1]);
    if (name && by.by.session.is_authenticated) by.by.session.name = *name;
  };
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::string word = lower_case(words[i]);
    const std::size_t more = words.size() - 1 - i;
    if (word == "auth" && more >= 2) {
      credentials = i + 1;
      i += 2;
    } else if (word == "setname" && more >= 1) {
      name = words[++i];
      check_client_name(*name);
    } else {
      throw error_reply{"ERR Syntax error in HELLO option '" + std::string{words[i]} + "'"};
    }
    if (by.is_redis_7()) apply();
  }
  apply();
}

std::string section_server(const running& by) {
  const server_settings& settings = by.on.settings;
  const auto uptime = std::chrono::floor<std::chrono::seconds>(by.at.time - settings.started);
  return "# Server\r\nredis_version:" +
         (settings.family == server_family::valkey_8_1 ? "7.2.4" : settings.version) +
         "\r\nrun_id:" + settings.run_id +
         "\r\nserver_time_usec:" + std::to_string(by.at.time.count()) +
         "\r\nuptime_in_seconds:" + std::to_string(uptime.count()) + "\r\n";
}

std::string section_persistence(const running& by) {
  return std::string{"# Persistence\r\nloading:"} + (by.on.state.is_loading ? "1" : "0") +
         "\r\nrdb_last_load_keys_loaded:" + std::to_string(by.on.keys_loaded) +
         "\r\naof_enabled:" + (by.on.settings.is_append_only ? "1" : "0") + "\r\n";
}

std::string section_replication(const running& by) {
  const bool is_replica = by.on.state.is_replica;
  return std::string{"# Replication\r\nrole:"} + (is_replica ? "slave" : "master") + "\r\n";
}

}  // namespace

void run_auth(running& by) {
  const auto& words = by.arguments;
  if (words.size() > 3) throw error_reply{std::string{syntax_error}};
  if (words.size() == 2 && by.on.settings.password.empty()) {
    throw error_reply{
        "ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure your configuration is correct?"};
  }
  authenticate(by, words.size() == 2 ? "default" : words[1], words.back());
  write_ok(by.out());
}

void run_hello(running& by) {
  const auto& words = by.arguments;
  std::optional<std::int64_t> protocol;
  if (words.size() > 1) protocol = protocol_in(words[1]);
  read_hello_options(by);
  if (!by.by.session.is_authenticated) {
    throw error_reply{
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
        "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the "
        "RESP protocol version at the same time"};
  }
  if (protocol == 2 && !by.by.session.channels.empty()) {
    throw unsupported_request{"the model of the server knows subscriptions only after HELLO 3"};
  }
  if (protocol) by.by.session.is_resp3 = *protocol == 3;
  write_greeting(by);
}

void run_info(running& by) {
  const std::string section = by.arguments.size() == 2 ? lower_case(by.arguments[1]) : "";
  if (section == "server") return write_text(by.out(), section_server(by), by.is_resp3());
  if (section == "persistence") {
    return write_text(by.out(), section_persistence(by), by.is_resp3());
  }
  if (section == "replication") {
    return write_text(by.out(), section_replication(by), by.is_resp3());
  }
  throw unsupported_request{
      "the model of the server knows INFO only with server, persistence or replication"};
}

void run_ping(running& by) {
  const auto& words = by.arguments;
  if (words.size() > 2) throw error_reply{"ERR wrong number of arguments for 'ping' command"};
  if (words.size() == 1) return write_line(by.out(), '+', "PONG");
  write_bulk(by.out(), words[1]);
}

void run_select(running& by) {
  const std::int64_t index = integer_in(by.arguments[1]);
  if (index < 0 || index >= static_cast<std::int64_t>(database_count)) {
    throw error_reply{"ERR DB index is out of range"};
  }
  by.by.session.database_index = static_cast<std::size_t>(index);
  write_ok(by.out());
}

void run_time(running& by) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(by.at.time);
  write_head(by.out(), '*', 2);
  write_bulk(by.out(), std::to_string(seconds.count()));
  write_bulk(by.out(), std::to_string((by.at.time - seconds).count()));
}

}  // namespace drover::world
