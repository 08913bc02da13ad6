// SPDX-License-Identifier: MIT
// The commands about connections: CLIENT, and publish/subscribe.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "world/command_handlers.hpp"
#include "world/keys.hpp"
#include "world/pushes.hpp"
#include "world/reply_writer.hpp"

namespace drover::world {
namespace {

struct tracking_options {
  bool opts_in = false;
  bool opts_out = false;
  bool has_no_loop = false;
};

tracking_options read_tracking_options(const running& request) {
  tracking_options read;
  for (const std::string_view argument : request.arguments.subspan(3)) {
    const std::string word = lower_case(argument);
    if (word == "bcast" || word == "prefix" || word == "redirect") {
      throw unsupported_request{
          "the model of the server does not know the option of CLIENT TRACKING: " + word};
    }
    if (word == "optin") {
      read.opts_in = true;
    } else if (word == "optout") {
      read.opts_out = true;
    } else if (word == "noloop") {
      read.has_no_loop = true;
    } else {
      throw error_reply{std::string{syntax_error}};
    }
  }
  return read;
}

void turn_on(session_state& session, const tracking_options& with) {
  if (with.opts_in && with.opts_out) {
    throw error_reply{"ERR You can't specify both OPTIN mode and OPTOUT mode"};
  }
  if ((with.opts_in && session.opts_out) || (with.opts_out && session.opts_in)) {
    throw error_reply{
        "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and "
        "then re-enabling it with a different mode."};
  }
  session.is_tracking = true;
  session.opts_in = with.opts_in;
  session.opts_out = with.opts_out;
  session.has_no_loop = with.has_no_loop;
}

/// The fields that Redis 7.0 has, in its order. Only id, name, db, sub, user and resp mean
/// something here.
std::string line_of(const session_state& shown) {
  const std::string_view flags = shown.is_tracking ? "t" : "N";
  return "id=" + std::to_string(shown.id) +
         " addr=127.0.0.1:1 laddr=127.0.0.1:6379 fd=8 name=" + shown.name +
         " age=0 idle=0 flags=" + std::string{flags} +
         " db=" + std::to_string(shown.database_index) +
         " sub=" + std::to_string(shown.channels.size()) +
         " psub=0 ssub=0 multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=1024 rbp=0 obl=0 "
         "oll=0 omem=0 tot-mem=0 events=r cmd=NULL user=default redir=-1 resp=" +
         (shown.is_resp3 ? "3" : "2") + "\n";
}

void write_subscription(running& request, std::string_view verb,
                        const std::optional<std::string>& channel) {
  write_head(request.out(), '>', 3);
  write_bulk(request.out(), verb);
  if (channel) {
    write_bulk(request.out(), *channel);
  } else {
    write_null(request.out(), true);
  }
  write_integer(request.out(), static_cast<std::int64_t>(request.sender.session.channels.size()));
}

/// nullptr: nobody with this id is connected.
client* open_client(model_state& server, client_id id) {
  const auto has_id = [id](const auto& known) {
    return known.second.is_open && known.second.session.id == id;
  };
  const auto found = std::ranges::find_if(server.clients, has_id);
  return found == server.clients.end() ? nullptr : &found->second;
}

void need_resp3(const running& request) {
  if (request.is_resp3()) return;
  throw unsupported_request{"the model of the server knows SUBSCRIBE only after HELLO 3"};
}

}  // namespace

void check_client_name(std::string_view name) {
  if (std::ranges::any_of(name, [](char c) { return c < '!' || c > '~'; })) {
    throw error_reply{"ERR Client names cannot contain spaces, newlines or special characters."};
  }
}

void run_client_caching(running& request) {
  session_state& session = request.sender.session;
  if (!session.is_tracking) {
    throw error_reply{
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
        "OPTOUT mode enabled"};
  }
  const std::string word = lower_case(request.arguments[2]);
  if (word == "yes") {
    if (!session.opts_in) {
      throw error_reply{
          "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode."};
    }
  } else if (word == "no") {
    if (!session.opts_out) {
      throw error_reply{
          "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."};
    }
  } else {
    throw error_reply{std::string{syntax_error}};
  }
  session.has_caching = true;
  write_ok(request.out());
}

void run_client_getname(running& request) {
  const std::string& name = request.sender.session.name;
  if (name.empty()) return write_null(request.out(), request.is_resp3());
  write_bulk(request.out(), name);
}

void run_client_id(running& request) {
  write_integer(request.out(), static_cast<std::int64_t>(request.sender.session.id));
}

void run_client_kill(running& request) {
  const auto& words = request.arguments;
  const auto id = words.size() == 4 ? parse_integer(words[3]) : std::nullopt;
  if (words.size() != 4 || lower_case(words[2]) != "id" || !id || *id <= 0) {
    throw unsupported_request{"the model of the server knows CLIENT KILL only as CLIENT KILL ID n"};
  }
  client* const found = open_client(request.server, static_cast<client_id>(*id));
  write_integer(request.out(), found != nullptr ? 1 : 0);
  if (found == nullptr) return;
  if (found == &request.sender) {
    request.sender.closes_after_reply = true;
  } else {
    found->is_open = false;
  }
}

void run_client_list(running& request) {
  const auto& words = request.arguments;
  if (words.size() == 2 || lower_case(words[2]) != "id") {
    throw unsupported_request{"the model of the server knows CLIENT LIST only with ID"};
  }
  if (words.size() == 3) throw error_reply{std::string{syntax_error}};
  const bool is_valkey = request.server.settings.family == server_family::valkey_8_1;
  std::vector<client_id> ids;
  for (const std::string_view text : words.subspan(3)) {
    const std::int64_t id = integer_in(text, is_valkey ? syntax_error : "ERR Invalid client ID");
    if (is_valkey && id <= 0) throw error_reply{"ERR client-id should be greater than 0"};
    ids.push_back(static_cast<client_id>(id));
  }
  if (is_valkey) {  // each of them once, the oldest first
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  }
  std::string lines;
  for (const client_id id : ids) {
    if (const client* const found = open_client(request.server, id))
      lines += line_of(found->session);
  }
  write_text(request.out(), lines, request.is_resp3());
}

void run_client_setname(running& request) {
  check_client_name(request.arguments[2]);
  request.sender.session.name = request.arguments[2];
  write_ok(request.out());
}

void run_client_tracking(running& request) {
  const tracking_options with = read_tracking_options(request);
  const std::string word = lower_case(request.arguments[2]);
  session_state& session = request.sender.session;
  if (word == "on") {
    turn_on(session, with);
  } else if (word == "off") {
    session.is_tracking = session.opts_in = session.opts_out = session.has_no_loop =
        session.has_caching = false;
  } else {
    throw error_reply{std::string{syntax_error}};
  }
  write_ok(request.out());
}

void run_publish(running& request) {
  write_integer(request.out(), publish(request, request.arguments[1], request.arguments[2]));
}

void run_subscribe(running& request) {
  need_resp3(request);
  for (const std::string_view channel : request.arguments.subspan(1)) {
    request.sender.session.channels.emplace(channel);
    write_subscription(request, "subscribe", std::string{channel});
  }
}

void run_unsubscribe(running& request) {
  need_resp3(request);
  auto& channels = request.sender.session.channels;
  std::vector<std::string> left;
  for (const std::string_view channel : request.arguments.subspan(1)) left.emplace_back(channel);
  if (left.empty() && channels.empty())
    return write_subscription(request, "unsubscribe", std::nullopt);
  if (left.empty() && channels.size() > 1) {
    throw unsupported_request{
        "the model of the server does not know in which order Redis leaves several channels"};
  }
  if (left.empty()) left.assign(channels.begin(), channels.end());
  for (const std::string& channel : left) {
    channels.erase(channel);
    write_subscription(request, "unsubscribe", channel);
  }
}

}  // namespace drover::world
