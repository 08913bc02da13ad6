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

void authenticate(running& request, std::string_view user, std::string_view password) {
  const std::string& right = request.server.settings.password;
  if (user != "default" || (!right.empty() && password != right)) {
    throw error_reply{"WRONGPASS invalid username-password pair or user is disabled."};
  }
  request.sender.session.is_authenticated = true;
}

/// RESP2 has no maps: twice as many values in an array.
void write_map_head(running& request, std::size_t pairs) {
  request.is_resp3() ? write_head(request.out(), '%', pairs)
                     : write_head(request.out(), '*', 2 * pairs);
}

void write_field(running& request, std::string_view name, std::string_view value) {
  write_bulk(request.out(), name);
  write_bulk(request.out(), value);
}

void write_greeting(running& request) {
  const server_settings& settings = request.server.settings;
  const bool is_valkey = settings.family == server_family::valkey_8_1;
  write_map_head(request, 7);
  write_field(request, "server", is_valkey ? "valkey" : "redis");
  write_field(request, "version", settings.version);
  write_bulk(request.out(), "proto");
  write_integer(request.out(), request.is_resp3() ? 3 : 2);
  write_bulk(request.out(), "id");
  write_integer(request.out(), static_cast<std::int64_t>(request.sender.session.id));
  write_field(request, "mode", "standalone");
  write_field(request, "role", request.server.state.is_replica ? "replica" : "master");
  write_bulk(request.out(), "modules");
  if (settings.family != server_family::redis_8_0) return write_head(request.out(), '*', 0);
  write_head(request.out(), '*', 1);
  write_map_head(request, 4);
  write_field(request, "name", "vectorset");
  write_bulk(request.out(), "ver");
  write_integer(request.out(), 1);
  write_field(request, "path", "");
  write_bulk(request.out(), "args");
  write_head(request.out(), '*', 0);
}

std::int64_t protocol_in(std::string_view text) {
  const std::int64_t number =
      integer_in(text, "ERR Protocol version is not an integer or out of range");
  if (number < 2 || number > 3) throw error_reply{"NOPROTO unsupported protocol version"};
  return number;
}

/// Redis 7.0 applies each option when it reads it, even if a later one is wrong.
void read_hello_options(running& request) {
  const auto& words = request.arguments;
  std::optional<std::string_view> name;
  std::optional<std::size_t> credentials;
  const auto apply = [&] {
    if (credentials) authenticate(request, words[*credentials], words[*credentials + 1]);
    if (name && request.sender.session.is_authenticated) request.sender.session.name = *name;
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
    if (request.is_redis_7()) apply();
  }
  apply();
}

std::string section_server(const running& request) {
  const server_settings& settings = request.server.settings;
  const auto uptime = std::chrono::floor<std::chrono::seconds>(request.at.time - settings.started);
  return "# Server\r\nredis_version:" +
         (settings.family == server_family::valkey_8_1 ? "7.2.4" : settings.version) +
         "\r\nrun_id:" + settings.run_id +
         "\r\nserver_time_usec:" + std::to_string(request.at.time.count()) +
         "\r\nuptime_in_seconds:" + std::to_string(uptime.count()) + "\r\n";
}

std::string section_persistence(const running& request) {
  return std::string{"# Persistence\r\nloading:"} + (request.server.state.is_loading ? "1" : "0") +
         "\r\nrdb_last_load_keys_loaded:" + std::to_string(request.server.keys_loaded) +
         "\r\naof_enabled:" + (request.server.settings.is_append_only ? "1" : "0") + "\r\n";
}

std::string section_replication(const running& request) {
  const bool is_replica = request.server.state.is_replica;
  return std::string{"# Replication\r\nrole:"} + (is_replica ? "slave" : "master") + "\r\n";
}

}  // namespace

void run_auth(running& request) {
  const auto& words = request.arguments;
  if (words.size() > 3) throw error_reply{std::string{syntax_error}};
  if (words.size() == 2 && request.server.settings.password.empty()) {
    throw error_reply{
        "ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure your configuration is correct?"};
  }
  authenticate(request, words.size() == 2 ? "default" : words[1], words.back());
  write_ok(request.out());
}

void run_hello(running& request) {
  const auto& words = request.arguments;
  std::optional<std::int64_t> protocol;
  if (words.size() > 1) protocol = protocol_in(words[1]);
  read_hello_options(request);
  if (!request.sender.session.is_authenticated) {
    throw error_reply{
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
        "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the "
        "RESP protocol version at the same time"};
  }
  if (protocol == 2 && !request.sender.session.channels.empty()) {
    throw unsupported_request{"the model of the server knows subscriptions only after HELLO 3"};
  }
  if (protocol) request.sender.session.is_resp3 = *protocol == 3;
  write_greeting(request);
}

void run_info(running& request) {
  const std::string section = request.arguments.size() == 2 ? lower_case(request.arguments[1]) : "";
  if (section == "server")
    return write_text(request.out(), section_server(request), request.is_resp3());
  if (section == "persistence") {
    return write_text(request.out(), section_persistence(request), request.is_resp3());
  }
  if (section == "replication") {
    return write_text(request.out(), section_replication(request), request.is_resp3());
  }
  throw unsupported_request{
      "the model of the server knows INFO only with server, persistence or replication"};
}

void run_ping(running& request) {
  const auto& words = request.arguments;
  if (words.size() > 2) throw error_reply{"ERR wrong number of arguments for 'ping' command"};
  if (words.size() == 1) return write_line(request.out(), '+', "PONG");
  write_bulk(request.out(), words[1]);
}

void run_select(running& request) {
  const std::int64_t index = integer_in(request.arguments[1]);
  if (index < 0 || index >= static_cast<std::int64_t>(database_count)) {
    throw error_reply{"ERR DB index is out of range"};
  }
  request.sender.session.database_index = static_cast<std::size_t>(index);
  write_ok(request.out());
}

void run_time(running& request) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(request.at.time);
  write_head(request.out(), '*', 2);
  write_bulk(request.out(), std::to_string(seconds.count()));
  write_bulk(request.out(), std::to_string((request.at.time - seconds).count()));
}

}  // namespace drover::world
